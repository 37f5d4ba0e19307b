// An autoencoder and a VAE under one hand: the same digit, the same z, on two maps with the same axes.

import { COLORS } from "../page/colors.js";
import { button, element } from "../page/kit.js";
import { number } from "../page/numbers.js";
import { latentSpace, standardNormal } from "./space.js";
import { codeOf, nearestWords, numbersOf, pictureOf, viewer } from "./view.js";
import { latentMap } from "./map.js";
import { panel, xPanel } from "../page/pictures.js";
import { gapNote, xHatPanel } from "./decoded.js";
import { legend, priorPanel } from "./controls.js";
import { liveFigure } from "../page/figure.js";

const GAP = 16;
const X_SIDE = 168; // of the picture x
const TALLEST = 300; // of the maps: what answers a drag then fits a screen of 720 pixels
const SLIDE = { map: 262, xHat: 112 }; // the height of the maps and the side of x_hat, on a slide
const NOWHERE = [0, 0]; // where z is as long as there is neither a picture nor a place

// z of one model: where the hand put it for both, or else the code of x in that model.
function placeOf(space, state) {
  return state.z ?? codeOf(space, state, pictureOf(space, state)).code ?? NOWHERE;
}

// The views of both models. x and its codes are kept while x stays the same.
function viewerOfBoth(spaces) {
  const views = spaces.map(viewer);
  return (state) => spaces.map((space, i) => views[i]({ ...state, eps: 0, z: placeOf(space, state) }));
}

function wordsOf(spaces, views) {
  const kl = views[1].q ? ` KL(q(z|x) \u2016 N(0, I)) = ${views[1].q.kl.toFixed(2)} nats.` : "";
  const each = spaces.map((space, i) => {
    const { state, near } = views[i];
    return `${space.config.name}: z = (${numbersOf(state.z)}), ${nearestWords(space, near).text}`;
  });
  return `${each.join(". ")}.${kl}`;
}

function makeHands(spaces, getState, change) {
  return {
    state: getState,
    change,
    look: ({ digit = null, drawing = null }) => change({ digit, drawing, z: null }),
    home: () => change({ z: null }),
    sample() {
      const draws = getState().draws + 1;
      change({ prior: true, draws, z: standardNormal(spaces[0].config.seed, draws - 1, 2) });
    },
  };
}

// One model: its map, and under it what z decodes to there.
function modelColumn(space, hand) {
  const { name, variational } = space.config;
  const map = latentMap(space, {
    place: () => placeOf(space, hand.state()),
    onmove: (z) => hand.change({ z }),
    onpick: (digit) => hand.look({ digit }),
    onhome: hand.home,
  });
  map.node.setAttribute("aria-label", `${name}. ${map.node.getAttribute("aria-label")}`);
  const xHat = xHatPanel(space, COLORS.decoder);
  const formula = variational ? "q(z|x) = N(\u03bc, \u03c3\u00b2)" : "z = g(x)";
  const kind = variational ? "vae" : "ae";
  const above = panel("z", `${name}: ${formula}`, "", COLORS.encoder, map.node);
  const attributes = { class: `vq-model vq-model-${kind}`, role: "group", "aria-label": name };
  const node = element("div", attributes, above, xHat.node);
  return {
    node, map,
    show(view, window) {
      map.window(window);
      for (const part of [map, xHat]) part.show(view);
    },
    resize(width, height, side) {
      map.resize(width, height);
      node.style.width = `${width}px`;
      xHat.resize(side, width);
    },
  };
}

function zoomBox(hand) {
  const box = element("input", { type: "checkbox", onchange: () => hand.change({ zoom: box.checked }) });
  const node = element("label", { class: "vq-check" }, box, "zoom in on N(0, I)");
  return { node, show({ zoom }) { box.checked = zoom; } };
}

function sizes(width, slide) {
  const stacked = width < 620;
  const map = stacked ? width : Math.floor((width - X_SIDE - 2 * GAP) / 2);
  if (slide) return { stacked, map, height: SLIDE.map, xHat: SLIDE.xHat };
  const height = Math.round(Math.min(TALLEST, Math.max(240, map * 0.96)));
  return { stacked, map, height, xHat: map < 300 ? 112 : 140 };
}

function build(spaces, windows, hand, repaint) {
  const x = xPanel(spaces[0], hand);
  const columns = spaces.map((space) => modelColumn(space, hand));
  const classes = legend(spaces[0], (only) => { for (const each of columns) each.map.highlight(only); repaint(); });
  const prior = priorPanel(hand), zoom = zoomBox(hand);
  prior.node.append(zoom.node, button("Back to the codes of x", hand.home, { class: "vq-button vq-home" }));
  const row = element("div", { class: "vq-sides" }, x.node, ...columns.map((each) => each.node));
  return {
    nodes: [row, element("div", { class: "vq-both" }, classes), prior.node, gapNote()],
    keys: {},
    playing: () => false,
    show(views) {
      const { state } = views[0];
      const window = state.zoom ? windows.zoom : windows.all;
      x.show(views[0]);
      columns.forEach((each, i) => each.show(views[i], window));
      prior.show(views[0]);
      zoom.show(state);
    },
    resize(width, slide) {
      const { stacked, map, height, xHat } = sizes(width, slide);
      row.classList.toggle("vq-stacked", stacked);
      x.resize(X_SIDE);
      for (const each of columns) each.resize(map, height, xHat);
    },
  };
}

function render({ model, el }) {
  const { title, view, seed, models, windows } = model.get("config");
  const spaces = models.map((each) => latentSpace(model.get("data"), { ...each, title, view, seed }));
  return liveFigure({
    model, el, see: viewerOfBoth(spaces), words: (views) => wordsOf(spaces, views),
    build: (getState, change, repaint) => build(spaces, windows, makeHands(spaces, getState, change), repaint),
  });
}

export default { render };
