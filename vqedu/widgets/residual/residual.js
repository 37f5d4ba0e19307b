// The residual explorer: the stages of a residual VQ switched on one by one, the residual after each, and its picture.

import { COLORS, wordColor } from "../page/colors.js";
import { element, canvas, slider, paintImage, resize } from "../page/kit.js";
import { liveFigure } from "../page/figure.js";
import { digitStrip } from "../page/pictures.js";
import { residualSpace, viewer, words } from "./view.js";

const THUMB = 64;
const X = 150;
const X_HAT = 180;
const BESIDE = 420; // CSS pixels: below, x and x_hat are as large as each other, to fit side by side

// 7 x 7 lengths of vectors, from white for 0 to full green for `longest`; the root keeps short ones visible.
function paintLengths({ pen, width, height }, lengths, longest) {
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  lengths.forEach((length, p) => {
    pen.globalAlpha = Math.min(Math.sqrt(length / longest), 1);
    pen.fillStyle = COLORS.encoder;
    pen.fillRect(((p % 7) * width) / 7, (Math.floor(p / 7) * height) / 7, width / 7 + 0.5, height / 7 + 0.5);
  });
  pen.globalAlpha = 1;
}

// A stage as a button: the residual after it, what it decodes to with those before it, the error of that.
function levelColumn(level, onpick) {
  const left = canvas(THUMB, THUMB, { "aria-hidden": "true" });
  const decoded = canvas(THUMB, THUMB, { "aria-hidden": "true", class: "vq-level-picture" });
  const error = element("span", { class: "vq-level-error" });
  const name = element("span", {}, `stage ${level}`);
  const attributes = { type: "button", class: "vq-level", onclick: onpick };
  const node = element("button", attributes, name, left.node, decoded.node, error);
  return {
    node,
    show({ state, steps, longest }) {
      const step = steps[level - 1];
      paintLengths(left, step.left, longest);
      paintImage(decoded, step.pixels);
      error.textContent = step.error.toFixed(4);
      node.setAttribute("aria-label", `Stages 1 to ${level} on, squared error ${step.error.toFixed(4)} per pixel`);
      node.classList.toggle("vq-off", level > state.level);
      node.setAttribute("aria-pressed", String(level === state.level));
    },
  };
}

// What there is before any stage: all of z_e.
function wholeColumn() {
  const whole = canvas(THUMB, THUMB, { role: "img", "aria-label": "Length of z_e at each of the 49 positions" });
  const node = element("div", { class: "vq-level vq-whole" }, element("span", {}, "z_e"), whole.node);
  return { node, show: (view) => paintLengths(whole, view.whole, view.longest) };
}

function panel(title, color, ...children) {
  const heading = element("p", { class: "vq-title" }, title);
  heading.style.color = wordColor(color);
  return element("div", { class: "vq-panel" }, heading, ...children);
}

function xPanel(space, change) {
  const x = canvas(X, X, { role: "img" });
  const strip = digitStrip(space, (digit) => change({ digit }));
  return {
    node: panel("x", COLORS.data, x.node, strip.node),
    show(view) {
      paintImage(x, view.x);
      x.node.setAttribute("aria-label", `x, a test digit ${view.label}`);
      strip.show(view.state);
    },
  };
}

function levelsPanel(space, change) {
  const numbers = Array.from({ length: space.levels }, (_, i) => i + 1);
  const columns = [wholeColumn(), ...numbers.map((level) => levelColumn(level, () => change({ level })))];
  const row = element("div", { class: "vq-levels" }, ...columns.map((column) => column.node));
  return {
    node: panel("stages: what remains of z_e (green), x\u0302 so far, and its error", COLORS.codebook, row),
    show(view) { for (const column of columns) column.show(view); },
  };
}

function xHatPanel(space) {
  const xHat = canvas(X_HAT, X_HAT, { role: "img", class: "vq-decoded" });
  return {
    node: panel("x\u0302 from these stages", COLORS.decoder, xHat.node),
    resize(side) { if (side !== xHat.width) resize(xHat, side, side); },
    show(view) {
      paintImage(xHat, view.pixels);
      xHat.node.setAttribute("aria-label", `x\u0302, decoded from ${words(space, view)}`);
    },
  };
}

function levelSlider({ levels }, { level }, change) {
  const { node, show } = slider({
    label: "stages switched on", min: 1, max: levels, step: 1, value: level, color: COLORS.codebook,
    format: (v) => `${v} of ${levels}`, oninput: (v) => change({ level: v }),
  });
  return { node, show: (view) => show(view.state.level) };
}

function build(space, getState, change) {
  const x = xPanel(space, change), levels = levelsPanel(space, change), xHat = xHatPanel(space);
  const control = levelSlider(space, getState(), change);
  return {
    nodes: [element("div", { class: "vq-residual" }, x.node, levels.node, xHat.node), control.node],
    show(view) { for (const part of [x, levels, xHat, control]) part.show(view); },
    resize: (width) => xHat.resize(width < BESIDE ? X : X_HAT),
  };
}

function render({ model, el }) {
  const space = residualSpace(model.get("data"), model.get("config"));
  return liveFigure({
    model, el, see: viewer(space), words: (view) => words(space, view),
    build: (getState, change) => build(space, getState, change),
  });
}

export default { render };
