// The latent explorer: x, the map of its codes, x_hat. Every part shows one view, made from one state, once a frame.

import { button, COLORS, element, onceAFrame, stage, whenSettled } from "./kit.js";
import { latentSpace, reconstructionNats, short, standardNormal } from "./latent_space.js";
import { latentMap } from "./latent_map.js";
import { nearestWords, panel, xHatPanel, xPanel } from "./latent_pictures.js";
import { directionsPanel, legend, priorPanel, walkPanel } from "./latent_controls.js";

const PADDING = 34; // of the stage, both sides, with its border
const GAP = 16;

// The picture x of a state: drawn, picked, or null where the paper is empty.
function pictureOf(space, { drawing, digit }) {
  if (drawing) return Float32Array.from(drawing, (v) => v / 255);
  return digit === null ? null : space.image(digit);
}

// The code of that picture and, from a VAE, its logvar. A real digit keeps the code that torch computed.
function codeOf(space, state, x) {
  if (!x) return { code: null, logvar: null };
  const q = space.encode(x);
  return state.drawing ? q : { ...q, code: space.code(state.digit) };
}

// Everything the parts show, from the state alone. x and its code are kept while x stays the same.
function viewer(space) {
  let key, x = null, q = null;
  const samples = [];
  return (state) => {
    const now = state.drawing ?? state.digit;
    if (now !== key) {
      key = now;
      x = space.config.view === "all" ? pictureOf(space, state) : null;
      q = codeOf(space, state, x);
    }
    while (samples.length < state.draws) samples.push(standardNormal(space.config.seed, samples.length, space.d));
    const decoded = space.decode(state.z);
    const follows = q.code !== null && q.code.every((v, i) => Math.abs(v - state.z[i]) <= 1e-5 * (1 + Math.abs(v)));
    return {
      state, x, ...q, follows, ...decoded, near: space.nearest(state.z),
      samples: samples.slice(0, state.draws), nats: x ? reconstructionNats(decoded.logits, x) : 0,
    };
  };
}

function statusText(space, { state, near }) {
  const numbers = state.z.slice(0, 4).map(short).join(", ");
  const z = space.d > 4 ? `z = (${numbers}, \u2026), ${space.d} numbers of length ${short(Math.hypot(...state.z))}` : `z = (${numbers})`;
  return `${z}; ${nearestWords(space, near).text}.`;
}

// What a hand does, whichever part it does it in.
function makeHand(space, getState, change) {
  const go = (state) => {
    const { code } = codeOf(space, state, pictureOf(space, state));
    change(code ? { ...state, z: code } : state);
  };
  return {
    state: getState,
    change,
    // A new x, { digit } or { drawing }, or none; z goes to its code.
    look: ({ digit = null, drawing = null }) => go({ digit, drawing }),
    home: () => go({ digit: getState().digit, drawing: getState().drawing }),
    sample() {
      const draws = getState().draws + 1;
      change({ prior: true, draws, z: standardNormal(space.config.seed, draws - 1, space.d) });
    },
  };
}

// The sizes of the pictures and the map, for a stage that is `width` pixels wide inside.
function sizes(width, whole) {
  const stacked = width < 560;
  const side = stacked ? Math.min(224, 28 * Math.floor((width - GAP) / 56)) : 28 * Math.min(8, Math.max(5, Math.round((width * 0.24) / 28)));
  const map = stacked ? width : width - (whole ? 2 : 1) * (side + GAP);
  return { stacked, side, map, height: Math.round(Math.min(420, Math.max(300, map * 0.88))) };
}

function build(space, hand) {
  const whole = space.config.view === "all";
  const map = latentMap(space, {
    place: () => space.project(hand.state().z),
    onmove: ([u, v]) => hand.change({ z: space.moveTo(hand.state().z, u, v) }),
    onpick: (digit) => hand.look({ digit }),
    onhome: hand.home,
  });
  let repaint = () => {};
  const classes = legend(space, (only) => { map.highlight(only); repaint(); });
  const mapPanel = panel("z", "z = g(x)", "drag z, or click a dot", COLORS.encoder, map.node, classes);
  const pictures = whole ? [xPanel(space, hand)] : [];
  const xHat = xHatPanel(space, COLORS.decoder);
  const walk = whole ? [walkPanel(space, hand)] : [];
  const prior = whole ? [priorPanel(hand)] : [];
  const directions = space.d > 2 && whole ? [directionsPanel(space, hand)] : [];
  if (whole) prior[0].node.append(button("Back to the code of x", hand.home, { class: "vq-button vq-home" }));
  const parts = [...pictures, map, xHat, ...walk, ...prior, ...directions];
  const row = element("div", { class: "vq-latent" }, ...pictures.map((each) => each.node), mapPanel, xHat.node);
  return {
    nodes: [row, ...[...walk, ...prior, ...directions].map((each) => each.node)],
    onrepaint(callback) { repaint = callback; },
    playing: () => walk.some((each) => each.playing()),
    show: (view) => { for (const part of parts) part.show(view); },
    resize(width) {
      const { stacked, side, map: mapWidth, height } = sizes(width, whole);
      row.classList.toggle("vq-stacked", stacked);
      for (const each of [...pictures, xHat]) each.resize(side);
      map.resize(mapWidth, height);
      mapPanel.style.width = `${mapWidth}px`;
      for (const each of walk) each.resize(width);
    },
  };
}

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

function render({ model, el }) {
  const config = model.get("config");
  const space = latentSpace(model.get("data"), config);
  const see = viewer(space);
  let state = model.get("state");
  let tell = () => {}, view;
  const repaint = onceAFrame(() => { view = see(state); figure.show(view); });
  const say = (text) => { if (status.textContent !== text) status.textContent = text; };
  let spoken;
  const speakSoon = () => { clearTimeout(spoken); spoken = setTimeout(() => say(statusText(space, see(state))), 300); };
  const change = (patch) => { state = { ...state, ...patch }; repaint(); speakSoon(); tell(state); };
  const figure = build(space, makeHand(space, () => state, change));
  const status = element("p", { class: "vq-status", role: "status", "aria-live": "polite" });
  const root = stage(el, config.title, element("p", { class: "vq-headline" }, config.title), ...figure.nodes, status);
  const held = pressed(root);
  tell = whenSettled(model, 300, () => held() || figure.playing());
  figure.onrepaint(repaint);

  const adopt = () => { state = model.get("state"); repaint(); speakSoon(); };
  model.on("change:state", adopt);
  const fit = () => { figure.resize((root.clientWidth || 980) - PADDING + 2); repaint(); };
  const observer = new ResizeObserver(fit);
  observer.observe(root);
  fit();
  say(statusText(space, see(state)));
  return () => { observer.disconnect(); clearTimeout(spoken); model.off("change:state", adopt); };
}

export default { render };
