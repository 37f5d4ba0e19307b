// Panels, and the picture x at the left of many figures: picked among real digits, or drawn.

import { wordColor } from "./colors.js";
import { button, canvas, element, paintImage, resize } from "./kit.js";
import { inkPad, likeMnist, rasterize } from "./ink.js";

const THUMB = 42;

export function thumbnail(pixels, size = THUMB, attributes = { "aria-hidden": "true" }) {
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

// A real picture as a button.
function pickButton(image, name, onclick) {
  const attributes = { type: "button", class: "vq-pick", "aria-label": `Pick ${name}`, title: name, onclick };
  return element("button", attributes, thumbnail(image).node);
}

// One real picture of each class, as buttons; next() goes on to the next of each class. Those that have names of their
// own say them.
export function digitStrip({ labels, image, names, noun = "digit" }, onpick) {
  const classes = [...new Set(labels)].sort((a, b) => a - b);
  const members = classes.map((c) => Array.from(labels.keys()).filter((i) => labels[i] === c));
  const node = element("div", { class: "vq-strip", role: "group", "aria-label": `Test ${noun}s to pick` });
  const nameOf = (index) => names?.[index] ?? `a test ${noun} ${labels[index]}`;
  let page = 0, buttons = [], picked = null;
  const mark = () => {
    for (const each of buttons) each.node.setAttribute("aria-pressed", String(each.index === picked));
  };
  const fill = () => {
    const shown = members.map((list) => list[page % list.length]);
    buttons = shown.map((index) => ({ index, node: pickButton(image(index), nameOf(index), () => onpick(index)) }));
    node.replaceChildren(...buttons.map((each) => each.node));
    mark();
  };
  fill();
  return {
    node,
    next() { page += 1; fill(); },
    show({ digit }) { picked = digit; mark(); },
  };
}

// In place of an ink pad where pictures are no strokes of a pen: it shows them.
function picturePad() {
  const surface = canvas(224, 224, { class: "vq-shown", role: "img", "aria-label": "Picture x" });
  let shown;
  const paint = () => { if (shown) paintImage(surface, shown); };
  surface.node.addEventListener("sharpened", paint);
  return { surface, paint, clear() {}, strokes: () => [], show(pixels) { shown = pixels; paint(); } };
}

// x as { pad, strip, toggle, buttons, show }. look({ digit }) or look({ drawing }) says what the hand has chosen;
// space has the real pictures: { labels, image(index) -> levels } and, unless they are digits, what they are called and
// what paper without a picture is: { noun, names, paper }.
export function digitInput(space, look) {
  const { noun = "digit", paper = new Float32Array(784) } = space, inked = noun === "digit";
  let sent = null, shown;
  const see = () => {
    const strokes = pad.strokes();
    const gray = strokes.length ? (box.checked ? likeMnist : rasterize)(strokes) : null;
    sent = gray && Array.from(gray, (v) => Math.round(255 * v));
    look({ drawing: sent });
  };
  const again = () => { if (pad.strokes().length) see(); };
  const pad = inked ? inkPad(see) : picturePad();
  const strip = digitStrip(space, (digit) => look({ digit }));
  const box = element("input", { type: "checkbox", checked: true, onchange: again });
  const show = (state, x) => {
    // Own strokes stay where the hand made them: elsewhere the figure shows what the encoder sees of them.
    if (x !== shown && (state.drawing === null || state.drawing !== sent)) pad.show(x ?? paper);
    shown = x;
    strip.show(state);
  };
  const acts = [button(`Other ${noun}s`, strip.next), ...(inked ? [button("Clear", pad.clear)] : [])];
  return {
    pad, strip, show, hint: inked ? "draw, or pick a digit" : `pick a ${noun}`,
    toggle: element("label", { class: "vq-check", hidden: !inked }, box, "center and scale as MNIST"),
    buttons: element("div", { class: "vq-buttons" }, ...acts),
  };
}

// What the encoder sees of a drawing, beside the toggle that decides it.
function seenNote(toggle) {
  const seen = thumbnail(null, 56, { role: "img", "aria-label": "The drawing as the encoder sees it" });
  const node = element("div", { class: "vq-seen" }, seen.node, element("span", {}, "what the encoder sees: ", toggle));
  let shown;
  return {
    node,
    show(state, x) {
      if (x !== shown && x) paintImage(seen, x);
      shown = x;
      node.hidden = !state.drawing;
    },
  };
}

// hand.look(patch) sets a new x, which brings its code with it.
export function xPanel(space, hand) {
  const { pad, strip, toggle, buttons, show, hint } = digitInput(space, hand.look);
  const seen = seenNote(toggle);
  const node = panel("x", "x", hint, null, pad.surface.node, strip.node, buttons, seen.node);
  return {
    node,
    resize(side) {
      node.style.width = `${side}px`;
      node.classList.toggle("vq-small", side < 200);
      if (side === pad.surface.width) return;
      resize(pad.surface, side, side);
      pad.paint();
    },
    show({ state, x }) { show(state, x); seen.show(state, x); },
  };
}
