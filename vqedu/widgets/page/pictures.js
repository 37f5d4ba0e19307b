// The two pictures: x at the left, picked or drawn, and x_hat at the right, with what is true of them in words.

import { button, canvas, element, paintImage, resize, wordColor } from "./kit.js";
import { inkPad, likeMnist, rasterize } from "./ink.js";
import { nearestWords, sourceWords } from "../latent/view.js";

const THUMB = 42;
// What the words on the nearest code count in.
export const gapNote = () => element("p", { class: "vq-note vq-gap" }, "Typical gap: the median distance from a code to its nearest other code.");

function thumbnail(pixels, size = THUMB, attributes = { "aria-hidden": "true" }) {
  const surface = canvas(size, size, attributes);
  if (pixels) paintImage(surface, pixels);
  return surface;
}

export function panel(name, title, hint, color, ...children) {
  const heading = element("span", { class: "vq-title" }, title);
  if (color) heading.style.color = wordColor(color);
  const line = element("p", { class: "vq-heading" }, heading, " ", element("span", { class: "vq-note" }, hint));
  return element("div", { class: `vq-panel vq-${name}` }, line, ...children);
}

// Ten real digits, one of each class, as buttons; "Other digits" goes on to the next of each class.
function digitStrip(space, onpick) {
  const classes = [...new Set(space.labels)].sort((a, b) => a - b);
  const members = classes.map((c) => Array.from(space.labels.keys()).filter((i) => space.labels[i] === c));
  const node = element("div", { class: "vq-strip", role: "group", "aria-label": "Test digits to pick" });
  let page = 0, buttons = [], picked = null;
  const mark = () => { for (const each of buttons) each.node.setAttribute("aria-pressed", String(each.index === picked)); };
  function fill() {
    buttons = members.map((list) => {
      const index = list[page % list.length];
      const label = `Pick a test digit ${space.labels[index]}`;
      const node = element("button", { type: "button", class: "vq-pick", "aria-label": label, onclick: () => onpick(index) }, thumbnail(space.image(index)).node);
      return { index, node };
    });
    node.replaceChildren(...buttons.map((each) => each.node));
    mark();
  }
  fill();
  return {
    node,
    next() { page += 1; fill(); },
    show({ digit }) { picked = digit; mark(); },
  };
}

// hand.change(patch) sets parts of the state; a new x brings its code with it.
export function xPanel(space, hand) {
  let centred = true, sent = null, shown;
  const see = () => {
    const strokes = pad.strokes();
    const grey = strokes.length ? (centred ? likeMnist : rasterize)(strokes) : null;
    sent = grey && Array.from(grey, (v) => Math.round(255 * v));
    hand.look({ drawing: sent });
  };
  const pad = inkPad(see);
  const strip = digitStrip(space, (digit) => hand.look({ digit }));
  const seen = thumbnail(null, 56, { role: "img", "aria-label": "The drawing as the encoder sees it" });
  const box = element("input", { type: "checkbox", checked: true, onchange: () => { centred = box.checked; if (pad.strokes().length) see(); } });
  const toggle = element("label", { class: "vq-check" }, box, "centre and scale as MNIST");
  const note = element("div", { class: "vq-seen" }, seen.node, element("span", {}, "what the encoder sees: ", toggle));
  const node = panel("x", "x", "draw, or pick a digit", null, pad.surface.node, strip.node,
    element("div", { class: "vq-buttons" }, button("Other digits", strip.next), button("Clear", pad.clear)), note);
  return {
    node,
    resize(side) {
      node.style.width = `${side}px`;
      node.classList.toggle("vq-small", side < 200);
      if (side === pad.surface.width) return;
      resize(pad.surface, side, side);
      pad.paint();
    },
    show({ state, x }) {
      // Own strokes stay where the hand made them; the picture below shows what the encoder sees.
      if (x !== shown && (state.drawing === null || state.drawing !== sent)) pad.show(x ?? new Float32Array(784));
      if (x !== shown && x) paintImage(seen, x);
      shown = x;
      note.hidden = !state.drawing;
      strip.show(state);
    },
  };
}

export function xHatPanel(space, color) {
  const surface = canvas(224, 224, { class: "vq-decoded", role: "img" });
  const source = element("p", { class: "vq-line" });
  const nats = element("p", { class: "vq-line" });
  const near = thumbnail(null, 56);
  const words = element("span", {});
  const neighbour = element("div", { class: "vq-neighbour" }, near.node, words);
  const said = element("div", { class: "vq-said" }, source, nats, neighbour, gapNote());
  const node = panel("xhat", "x\u0302 = f(z)", "decoded", color, element("div", { class: "vq-pictured" }, surface.node, said));
  let shownNear = -1;
  return {
    node,
    // The picture is `side` pixels wide, the panel as wide as that or, with the words beside the picture, `width`.
    resize(side, width = side) {
      node.style.width = `${width}px`;
      node.classList.toggle("vq-small", side < 200);
      if (side !== surface.width) resize(surface, side, side);
    },
    show(view) {
      paintImage(surface, view.pixels);
      source.hidden = nats.hidden = view.x === null;
      source.textContent = sourceWords(view);
      nats.textContent = `\u2212log p(x|z): ${view.nats.toFixed(0)} nats`;
      const { far, text } = nearestWords(space, view.near);
      words.textContent = text;
      neighbour.classList.toggle("vq-far", far);
      surface.node.setAttribute("aria-label", `Decoded picture; ${text}`);
      if (view.near.index !== shownNear) paintImage(near, space.image((shownNear = view.near.index)));
    },
  };
}
