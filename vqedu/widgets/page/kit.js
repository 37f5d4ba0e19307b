// What the explorers share: elements with safe text, sharp canvases, one draw a frame, one word to the kernel at rest.

import { wordColor } from "./colors.js";

// Text goes in as text nodes, so a label can contain any character without being read as HTML.
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

// The same words, or the same value, once more would cost a layout and change nothing.
export function setText(node, text) { if (node.textContent !== text) node.textContent = text; }
export function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

const surfaces = new WeakMap(); // a canvas -> what canvas() returned for it
const screenRatio = () => Math.max(window.devicePixelRatio || 1, 1);

// How much larger than its CSS pixels a page, such as one of slides, shows a canvas; a hidden one keeps what it had.
function scaleOf({ node, scale = 1 }) {
  if (!node.offsetWidth) return scale;
  const shown = node.getBoundingClientRect().width / node.offsetWidth;
  return shown > 1.01 ? shown : 1;
}

// A canvas of width x height CSS pixels, drawn in those units, sharp on every screen.
export function canvas(width, height, attributes = {}) {
  const node = element("canvas", attributes);
  const surface = resize({ node, pen: node.getContext("2d") }, width, height);
  surfaces.set(node, surface);
  return surface;
}

// Give a canvas the pixels of its screen. It keeps what it shows, coarsely; an owner that listens for "sharpened" draws
// it anew.
function sharpen(surface) {
  const { node, pen, width, height, ratio } = surface;
  if (ratio === screenRatio() * scaleOf(surface)) return;
  const shown = new OffscreenCanvas(node.width, node.height);
  shown.getContext("2d").drawImage(node, 0, 0);
  resize(surface, width, height);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(shown, 0, 0, width, height);
  node.dispatchEvent(new Event("sharpened", { bubbles: true }));
}

// Zooming the page, scaling a figure, or moving the page to another screen changes how many pixels a canvas covers: all
// are then too coarse. A page that scales a figure tells it so by the event "scaled".
const stages = new Set(); // held weakly: figures come and go while the page stays
function sharpenAll() {
  for (const reference of stages) {
    const root = reference.deref();
    if (!root) stages.delete(reference);
    else for (const node of root.querySelectorAll("canvas")) sharpen(surfaces.get(node));
  }
}
for (const change of ["resize", "scaled"]) window.addEventListener(change, sharpenAll); // resize: a zoom
(function watchScreen() {
  const sameScreen = matchMedia(`(resolution: ${screenRatio()}dppx)`);
  sameScreen.addEventListener("change", () => { sharpenAll(); watchScreen(); }, { once: true });
})();

// Give a canvas another size in CSS pixels; what was drawn on it is gone.
export function resize(surface, width, height) {
  const { node, pen } = surface;
  const scale = scaleOf(surface), ratio = screenRatio() * scale;
  node.width = Math.round(width * ratio);
  node.height = Math.round(height * ratio);
  node.style.width = `${width}px`;
  node.style.height = `${height}px`;
  pen.scale(node.width / width, node.height / height);
  return Object.assign(surface, { width, height, scale, ratio });
}

// Where a pointer event lies on a canvas, in the canvas's own units, even where the page has scaled it.
export function position(event, { node, width, height }) {
  const box = node.getBoundingClientRect();
  return [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height];
}

// Whether a key belongs to the browser or the system, as Alt and the left arrow do, which go a page back.
export const notOurs = (event) => event.ctrlKey || event.metaKey || event.altKey;

// Whether the reader has asked for less motion: what plays then goes in few steps.
export const lessMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// Returns a function that asks for draw() once in the next frame, however often it is called.
export function onceAFrame(draw) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; draw(); });
  };
}

// Returns { tell(state), forget() }. The kernel receives the last state that tell was given, once nothing has changed
// for `delay` milliseconds and the pointer is up: while held() is true it waits. After forget() it receives nothing.
export function whenSettled(model, delay = 300, held = () => false) {
  let timer;
  const forget = () => clearTimeout(timer);
  const tell = (state) => {
    forget();
    timer = setTimeout(() => {
      if (held()) return tell(state);
      model.set("state", state);
      model.save_changes();
    }, delay);
  };
  return { tell, forget };
}

