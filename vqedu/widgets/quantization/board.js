// The board of the 2-D quantization explorer: the points, the codes and their cells, the gradients of a toy loss.

import { COLORS } from "../page/colors.js";
import { write, frame, axisX, axisY, clip, dot, arrow, dots, strokeAll } from "../page/plot.js";
import { toyGradient, voronoiCells } from "./math.js";
import { BOARD_LIMIT, onBoard, TARGET } from "./view.js";

const MARGIN = { left: 46, top: 8, right: 10, bottom: 46 };
const EDGE_SHARE = 0.9; // of the way to the edge: there is the mark of a code that lies off the board
const ARROW_SHARE = 0.2; // of the gradient's length, so that arrows stay on the board
const TINT = "rgba(204, 121, 167, 0.18)"; // of every cell alike: shades would look like a density
const TICKS = [-3, -2, -1, 0, 1, 2, 3];

// The height of a board that is `width` pixels wide: the points are in a square.
export const boardHeight = (width) => width - MARGIN.left - MARGIN.right + MARGIN.top + MARGIN.bottom;

export function boardFrame({ pen, width, height }) {
  const { left, top, right, bottom } = MARGIN;
  const range = [-BOARD_LIMIT, BOARD_LIMIT];
  return frame(pen, { left, top, width: width - left - right, height: height - top - bottom, x: range, y: range });
}

// Where a code is drawn, and can be held: its place, or the edge of the board on the way to it.
export function markerPlace(f, [x, y]) {
  if (onBoard([x, y])) return [f.X(x), f.Y(y)];
  const shrink = (EDGE_SHARE * BOARD_LIMIT) / Math.max(Math.abs(x), Math.abs(y));
  return [f.X(x * shrink), f.Y(y * shrink)];
}

export function drawBoard(surface, view) {
  const { pen, width, height } = surface;
  const { codes, arrows, selected, target } = view.state;
  pen.clearRect(0, 0, width, height);
  const f = boardFrame(surface);
  axisX(f, { values: TICKS, label: "z\u2081" });
  axisY(f, { values: TICKS, label: "z\u2082" });
  pen.save();
  clip(f);
  drawCells(f, codes);
  drawPoints(f, view);
  if (arrows) drawArrows(f, view);
  codes.forEach((code, k) => drawCode(f, code, k, { selected: selected === k, unused: view.counts[k] === 0 }));
  if (arrows) drawTarget(f, target, selected === TARGET);
  pen.restore();
}

function path(pen, corners) {
  pen.beginPath();
  corners.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.closePath();
}

function drawCells({ pen, X, Y }, codes) {
  voronoiCells(codes, BOARD_LIMIT).forEach((polygon) => {
    if (!polygon.length) return;
    path(pen, polygon.map(([x, y]) => [X(x), Y(y)]));
    pen.fillStyle = TINT;
    pen.fill();
    pen.strokeStyle = "#8F4A70";
    pen.lineWidth = 1.2;
    pen.stroke();
  });
}

// Each point, and a line from it to the code that it chose.
function drawPoints({ pen, X, Y }, { points, indices, state }) {
  const places = points.map(([x, y]) => [X(x), Y(y)]), ends = state.codes.map(([x, y]) => [X(x), Y(y)]);
  strokeAll(pen, places.map((place, i) => [place, ends[indices[i]]]), { color: "rgba(0, 112, 79, 0.4)", width: 1 });
  dots(pen, places, 3.2, COLORS.encoder);
}

// A disc with the code's number; a code off the board shows at its edge, with an arrow in its direction. Unused: gray.
function drawCode(f, code, k, { selected, unused }) {
  const [x, y] = markerPlace(f, code);
  if (!onBoard(code)) {
    const length = Math.hypot(...code);
    const [ux, uy] = [code[0] / length, -code[1] / length];
    arrow(f.pen, [x + ux * 10, y + uy * 10], [x + ux * 25, y + uy * 25], { color: "#555", width: 3, head: 11 });
  }
  if (selected) dot(f.pen, x, y, 17, { fill: "#fff", color: "#000", width: 2.5 });
  const colors = unused ? { fill: "#d9d9d9", color: "#767676" } : { fill: COLORS.codebook, color: "#6B2E50" };
  dot(f.pen, x, y, 12, { ...colors, width: 2 });
  write(f.pen, String(k), x, y + 0.5, { size: 14, bold: true, align: "center", baseline: "middle" });
}

// Minus the gradient at each code, and its copy at each point that chose the code; the selected code's are stronger.
function drawArrows(f, { state: { codes, target, selected }, points, indices, counts }) {
  const tip = ([x, y], k) => {
    const [gx, gy] = toyGradient(codes[k], target);
    return [[f.X(x), f.Y(y)], [f.X(x - ARROW_SHARE * gx), f.Y(y - ARROW_SHARE * gy)]];
  };
  const pale = { color: "rgba(0, 114, 178, 0.45)", width: 1, head: 6 };
  const strong = { color: COLORS.decoder, width: 2, head: 8 };
  points.forEach((point, i) => arrow(f.pen, ...tip(point, indices[i]), indices[i] === selected ? strong : pale));
  const heavy = { color: COLORS.decoder, width: 4, head: 13 };
  codes.forEach((code, k) => counts[k] && arrow(f.pen, ...tip(code, k), heavy));
}

function drawTarget({ pen, X, Y }, target, selected) {
  const [x, y] = [X(target[0]), Y(target[1])];
  if (selected) dot(pen, x, y, 19, { fill: "#fff", color: "#000", width: 2.5 });
  path(pen, [[x, y - 14], [x + 14, y], [x, y + 14], [x - 14, y]]);
  pen.fillStyle = COLORS.decoder;
  pen.fill();
  write(pen, "t", x, y, { color: "#fff", bold: true, align: "center", baseline: "middle" });
}
