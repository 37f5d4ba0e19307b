// The chassis of the explorers: one state, one view of it per frame, one message to the kernel at rest, one line said.

import { element, notOurs, onceAFrame, onSlide, setText, stage, whenResized, whenSettled } from "./kit.js";

const REST = 300; // milliseconds without a change, after which the line speaks and the kernel receives the state
const WIDEST = 946; // CSS pixels inside the stage, until it is known how many there are
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

// A line that screen readers speak once it has come to rest; where it is only heard, the eye does not see it.
function speaker(words, heard) {
  const node = element("p", { class: heard ? "vq-heard" : "vq-status", role: "status", "aria-live": "polite" });
  let timer;
  const now = () => {
    setText(node, words());
  };
  return { node, now, soon() { clearTimeout(timer); timer = setTimeout(now, REST); }, stop: () => clearTimeout(timer) };
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

// Calls fit(width) with the room inside the node, in CSS pixels, now and whenever it changes.
function watchRoom(node, fit) {
  let known;
  const use = () => {
    const { paddingLeft, paddingRight } = getComputedStyle(node);
    const inside = Math.floor(node.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight));
    const width = node.clientWidth ? inside : known ?? WIDEST;
    if (width === known || width < NOTHING_TO_SEE) return;
    fit(width);
    known = width;
  };
  use();
  return whenResized(node, use);
}

// see(state) -> view, all numbers of the picture; words(view) -> the spoken line, `heard` alone where the picture says
// the same; title: a sentence, or a function of the view; name: what kind of figure this is.
// build(getState, change, repaint) -> { nodes, show(view) } and, where there is need, resize(width, slide), keys,
// playing(). slide: whether the figure is on a slide.
export function liveFigure({ model, el, see, words, build, title = model.get("config").title, name = title, heard }) {
  let state = model.get("state");
  let kernel = { tell() {}, forget() {} };
  const headline = element("p", { class: "vq-headline" });
  const titleOf = typeof title === "function" ? title : () => title;
  const show = () => {
    const view = see(state);
    setText(headline, titleOf(view));
    figure.show(view);
  };
  const paint = onceAFrame(show);
  const speech = speaker(() => words(see(state)), heard);
  const repaint = () => { paint(); speech.soon(); };
  const change = (patch) => { state = { ...state, ...patch }; repaint(); kernel.tell(state); };
  const figure = { resize() {}, keys: {}, playing: () => false, ...build(() => state, change, repaint) };
  const root = stage(el, name, headline, ...figure.nodes, speech.node);
  listenForKeys(root, figure.keys);
  const held = pressed(root);
  kernel = whenSettled(model, REST, () => held() || figure.playing());

  const adopt = () => { kernel.forget(); state = model.get("state"); repaint(); };
  model.on("change:state", adopt);
  const unwatch = watchRoom(root, (width) => { figure.resize(width, onSlide(root)); repaint(); });
  root.addEventListener("sharpened", repaint);
  show();
  speech.now();
  return () => { unwatch(); speech.stop(); kernel.forget(); model.off("change:state", adopt); };
}
