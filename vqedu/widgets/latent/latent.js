// The latent explorer: x, the map of its codes, x_hat; for a VAE q(z|x) as well. Every part shows one view a frame.

import { COLORS } from "../page/colors.js";
import { button, disable, element, fold } from "../page/kit.js";
import { latentSpace } from "./space.js";
import { makeHand, statusText, viewer } from "./view.js";
import { latentMap } from "./map.js";
import { panel, xPanel } from "../page/pictures.js";
import { gapNote, xHatPanel } from "./decoded.js";
import { directionsPanel, gridBox, legend, priorPanel, walkPanel } from "./controls.js";
import { posteriorPanel } from "./posterior.js";
import { liveFigure } from "../page/figure.js";

const GAP = 16;
const TALLEST = 300; // of the map: what answers a drag then fits a screen of 720 pixels
const SLIDE = { side: 168, map: 262 }; // the height of the map, on a slide
const SLIDE_WITH_DIRECTIONS = { side: 168, map: 246 };

// The sizes of the pictures and the map, for a stage that is `width` pixels wide inside.
function sizes(width, whole) {
  const stacked = width < 640;
  const most = whole ? 7 : 12; // without x there is room for a larger picture
  const half = Math.min(224, 28 * Math.floor((width - GAP) / 56));
  const side = stacked ? half : 28 * Math.min(most, Math.max(5, Math.round((width * (whole ? 0.24 : 0.36)) / 28)));
  const map = stacked ? width : width - (whole ? 2 : 1) * (side + GAP);
  return { stacked, side, map, height: heightOf(map, whole) };
}

function sizesOnSlide(width, directions) {
  const { side, map } = directions ? SLIDE_WITH_DIRECTIONS : SLIDE;
  return { stacked: false, side, map: width - 2 * (side + GAP), height: map };
}

// What comes below the pictures. A VAE has q(z|x) there, and the ways to move z that an autoencoder shows are folded.
function arranged({ posterior, directions, walk, prior }, home) {
  const nodesOf = (parts) => parts.map((each) => each.node);
  if (!posterior.length) {
    for (const each of walk) each.buttons.append(home);
    return nodesOf([...directions, ...walk, ...prior]);
  }
  const folds = [
    ...nodesOf(directions).map((node) => fold("Move z along the principal directions", node)),
    ...nodesOf(walk).map((node) => fold("Walk from a code A to a code B", node)),
  ];
  return [...nodesOf([...posterior, ...prior]), element("div", { class: "vq-folds" }, ...folds, home)];
}

const heightOf = (map, whole) => Math.round(Math.min(whole ? TALLEST : 420, Math.max(300, map * 0.88)));

function build(space, hand, repaint) {
  const { variational, view } = space.config;
  const whole = view === "all";
  const map = latentMap(space, {
    place: () => space.project(hand.state().z),
    onmove: ([u, v]) => hand.change({ z: space.moveTo(hand.state().z, u, v) }),
    onpick: (digit) => hand.look({ digit }),
    onhome: hand.home,
  });
  const classes = legend(space, (only) => { map.highlight(only); repaint(); });
  const code = variational ? "q(z|x) = N(\u03bc, \u03c3\u00b2)" : "z = g(x)";
  const heading = whole ? code : "z";
  const hint = variational ? "drag z" : "drag z, or click a dot";
  const only = (wanted, make) => (wanted ? [make()] : []);
  const grid = only(space.d === 2, () => gridBox(hand));
  const mapPanel = panel("z", heading, hint, COLORS.encoder, map.node, classes);
  const xHat = xHatPanel(space, COLORS.decoder);
  const x = only(whole, () => xPanel(space, hand));
  const posterior = only(whole && variational, () => posteriorPanel(space, hand));
  const walk = only(whole, () => walkPanel(space, hand));
  const prior = only(whole, () => priorPanel(hand));
  const directions = only(whole && space.d > 2, () => directionsPanel(space, hand));
  const home = button("Back to the code of x", hand.home, { class: "vq-button vq-home" });
  (whole ? prior[0].node : mapPanel).append(...grid.map((each) => each.node));
  const below = [...posterior, ...directions, ...walk, ...prior];
  const row = element("div", { class: "vq-latent" }, ...x.map((each) => each.node), mapPanel, xHat.node);
  return {
    nodes: [row, ...arranged({ posterior, directions, walk, prior }, home), gapNote()],
    keys: posterior.length ? { e: hand.draw } : {},
    playing: () => walk.some((each) => each.playing()),
    show(now) {
      for (const part of [...x, map, ...grid, xHat, ...below]) part.show(now);
      disable(home, now.code === null);
    },
    resize(width, slide) {
      const fitted = slide && whole ? sizesOnSlide(width, directions.length > 0) : sizes(width, whole);
      const { stacked, side, map: mapWidth, height } = fitted;
      row.classList.toggle("vq-stacked", stacked);
      for (const each of [...x, xHat]) each.resize(side);
      map.resize(mapWidth, height);
      mapPanel.style.width = `${mapWidth}px`;
      for (const each of posterior) each.resize(width, stacked ? width : side);
      for (const each of walk) each.resize(width);
    },
  };
}

function render({ model, el }) {
  const space = latentSpace(model.get("data"), model.get("config"));
  return liveFigure({
    model, el, see: viewer(space), words: (view) => statusText(space, view),
    build: (getState, change, repaint) => build(space, makeHand(space, getState, change), repaint),
  });
}

export default { render };
