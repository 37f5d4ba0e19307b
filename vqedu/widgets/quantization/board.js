// The pictures of the 2-D quantization explorer: points, codes and cells on a board; how often each code is chosen; the loss.
import { COLORS } from "../page/kit.js";
import { number } from "../page/numbers.js";
import { write, frame, axisX, axisY, ticks, stroke, clip, dot, arrow } from "../page/plot.js";
import { toyGradient, voronoiCells } from "./math.js";

export const BOARD_LIMIT = 3.2; // as quantization_2d.LIMIT
export const TARGET = "target"; // what `selected` is when the hand holds the target, no code
const EDGE_SHARE = 0.9; // of the way to the edge: there stands the mark of a code that lies off the board
const ARROW_SHARE = 0.2; // of the gradient's length, so that arrows stay on the board
const TINTS = [0.1, 0.22, 0.34, 0.16, 0.28].map((alpha) => `rgba(204, 121, 167, ${alpha})`);

export const onBoard = ([x, y]) => Math.max(Math.abs(x), Math.abs(y)) <= BOARD_LIMIT;

export function boardFrame(pen) {
  return frame(pen, { left: 46, top: 8, width: 490, height: 490, x: [-BOARD_LIMIT, BOARD_LIMIT], y: [-BOARD_LIMIT, BOARD_LIMIT] });
}

// Where a code is drawn, and can be held: its place, or the edge of the board on the way to it.
export function markerPlace(f, [x, y]) {
  if (onBoard([x, y])) return [f.X(x), f.Y(y)];
  const shrink = (EDGE_SHARE * BOARD_LIMIT) / Math.max(Math.abs(x), Math.abs(y));
  return [f.X(x * shrink), f.Y(y * shrink)];
}

export function drawBoard({ pen, width, height }, state, points, measured) {
  pen.clearRect(0, 0, width, height);
  const f = boardFrame(pen);
  axisX(f, { values: [-3, -2, -1, 0, 1, 2, 3], label: "z\u2081" });
  axisY(f, { values: [-3, -2, -1, 0, 1, 2, 3], label: "z\u2082" });
  pen.save();
  clip(f);
  drawCells(f, state.codes);
  points.forEach((point, i) => {
    const code = state.codes[measured.indices[i]];
    stroke(pen, [[f.X(point[0]), f.Y(point[1])], [f.X(code[0]), f.Y(code[1])]], { color: "rgba(0, 112, 79, 0.4)", width: 1 });
  });
  for (const [x, y] of points) dot(pen, f.X(x), f.Y(y), 3.2, { fill: COLORS.encoder });
  if (state.arrows) drawArrows(f, state, points, measured);
  state.codes.forEach((code, k) => drawCode(f, code, k, state.selected === k, measured.counts[k] === 0));
  if (state.arrows) drawTarget(f, state);
  pen.restore();
}

function drawCells({ pen, X, Y }, codes) {
  voronoiCells(codes, BOARD_LIMIT).forEach((polygon, k) => {
    if (!polygon.length) return;
    pen.beginPath();
    polygon.forEach(([x, y], i) => (i ? pen.lineTo(X(x), Y(y)) : pen.moveTo(X(x), Y(y))));
    pen.closePath();
    pen.fillStyle = TINTS[k % TINTS.length];
    pen.fill();
    pen.strokeStyle = "#8F4A70";
    pen.lineWidth = 1.2;
    pen.stroke();
  });
}

// A disc with the code's number; a code off the board shows at its edge, with an arrow in its direction. Unused: grey.
function drawCode(f, code, k, selected, unused) {
  const [x, y] = markerPlace(f, code);
  if (!onBoard(code)) {
    const length = Math.hypot(...code);
    const [ux, uy] = [code[0] / length, -code[1] / length];
    arrow(f.pen, [x + ux * 10, y + uy * 10], [x + ux * 25, y + uy * 25], { color: "#555", width: 3, head: 11 });
  }
  if (selected) dot(f.pen, x, y, 17, { fill: "#fff", color: "#000", width: 2.5 });
  dot(f.pen, x, y, 12, { fill: unused ? "#d9d9d9" : COLORS.codebook, color: unused ? "#767676" : "#6B2E50", width: 2 });
  write(f.pen, String(k), x, y + 0.5, { size: 14, bold: true, align: "center", baseline: "middle" });
}

