// The residual explorer: the levels of a residual VQ switched on one by one; what each leaves over, what it decodes to.
import { COLORS, element, canvas, onceAFrame, whenSettled, slider, stage, paintImage, wordColor } from "../page/kit.js";
import { unpack, sigmoid } from "../page/nn.js";
import { convolutions } from "../page/conv_nets.js";

const PLACES = 49;
const THUMB_SIDE = 64;

// The first `count` levels of a picture's codes, summed and decoded: 784 grey levels.
export function residualDecoder({ levels, K, D, decoder }, arrays) {
  const run = convolutions(decoder, arrays);
  const { codebooks, indices } = arrays;
  return (digit, count) => {
    const z = new Float32Array(D * PLACES);
    for (let p = 0; p < PLACES; p++) {
      for (let level = 0; level < count; level++) {
        const code = (level * K + indices[(digit * PLACES + p) * levels + level]) * D;
        for (let d = 0; d < D; d++) z[d * PLACES + p] += codebooks[code + d];
      }
    }
    return run(z).map(sigmoid);
  };
}

function squaredError(pixels, x) {
  let sum = 0;
  for (let i = 0; i < pixels.length; i++) sum += (pixels[i] - x[i]) ** 2;
  return sum / pixels.length;
}

// 7 x 7 lengths of vectors, from white for 0 to full green for `scale`; the root keeps short ones visible.
function paintLengths({ pen, width, height }, lengths, scale) {
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  lengths.forEach((length, p) => {
    pen.globalAlpha = Math.min(Math.sqrt(length / scale), 1);
    pen.fillStyle = COLORS.encoder;
    pen.fillRect(((p % 7) * width) / 7, (Math.floor(p / 7) * height) / 7, width / 7 + 0.5, height / 7 + 0.5);
  });
  pen.globalAlpha = 1;
}

function levelColumn(number, onpick) {
  const left = canvas(THUMB_SIDE, THUMB_SIDE, { "aria-hidden": "true" });
  const decoded = canvas(THUMB_SIDE, THUMB_SIDE, { "aria-hidden": "true", class: "vq-level-picture" });
  const error = element("span", { class: "vq-level-error" });
  const node = element("button", { type: "button", class: "vq-level", onclick: onpick },
    element("span", {}, number === 1 ? "level 1" : `+ level ${number}`), left.node, decoded.node, error);
  return {
    node,
    show({ pixels, lengths, scale, difference, on, last }) {
      paintLengths(left, lengths, scale);
      paintImage(decoded, pixels);
      error.textContent = difference.toFixed(4);
      node.setAttribute("aria-label", `Levels 1 to ${number} on, squared error ${difference.toFixed(4)} a pixel`);
      node.classList.toggle("vq-off", !on);
      node.setAttribute("aria-pressed", String(last));
    },
  };
}

// What there is before any level: all of z_e.
function wholeColumn() {
  const whole = canvas(THUMB_SIDE, THUMB_SIDE, { role: "img", "aria-label": "Length of z_e at each of the 49 places" });
  const node = element("div", { class: "vq-level vq-whole" }, element("span", {}, "z_e"), whole.node);
  return { node, show: (lengths, scale) => paintLengths(whole, lengths, scale) };
}

function render({ model, el }) {
  const config = model.get("config");
  const arrays = unpack(model.get("data"), config.arrays);
  const { levels, K, title } = config;
  const bits = (count) => Number((count * Math.log2(K)).toFixed(2));
  const state = { ...model.get("state") };
  const tell = whenSettled(model);
  const decode = residualDecoder(config, arrays);
  const imageOf = (digit) => Float32Array.from(arrays.images.subarray(digit * 784, (digit + 1) * 784), (v) => v / 255);
  const lengthsOf = (digit, count) => arrays.left.subarray((digit * (levels + 1) + count) * PLACES, (digit * (levels + 1) + count + 1) * PLACES);

  const x = canvas(150, 150, { role: "img" });
  const xHat = canvas(180, 180, { role: "img", class: "vq-decoded" });
  const status = element("p", { class: "vq-status", "aria-live": "polite" });
  const control = slider({ label: "levels switched on", min: 1, max: levels, step: 1, value: state.level, color: COLORS.codebook, format: (v) => `${v} of ${levels}`, oninput: (level) => change({ level }) });
  const whole = wholeColumn();
  const columns = Array.from({ length: levels }, (_, i) => levelColumn(i + 1, () => change({ level: i + 1 })));
  const picks = Array.from(arrays.labels, (label, digit) => {
    const thumb = canvas(36, 36, { "aria-hidden": "true" });
    paintImage(thumb, imageOf(digit));
    return element("button", { type: "button", class: "vq-pick", onclick: () => change({ digit }), "aria-label": `Pick a test digit ${label}` }, thumb.node);
  });

  let seen = { digit: null };
  const look = (digit) => {
    const image = imageOf(digit);
    const pictures = columns.map((_, i) => decode(digit, i + 1));
    seen = { digit, image, pictures, errors: pictures.map((pixels) => squaredError(pixels, image)), scale: Math.max(...lengthsOf(digit, 0)) };
  };
  const draw = () => {
    if (seen.digit !== state.digit) look(state.digit);
    const { image, pictures, errors, scale } = seen;
    paintImage(x, image);
    x.node.setAttribute("aria-label", `x, a test digit ${arrays.labels[state.digit]}`);
    paintImage(xHat, pictures[state.level - 1]);
    whole.show(lengthsOf(state.digit, 0), scale);
    columns.forEach((column, i) => column.show({
      pixels: pictures[i], lengths: lengthsOf(state.digit, i + 1), scale, difference: errors[i], on: i < state.level, last: i === state.level - 1,
    }));
    picks.forEach((pick, digit) => pick.setAttribute("aria-pressed", String(digit === state.digit)));
    control.show(state.level);
    const words = `${state.level} of ${levels} levels: 49 \u00d7 ${state.level} \u00d7 ${bits(1)} = ${bits(49 * state.level)} bits an image, squared error ${errors[state.level - 1].toFixed(4)} a pixel`;
    xHat.node.setAttribute("aria-label", `x\u0302, decoded from ${words}`);
    status.textContent = words;
  };
  const redraw = onceAFrame(draw);
  function change(values) {
    Object.assign(state, values);
    redraw();
    tell({ ...state });
  }

  const panel = (name, color, ...children) => {
    const heading = element("p", { class: "vq-title" }, name);
    heading.style.color = wordColor(color);
    return element("div", { class: "vq-panel" }, heading, ...children);
  };
  const middle = element("div", { class: "vq-levels" }, whole.node, ...columns.map((column) => column.node));
  const root = stage(el, title,
    element("h3", { class: "vq-title vq-residual-title" }, title),
    element("div", { class: "vq-residual" },
      panel("x", COLORS.data, x.node, element("div", { class: "vq-strip", role: "group", "aria-label": "Test digits to pick" }, ...picks)),
      panel("levels: what is left of z_e (green), x\u0302 so far, its error", COLORS.codebook, middle),
      panel("x\u0302 of these levels", COLORS.decoder, xHat.node)),
    control.node, status);
  root.addEventListener("sharpened", redraw);
  draw();
}

export default { render };
