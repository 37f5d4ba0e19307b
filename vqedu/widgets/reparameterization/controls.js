// What a hand sets, and the numbers behind the histograms as a table that can be read aloud.

import { button, element, press, setText, slider } from "../page/kit.js";
import { choice, numberSliders } from "../page/controls.js";
import { number } from "../page/numbers.js";
import { FUNCTIONS } from "./math.js";
import { PATH } from "./samples.js";
import { RANGES, REPEATS, SAMPLE_COUNTS } from "./view.js";

const SLIDERS = [["mu", "shift \u03BC", PATH], ["sigma", "scale \u03C3", PATH]];
const CHOICES = Object.fromEntries(Object.entries(FUNCTIONS).map(([f, { formula }]) => [f, `h(z) = ${formula}`]));

function countSlider(change) {
  const made = slider({
    label: "draws n", min: 0, max: SAMPLE_COUNTS.length - 1, step: 1, value: 0,
    format: (v) => String(SAMPLE_COUNTS[v]), oninput: (v) => change({ n: SAMPLE_COUNTS[v] }),
  });
  return { node: made.node, show({ n }) { made.show(SAMPLE_COUNTS.indexOf(n)); } };
}

function drawButtons(getState, change) {
  const baseline = button("Baseline: h(z) \u2212 E[h(z)]", () => change({ baseline: !getState().baseline }));
  const again = button(`Draw all ${REPEATS} again`, () => change({ seed: getState().seed + 1 }));
  return { nodes: [baseline, again], show(state) { press(baseline, state.baseline); } };
}

export function controls(getState, change) {
  const sliders = numberSliders(SLIDERS, RANGES, change), count = countSlider(change);
  const functions = choice("f", CHOICES, change), draws = drawButtons(getState, change);
  return {
    node: element("div", { class: "vq-rep-controls" },
      element("div", { class: "vq-panel vq-rep-sliders" }, ...sliders.nodes, count.node),
      element("div", { class: "vq-rep-choices", role: "group", "aria-label": "Function h" }, ...functions.nodes),
      element("div", { class: "vq-rep-choices" }, ...draws.nodes)),
    show(state) { for (const part of [sliders, count, functions, draws]) part.show(state); },
  };
}

const ROWS = {
  exact: "exact gradient", path: "re\u00ADparam\u00ADeter\u00ADization",
  score: "score function", ratio: "variance ratio",
};
const COLUMNS = {
  "mu.mean": "\u03BC: mean", "mu.sd": "\u03BC: SD", "sigma.mean": "\u03C3: mean", "sigma.sd": "\u03C3: SD",
};

// The text of each cell of a view, by row and column.
function cellsOf({ summary, exact }) {
  const each = ["mu", "sigma"].flatMap((name) => {
    const { path, score, ratio } = summary[name];
    return [
      [`exact.${name}.mean`, number(exact[name])],
      [`path.${name}.mean`, number(path.mean)], [`path.${name}.sd`, number(path.sd)],
      [`score.${name}.mean`, number(score.mean)], [`score.${name}.sd`, number(score.sd)],
      [`ratio.${name}.sd`, Number.isFinite(ratio) ? `${number(ratio, 1)}\u00A0\u00D7` : "no signal"],
    ];
  });
  return Object.fromEntries(each);
}

export function numbersTable() {
  const cells = {};
  const cell = (name) => (cells[name] = element("td", { "data-cell": name }));
  const body = Object.entries(ROWS).map(([row, title]) => element("tr", { class: `vq-rep-${row}` },
    element("th", { scope: "row" }, title), ...Object.keys(COLUMNS).map((column) => cell(`${row}.${column}`))));
  const head = ["", ...Object.values(COLUMNS)].map((title) => element("th", { scope: "col" }, title));
  const node = element("table", { class: "vq-rep-table" },
    element("caption", {}, `Measured over ${REPEATS} estimates`),
    element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body));
  return {
    node,
    show(view) { for (const [name, text] of Object.entries(cellsOf(view))) setText(cells[name], text); },
  };
}