// Minus the gradient at each code, and its copy at every point that chose the code; those of the selected code stand out.
function drawArrows(f, { codes, target, selected }, points, { indices, counts }) {
  const tip = ([x, y], k) => {
    const [gx, gy] = toyGradient(codes[k], target);
    return [[f.X(x), f.Y(y)], [f.X(x - ARROW_SHARE * gx), f.Y(y - ARROW_SHARE * gy)]];
  };
  points.forEach((point, i) => {
    const own = indices[i] === selected;
    arrow(f.pen, ...tip(point, indices[i]), { color: own ? COLORS.decoder : "rgba(0, 114, 178, 0.45)", width: own ? 2 : 1, head: own ? 8 : 6 });
  });
  codes.forEach((code, k) => counts[k] && arrow(f.pen, ...tip(code, k), { color: COLORS.decoder, width: 4, head: 13 }));
}

function drawTarget({ pen, X, Y }, { target, selected }) {
  const [x, y] = [X(target[0]), Y(target[1])];
  if (selected === TARGET) dot(pen, x, y, 19, { fill: "#fff", color: "#000", width: 2.5 });
  pen.beginPath();
  [[0, -14], [14, 0], [0, 14], [-14, 0]].forEach(([dx, dy], i) => (i ? pen.lineTo(x + dx, y + dy) : pen.moveTo(x + dx, y + dy)));
  pen.closePath();
  pen.fillStyle = COLORS.decoder;
  pen.fill();
  write(pen, "t", x, y, { color: "#fff", bold: true, align: "center", baseline: "middle" });
}

// Above: the share of the points that chose each code, with a line where all would be equal. Below: the loss, step by step.
export function drawCharts({ pen, width, height }, { codes, selected }, { counts, indices }, trace) {
  pen.clearRect(0, 0, width, height);
  drawUsage(pen, counts.map((count) => count / indices.length), selected, codes.length);
  const top = niceTop(Math.max(...trace));
  const f = frame(pen, { left: 54, top: 164, width: 318, height: 78, x: [0, Math.max(trace.length - 1, 20)], y: [0, top] });
  const decimals = String(Number((top / 2).toPrecision(3))).split(".")[1]?.length ?? 0; // half of 15 is not 8
  axisY(f, { values: [0, top / 2, top], format: (v) => number(v, decimals) });
  axisX(f, { values: ticks(f.x, 4), label: "steps" });
  stroke(pen, trace.map((loss, i) => [f.X(i), f.Y(loss)]), { color: COLORS.codebook, width: 3 });
  dot(pen, f.X(trace.length - 1), f.Y(trace.at(-1)), 4, { fill: COLORS.codebook });
  write(pen, "mean squared distance", f.left, f.top - 10, { size: 14, bold: true });
}

function drawUsage(pen, shares, selected, K) {
  const f = frame(pen, { left: 54, top: 26, width: 318, height: 78, x: [0, K], y: [0, Math.max(0.25, ...shares) * 1.05] });
  axisY(f, { values: ticks(f.y, 2), format: (v) => `${Math.round(100 * v)}%` });
  const wide = (f.width / K) * 0.7;
  shares.forEach((share, k) => {
    pen.fillStyle = k === selected ? "#6B2E50" : COLORS.codebook;
    pen.fillRect(f.X(k + 0.5) - wide / 2, f.Y(share), wide, f.bottom - f.Y(share));
    write(pen, String(k), f.X(k + 0.5), f.bottom + 17, { size: 14, align: "center", bold: k === selected });
  });
  stroke(pen, [[f.left, f.bottom], [f.right, f.bottom]], { color: "#555", width: 1 });
  stroke(pen, [[f.left, f.Y(1 / K)], [f.right, f.Y(1 / K)]], { color: "#555", width: 1.5, dash: [5, 4] });
  write(pen, "share of the points; dashed: 1/K each", f.left, 14, { size: 14, bold: true });
}

// The first round number that holds `value`.
function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return [1, 1.5, 2, 3, 4, 5, 8, 10].find((m) => m * power >= value) * power;
}
