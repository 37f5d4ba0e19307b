// The ELBO explorer: drag q over the true posterior; log p(x) = ELBO + KL(q || p(z|x)) at every place of the hand.

import { canvas, element, resize, setAttribute, setText, sideBySide } from "../page/kit.js";
import { within } from "../page/controls.js";
import { liveFigure } from "../page/figure.js";
import { holdGaussian } from "../page/hand.js";
import { drawBars } from "./bars.js";
import { derivationBoard } from "./board.js";
import { controls, glider } from "./controls.js";
import { drawDensities } from "./densities.js";
import { barWords, findingWords, LIMITS, nearBest, sumWords, viewer } from "./view.js";

const TITLE = "For every q, ELBO and gap add up to log p(x): raising the ELBO closes the gap";
const HAND = "Left and right arrow keys move the mean of q, up and down its width; with shift, in large steps.";
const WIDTHS = { densities: 536, bars: 398 };
const HEIGHT = 388;
const ON_SLIDE = 344; // of that
const GAP = 12;

function build(see, getState, change) {
  const move = (patch) => change(within(LIMITS, patch));
  const hand = { tabindex: 0, role: "application", "aria-label": `Densities over z. ${HAND}` };
  const densities = canvas(WIDTHS.densities, HEIGHT, hand);
  const bars = canvas(WIDTHS.bars, HEIGHT, { role: "img" });
  const sum = element("p", { class: "vq-elbo-sum" });
  const found = element("p", { class: "vq-elbo-found" });
  const glide = glider(getState, change);
  const panel = controls(move, () => glide.go(nearBest(see(getState()))));
  const board = derivationBoard((line) => change({ line }));
  let shownFrame;
  holdGaussian(densities, getState, move, () => shownFrame);
  const below = element("div", { class: "vq-elbo-controls" }, found, panel.node);
  return {
    nodes: [sum, element("div", { class: "vq-row vq-elbo-figure" }, densities.node, bars.node, below), board.node],
    playing: glide.running,
    show(view) {
      shownFrame = drawDensities(densities, view);
      drawBars(bars, view);
      setAttribute(bars.node, "aria-label", barWords(view));
      setText(sum, sumWords(view));
      setText(found, findingWords(view));
      panel.show(view.state);
      board.show(view);
    },
    resize(width, slide) {
      const fitted = sideBySide(width, WIDTHS, GAP), height = slide ? ON_SLIDE : HEIGHT;
      resize(densities, fitted.densities, height);
      resize(bars, fitted.bars, height);
    },
  };
}

function render({ model, el }) {
  const see = viewer(model.get("config").noise);
  return liveFigure({
    model, el, see, title: TITLE, name: "ELBO explorer", heard: true,
    words: (view) => `${sumWords(view)}. ${findingWords(view)}`,
    build: (getState, change) => build(see, getState, change),
  });
}

export default { render };
