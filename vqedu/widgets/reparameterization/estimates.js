// For each parameter the estimates of both kinds, one above the other on one scale; the black line is exact.

import { COLORS, wordColor } from "../page/colors.js";
import { number } from "../page/numbers.js";
import { axisX, frame, roundUp, stroke, write } from "../page/plot.js";
import { PATH, SCALES, SCORE } from "./samples.js";

const BINS = 41;
const WORDS = { title: 44, between: 22, below: 36 }; // CSS pixels: the rows over, between and under two histograms

export function drawEstimates(sheet, view) {
  const { pen, width, height } = sheet;
  pen.clearRect(0, 0, width, height);
  drawParameter(sheet, 0, view, "mu", "\u03BC");
  drawParameter(sheet, (height + 6) / 2, view, "sigma", "\u03C3");
}

// Wide enough for 95 of 100 estimates: a few that lie far out are counted, so that the rest can be seen.
function reachOf(estimates, exact) {
  const distances = Float64Array.from(estimates, (value) => Math.abs(value - exact)).sort();
  return roundUp(1.3 * Math.max(distances[Math.floor(0.95 * distances.length)], 0.02), SCALES);
}

function drawParameter({ pen, width, height }, top, { state: { n }, draws, exact }, name, sign) {
  const truth = exact[name];
  const reach = reachOf([...draws.path[name], ...draws.score[name]], truth);
  const high = Math.round(((height + 6) / 2 - WORDS.title - WORDS.between - WORDS.below) / 2);
  const place = { left: 16, width: width - 32, height: high, x: [truth - reach, truth + reach], y: [0, 1] };
  const path = frame(pen, { ...place, top: top + WORDS.title });
  const score = frame(pen, { ...place, top: path.bottom + WORDS.between });
  const count = `${n} ${n === 1 ? "draw" : "draws"}`;
  write(pen, `\u2202E[h(z)]/\u2202${sign} from ${count}`, 16, top + 20, { bold: true, size: 16 });
  histogram(path, draws.path[name], PATH);
  histogram(score, draws.score[name], SCORE);
  stroke(pen, [[path.left, path.bottom], [path.right, path.bottom]], { color: "#555", width: 1 });
  const line = [[path.X(truth), path.top], [path.X(truth), score.bottom + 5]];
  stroke(pen, line, { color: "#000", width: 2, dash: [6, 4] });
  write(pen, "reparameterization", 16, path.top - 4, { size: 14, bold: true, color: wordColor(COLORS.encoder) });
  write(pen, "score function", 16, score.top - 4, { size: 14, bold: true, color: wordColor(COLORS.warning) });
  const values = [-0.75, 0, 0.75].map((share) => truth + share * reach);
  axisX(score, { values, format: (v) => number(v, reach < 20 ? 2 : 0) });
}

function histogram(f, values, color) {
  const counts = new Array(BINS).fill(0);
  const inside = values.filter((v) => v >= f.x[0] && v < f.x[1]);
  for (const v of inside) counts[Math.floor(((v - f.x[0]) / (f.x[1] - f.x[0])) * BINS)]++;
  const tallest = Math.max(...counts), wide = f.width / BINS;
  f.pen.fillStyle = color;
  counts.forEach((count, i) => {
    const height = (count / tallest) * f.height;
    f.pen.fillRect(f.left + i * wide, f.bottom - height, wide - 0.5, height);
  });
  const beyond = values.length - inside.length;
  if (beyond) write(f.pen, `${beyond} outside`, f.right, f.top - 4, { size: 14, align: "right" });
}
