// One above the other, on one scale of z: the draws of eps and where they go, h, and each draw's gradient for mu.

import { COLORS, wordColor } from "../page/colors.js";
import { drawHandles } from "../page/hand.js";
import { number } from "../page/numbers.js";
import { arrow, axisX, axisY, clip, curve, dot, frame, legend, roundUp, stroke, ticks, write } from "../page/plot.js";
import { FUNCTIONS } from "./math.js";

export const PATH = COLORS.encoder;
export const SCORE = COLORS.warning;
const MANTISSAS = [1, 1.5, 2, 3, 5, 7];
export const SCALES = [0.01, 0.1, 1, 10, 100, 1000].flatMap((power) => MANTISSAS.map((m) => m * power));
const NARROW = 500; // CSS pixels of the canvas: below, the legend has a row of its own

// Where the strips begin and how high they are: what the rows of words leave is theirs, shared as these numbers are.
const SHARES = { noise: 52, threads: 46, z: 72, h: 70, pulls: 90 };
const WORDS = { top: 26, aboveH: 18, abovePulls: 30, below: 42 }; // CSS pixels
function stripsOf(height) {
  const sum = (all) => Object.values(all).reduce((a, b) => a + b, 0);
  const unit = (height - sum(WORDS)) / sum(SHARES);
  const high = Object.fromEntries(Object.entries(SHARES).map(([name, share]) => [name, Math.round(unit * share)]));
  const z = WORDS.top + high.noise + high.threads, h = z + high.z + WORDS.aboveH;
  const pulls = { top: h + high.h + WORDS.abovePulls, bottom: height - WORDS.below };
  return { noise: [WORDS.top, high.noise], z: [z, high.z], h: [h, high.h], pulls };
}

const strip = ({ pen, width }, top, height, y) =>
  frame(pen, { left: 58, top, width: width - 70, height, x: [-7, 7], y });
const bell = (mean, sd) => (v) => Math.exp(-0.5 * ((v - mean) / sd) ** 2) / (sd * Math.sqrt(2 * Math.PI));

// Returns the frame of the density of z, through which a hand reads what it points at.
export function drawSamples(sheet, view) {
  const { pen, width, height } = sheet;
  pen.clearRect(0, 0, width, height);
  pen.save();
  clip({ pen, left: 0, top: 0, width, height });
  const held = drawTransport(sheet, view);
  drawFunction(sheet, view);
  drawPulls(sheet, view);
  pen.restore();
  return held;
}

// Above the noise, below the samples: a thread from each eps to its z is the path the gradient takes.
function drawTransport(sheet, { state, samples }) {
  const { mu, sigma } = state;
  const { noise, z } = stripsOf(sheet.height);
  const above = strip(sheet, ...noise, [0, 0.42]);
  const below = strip(sheet, ...z, [0, Math.max(0.42, 0.42 / sigma)]);
  curve(above, bell(0, 1), { color: "#555", fill: "rgba(0, 0, 0, 0.08)" });
  curve(below, bell(mu, sigma), { color: PATH, fill: "rgba(0, 158, 115, 0.16)" });
  samples.forEach((sample, i) => drawThread(above, below, sample, i % 4 === 0));
  nameClouds(above, below, state);
  drawHandles(below, state);
  return below;
}

function drawThread(above, below, { eps, z }, strong) {
  const { pen } = above;
  const from = [above.X(eps), above.bottom], to = [below.X(z), below.bottom];
  stroke(pen, [from, to], { color: strong ? PATH : "rgba(0, 158, 115, 0.35)", width: strong ? 2 : 1 });
  dot(pen, ...from, 4, { fill: "#555", color: "#fff", width: 1 });
  dot(pen, ...to, 4, { fill: PATH, color: "#fff", width: 1 });
}

function nameClouds(above, below, { mu, sigma }) {
  const { pen } = above;
  write(pen, "\u03B5", 30, above.bottom, { size: 18, bold: true });
  write(pen, "z", 30, below.bottom, { size: 18, bold: true });
  write(pen, `\u03B5 ~ N(0, 1)${above.width < NARROW ? "" : ", drawn once and kept"}`, 62, 18);
  const [place, align] = mu < 0 ? [above.right - 4, "right"] : [62, "left"]; // where the bell is not
  const look = { bold: true, color: wordColor(COLORS.encoder), align, halo: 4 };
  write(pen, "z = \u03BC + \u03C3\u03B5", place, below.top + 2, look);
  write(pen, `= ${number(mu, 2)} + ${number(sigma, 2)} \u03B5`, place, below.top + 22, look);
}

function drawFunction(sheet, { target, samples }) {
  const top = roundUp(Math.max(...samples.map(({ z }) => target.f(z)), 1.05), SCALES);
  const f = strip(sheet, ...stripsOf(sheet.height).h, [target === FUNCTIONS.sine ? -1.2 : 0, top * 1.05]);
  axisY(f, { values: f.y[0] < 0 ? [-1, 0, 1] : [0, top] });
  curve(f, target.f, { color: "#1a1a1a" });
  for (const { z } of samples) dot(f.pen, f.X(z), f.Y(target.f(z)), 4, { fill: PATH, color: "#fff", width: 1 });
  write(f.pen, "h(z)", 12, f.top + f.height / 2, { bold: true, baseline: "middle" });
}

// What each draw contributes to the gradient: h'(z), or h(z) times the score. Both have the same mean.
function drawPulls(sheet, { one, exact, samples }) {
  const pulls = samples.map(({ eps, z }) => ({ z, path: one.path(eps).mu, score: one.score(eps).mu }));
  const all = pulls.flatMap(({ path, score }) => [path, score, exact.mu]);
  const reach = (most) => roundUp(Math.max(most, 0.1), SCALES);
  const { pulls: place } = stripsOf(sheet.height), top = 12 + namePulls(sheet, place.top - 12);
  const f = strip(sheet, top, place.bottom - top, [-reach(-Math.min(...all)), reach(Math.max(...all))]);
  axisY(f, { values: ticks(f.y, 3), label: "\u2202/\u2202\u03BC" });
  for (const { z, path, score } of pulls) {
    arrow(f.pen, [f.X(z) + 2, f.Y(0)], [f.X(z) + 2, f.Y(score)], { color: SCORE });
    arrow(f.pen, [f.X(z) - 2, f.Y(0)], [f.X(z) - 2, f.Y(path)], { color: PATH });
  }
  stroke(f.pen, [[f.left, f.Y(exact.mu)], [f.right, f.Y(exact.mu)]], { color: "#000", width: 2, dash: [6, 4] });
  axisX(f, { label: "z" });
}

// Returns the y of the last row; the first one is at y.
function namePulls({ pen, width }, y) {
  const entries = [
    { name: "reparameterization", color: PATH },
    { name: "score function", color: SCORE },
    { name: "exact", color: "#000", dash: [6, 4] },
  ];
  const used = write(pen, "\u2202/\u2202\u03BC by each draw:", 58, y, { bold: true });
  return legend(pen, entries, ...(width < NARROW ? [30, y + 20] : [72 + used, y]), { gap: 14, right: width - 6 });
}
