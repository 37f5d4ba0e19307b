// The reparameterization explorer: a fixed cloud of eps is carried to z = mu + sigma eps, and every sample says how
// E[f(z)] would change, by its path or by the score function; 300 repeated draws show how far such estimates spread.

import { canvas, element, resize, setAttribute, sideBySide } from "../page/kit.js";
import { within } from "../page/controls.js";
import { liveFigure } from "../page/figure.js";
import { holdGaussian } from "../page/hand.js";
import { controls, numbersTable } from "./controls.js";
import { drawEstimates } from "./estimates.js";
import { drawSamples } from "./samples.js";
import { findingWords, RANGES, REPEATS, viewer } from "./view.js";

const HAND = "Left and right arrow keys move mu, up and down sigma; with shift, in large steps.";
const WIDTHS = { samples: 596, estimates: 338 };
const HEIGHT = 446;
const ON_SLIDE = 380; // of that
const GAP = 12;

function build(getState, change) {
  const move = (patch) => change(within(RANGES, patch));
  const hand = { tabindex: 0, role: "application", "aria-label": `The cloud of samples. ${HAND}` };
  const samples = canvas(WIDTHS.samples, HEIGHT, hand);
  const estimates = canvas(WIDTHS.estimates, HEIGHT, { role: "img" });
  const panel = controls(getState, move), table = numbersTable();
  let shownFrame;
  holdGaussian(samples, getState, move, () => shownFrame);
  const row = [samples.node, estimates.node, panel.node, table.node];
  return {
    nodes: [element("div", { class: "vq-row vq-rep-figure" }, ...row)],
    show(view) {
      shownFrame = drawSamples(samples, view);
      drawEstimates(estimates, view);
      const words = `Histograms of ${REPEATS} estimates of each derivative by both estimators. ${findingWords(view)}.`;
      setAttribute(estimates.node, "aria-label", words);
      table.show(view);
      panel.show(view.state);
    },
    resize(width, slide) {
      const fitted = sideBySide(width, WIDTHS, GAP), height = slide ? ON_SLIDE : HEIGHT;
      resize(samples, fitted.samples, height);
      resize(estimates, fitted.estimates, height);
    },
  };
}

function render({ model, el }) {
  return liveFigure({
    model, el, build, see: viewer(model.get("config").cloud),
    title: findingWords, words: findingWords, name: "Reparameterization explorer", heard: true,
  });
}

export default { render };
