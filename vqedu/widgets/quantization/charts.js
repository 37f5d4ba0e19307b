// What a codebook is worth: how often each code is chosen, the loss step by step, and three numbers in a table.

import { COLORS } from "../page/colors.js";
import { canvas, element, resize, setAttribute, setText } from "../page/kit.js";
import { number } from "../page/numbers.js";
import { write, frame, axisX, axisY, ticks, stroke, dot } from "../page/plot.js";

export const CHARTS = { width: 386, height: 286 };
const ON_SLIDE = 172; // the height there: one chart is beside the other
const MARGIN = { left: 54, right: 14 };
const TITLE = { size: 14, bold: true };
const WORDS = { usage: [26, 22], losses: [38, 44] }; // CSS pixels: the rows of words over and under each chart

// Where the charts are: one below the other, or side by side.
function placesOf({ width, height }, beside) {
  const [[overUsage, underUsage], [overLosses, underLosses]] = [WORDS.usage, WORDS.losses];
  if (beside) {
    const half = Math.floor(width / 2), wide = half - MARGIN.left - MARGIN.right, top = overUsage;
    const high = { top, height: height - top - underLosses, width: wide };
    return { usage: { ...high, left: MARGIN.left }, losses: { ...high, left: half + MARGIN.left } };
  }
  const high = (height - overUsage - underUsage - overLosses - underLosses) / 2;
  const both = { left: MARGIN.left, width: width - MARGIN.left - MARGIN.right, height: high };
  const losses = overUsage + high + underUsage + overLosses;
  return { usage: { ...both, top: overUsage }, losses: { ...both, top: losses } };
}

// The share of the points that chose each code, with a line where all would be equal.
function drawUsage(pen, place, { state: { codes, selected }, counts, indices }) {
  const K = codes.length;
  const shares = counts.map((count) => count / indices.length);
  const f = frame(pen, { ...place, x: [0, K], y: [0, Math.max(0.25, ...shares) * 1.05] });
  axisY(f, { values: ticks(f.y, 2), format: (v) => `${Math.round(100 * v)}%` });
  const wide = (f.width / K) * 0.7;
  shares.forEach((share, k) => {
    pen.fillStyle = k === selected ? "#6B2E50" : COLORS.codebook;
    pen.fillRect(f.X(k + 0.5) - wide / 2, f.Y(share), wide, f.bottom - f.Y(share));
    write(pen, String(k), f.X(k + 0.5), f.bottom + 17, { size: 14, align: "center", bold: k === selected });
  });
  stroke(pen, [[f.left, f.bottom], [f.right, f.bottom]], { color: "#555", width: 1 });
  stroke(pen, [[f.left, f.Y(1 / K)], [f.right, f.Y(1 / K)]], { color: "#555", width: 1.5, dash: [5, 4] });
  const what = f.width < 300 ? "share" : "share of the points";
  write(pen, `${what} (dashed: 1/K)`, f.left, f.top - 12, TITLE);
}

function drawLosses(pen, place, losses) {
  const top = niceTop(Math.max(...losses));
  const f = frame(pen, { ...place, x: [0, Math.max(losses.length - 1, 20)], y: [0, top] });
  const decimals = String(Number((top / 2).toPrecision(3))).split(".")[1]?.length ?? 0; // half of 15 is not 8
  axisY(f, { values: [0, top / 2, top], format: (v) => number(v, decimals) });
  axisX(f, { values: ticks(f.x, 4), label: "steps" });
  stroke(pen, losses.map((loss, i) => [f.X(i), f.Y(loss)]), { color: COLORS.codebook, width: 3 });
  dot(pen, f.X(losses.length - 1), f.Y(losses.at(-1)), 4, { fill: COLORS.codebook });
  write(pen, "mean squared distance", f.left, f.top - 12, TITLE);
}

// The first round number that is not below `value`.
function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return [1, 1.5, 2, 3, 4, 5, 8, 10].find((m) => m * power >= value) * power;
}

export function chartsPanel() {
  const surface = canvas(CHARTS.width, CHARTS.height, { role: "img" });
  let beside = false;
  return {
    node: surface.node,
    resize(width, slide) {
      beside = slide;
      const height = slide ? ON_SLIDE : CHARTS.height;
      if (width !== surface.width || height !== surface.height) resize(surface, width, height);
    },
    show(view) {
      const places = placesOf(surface, beside);
      surface.pen.clearRect(0, 0, surface.width, surface.height);
      drawUsage(surface.pen, places.usage, view);
      drawLosses(surface.pen, places.losses, view.curve);
      const counts = view.counts.join(", ");
      const words = `Points of each code: ${counts}. Mean squared distance now ${number(view.loss)}.`;
      setAttribute(surface.node, "aria-label", words);
    },
  };
}

const SCORES = {
  loss: ["mean squared distance", ({ loss }) => number(loss, loss < 100 ? 4 : 0)],
  used: ["codes in use", ({ used, state }) => `${used} of ${state.codes.length}`],
  perplexity: ["perplexity", ({ perplexity }) => number(perplexity, 2)],
};

// The three numbers that judge a codebook, as a table that can be read aloud.
export function scoreTable() {
  const heads = Object.values(SCORES).map(([title]) => element("th", { scope: "col" }, title));
  const cells = Object.keys(SCORES).map((name) => element("td", { "data-cell": name }));
  const rows = [element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, element("tr", {}, ...cells))];
  return {
    node: element("table", { class: "vq-q2-scores" }, ...rows),
    show(view) { for (const cell of cells) setText(cell, SCORES[cell.dataset.cell][1](view)); },
  };
}
