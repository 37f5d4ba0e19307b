// What the figures of latent spaces share: one state, one view of it a frame, one word to the kernel at rest, one line that speaks.

import { element, notOurs, onceAFrame, stage, whenSettled } from "./kit.js";

const PADDING = 32; // of the stage, both sides together
const NOTHING_TO_SEE = 150; // CSS pixels: a figure narrower than this is folded away, and keeps its size

// Whether a pointer is down that went down inside the node.
function pressed(node) {
  let down = false;
  node.addEventListener("pointerdown", () => {
    down = true;
    const up = () => { down = false; };
    for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, up, { once: true, capture: true });
  });
  return () => down;
}

// Shows `text` in a line that screen readers speak, half a second after the last change at most.
function speaker(words) {
  const node = element("p", { class: "vq-status", role: "status", "aria-live": "polite" });
  let timer;
  const now = () => { const text = words(); if (node.textContent !== text) node.textContent = text; };
  return { node, now, soon() { clearTimeout(timer); timer = setTimeout(now, 300); }, stop: () => clearTimeout(timer) };
}

// A key pressed anywhere in the figure but in a field for text.
function listenForKeys(root, keys) {
  root.addEventListener("keydown", (event) => {
    const act = keys[event.key.toLowerCase()];
    const typing = event.target.matches("textarea, [contenteditable], input:not([type=range], [type=checkbox])");
    if (!act || typing || notOurs(event)) return;
    event.preventDefault();
    act();
  });
}

// see(state) -> view; words(view) -> the spoken line; build(getState, change, repaint) -> { nodes, show(view), resize(width), playing(), keys }.
export function liveFigure({ model, el, see, words, build }) {
  const { title } = model.get("config");
  let state = model.get("state");
  let tell = () => {};
  const repaint = onceAFrame(() => figure.show(see(state)));
  const speech = speaker(() => words(see(state)));
  const renew = () => { repaint(); speech.soon(); };
  const change = (patch) => { state = { ...state, ...patch }; renew(); tell(state); };
  const figure = build(() => state, change, repaint);
  const root = stage(el, title, element("p", { class: "vq-headline" }, title), ...figure.nodes, speech.node);
  listenForKeys(root, figure.keys);
  const held = pressed(root);
  tell = whenSettled(model, 300, () => held() || figure.playing());

  const adopt = () => { state = model.get("state"); renew(); };
  model.on("change:state", adopt);
  const fit = () => {
    const width = (root.clientWidth || 980) - PADDING;
    if (width < NOTHING_TO_SEE) return;
    figure.resize(width);
    repaint();
  };
  const observer = new ResizeObserver(fit);
  observer.observe(root);
  root.addEventListener("sharpened", repaint);
  fit();
  speech.now();
  return () => { observer.disconnect(); speech.stop(); model.off("change:state", adopt); };
}