// A labelled slider that says its value. Returns { node, input, show(value) }.
export function slider({ label, min, max, step, value, format = (v) => v.toFixed(2), color, oninput }) {
  // The slider itself says its value: an output that is live as well would say it twice.
  const output = element("output", { class: "vq-value", "aria-live": "off" });
  const input = element("input", { type: "range", min, max, step, "aria-label": label });
  // Beside a light hue browsers paint the rest of the track black, which looks like the part that is full.
  if (color) input.style.accentColor = wordColor(color);
  let shown;
  const show = (v) => {
    if (v === shown) return;
    shown = v;
    input.value = v;
    output.textContent = format(v);
    input.setAttribute("aria-valuetext", format(v));
  };
  input.addEventListener("input", () => { const v = Number(input.value); show(v); oninput(v); });
  show(value);
  return { node: element("label", { class: "vq-slider" }, element("span", {}, label), input, output), input, show };
}

export function button(label, onclick, attributes = {}) {
  return element("button", { type: "button", class: "vq-button", onclick, ...attributes }, label);
}

// For a button that switches itself off: one that is disabled outright would drop the keyboard's focus.
export const disable = (node, off) => setAttribute(node, "aria-disabled", String(off));
export const press = (node, on) => setAttribute(node, "aria-pressed", String(on));

// What comes second in a figure, folded away until you want it: the rest then fits a screen.
export const fold = (summary, ...nodes) =>
  element("details", { class: "vq-fold" }, element("summary", {}, summary), ...nodes);

const NARROW = 792; // CSS pixels of a stage: below, what is side by side elsewhere is one below the other
const FRAME = 34; // of a stage: its padding and border

// The widths of canvases in a row: as wanted, { name: width }, shrunk alike where a room `width` wide is too narrow.
// In a narrow stage, where each has a row of its own, they are as wide as they may be.
export function sideBySide(width, wanted, gap) {
  const entries = Object.entries(wanted), sum = entries.reduce((all, [, each]) => all + each, 0);
  const share = width < NARROW - FRAME ? Infinity : (width - gap * (entries.length - 1)) / sum;
  const fitted = (each) => Math.floor(Math.min(width, each * Math.min(share, 1)));
  return Object.fromEntries(entries.map(([name, each]) => [name, fitted(each)]));
}

// Calls act() in the frame after the node's size has changed: within that one, new sizes would change it once more.
// Returns a function that ends it.
export function whenResized(node, act) {
  const observer = new ResizeObserver(onceAFrame(act));
  observer.observe(node);
  return () => observer.disconnect();
}

// Keeps a canvas as wide as its parent, at most as wide as it is now; draws it anew where that changes.
export function fitWidth(surface, draw) {
  const most = surface.width, parent = surface.node.parentElement;
  whenResized(parent, () => {
    const width = Math.min(most, parent.clientWidth);
    if (width < 100 || width === surface.width) return; // folded away: nothing to see
    resize(surface, width, surface.height);
    draw();
  });
}

// On a slide a figure has less height and needs larger letters: it then shows what a lecture is about, and no more.
export const onSlide = (node) => node.closest("[data-room=slide]") !== null;

// The root of a widget. Jupyter's own shortcuts stay out of it: arrow keys belong to the figure.
export function stage(el, label, ...children) {
  const attributes = { class: "vq-stage", role: "group", "aria-label": label, "data-lm-suppress-shortcuts": "true" };
  const root = element("div", attributes, ...children);
  root.addEventListener("keydown", (event) => event.stopPropagation());
  stages.add(new WeakRef(root));
  // The room of a figure is what its notebook leaves it, not the width of the window.
  const fit = () => root.classList.toggle("vq-narrow", root.clientWidth > 0 && root.clientWidth < NARROW);
  el.replaceChildren(root);
  root.classList.toggle("vq-on-slide", onSlide(root));
  fit();
  whenResized(root, fit);
  return root;
}

// A square picture as the pixels of a canvas: gray levels 0..1, ink dark on white paper, or its red, green and blue one
// after the other. How many numbers there are tells which: no square number is three times another.
export function imageData(levels) {
  const gray = Number.isInteger(Math.sqrt(levels.length)), area = gray ? levels.length : levels.length / 3;
  const side = Math.sqrt(area), data = new ImageData(side, side);
  for (let i = 0; i < area; i++) {
    const rgb = gray ? Array(3).fill(1 - levels[i]) : [levels[i], levels[area + i], levels[2 * area + i]];
    data.data.set([...rgb.map((v) => Math.round(255 * v)), 255], 4 * i);
  }
  return data;
}

// Paint such a picture into a canvas of any size.
export function paintImage({ pen, width, height }, levels) {
  const data = imageData(levels), side = data.width;
  const small = paintImage.small ??= new OffscreenCanvas(side, side);
  if (small.width !== side) { small.width = side; small.height = side; }
  small.getContext("2d").putImageData(data, 0, 0);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(small, 0, 0, width, height);
}
