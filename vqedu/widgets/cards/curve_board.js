// A guess as a curve, sketched by pointer or keys; then the true curve over it.

import { canvas, element, fitWidth, notOurs, onceAFrame, position } from "../page/kit.js";
import { clamp } from "../page/numbers.js";
import { axisX, axisY, dot, frame, legend, stroke, write } from "../page/plot.js";
import { FOUND, tickValues, YOURS } from "./number_board.js";
import { COLUMNS, lineThrough, meanDistance, nearness, saidNumber, scaleOf, sketched } from "./prediction_math.js";

const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const WIDE = 420; // CSS pixels: below, what to do takes two lines
const HOW = "Left and right arrow keys choose a place, up and down its height and that of all places to its right; "
  + "with shift, in large steps.";

const acrossOf = ({ x, log }) => scaleOf({ low: x[0], high: x.at(-1), log });

function drawSheet({ pen, width, height }, config, sketch, revealed, focused) {
  const { x, y, log, x_label: xLabel, y_label: yLabel } = config;
  const across = acrossOf(config);
  pen.clearRect(0, 0, width, height);
  const f = frame(pen, { left: 84, top: 40, width: width - 108, height: height - 92, x: [0, 1], y });
  axisY(f, { label: yLabel });
  const places = x.length < 8 ? x : tickValues([x[0], x.at(-1)], log);
  axisX(f, { values: places.map(across.share), format: (s) => saidNumber(across.value(s)), label: xLabel });
  drawSketch(f, sketch, focused && !revealed);
  if (revealed) drawTruth(f, config, across);
  const found = revealed ? [{ name: "what we find", color: FOUND }] : [];
  legend(pen, [{ name: "your sketch", color: YOURS }, ...found], f.left, 24);
  return f;
}

function drawSketch(f, { heights, drawn, column }, focused) {
  const points = heights.map((value, i) => [f.X(i / (COLUMNS - 1)), f.Y(value)]);
  stroke(f.pen, points, { color: YOURS, width: 4, dash: drawn ? [] : [6, 6] });
  if (focused) dot(f.pen, ...points[column], 8, { fill: "#fff", color: YOURS, width: 3 });
  if (drawn) return;
  const place = [f.left + f.width / 2, f.Y(heights[0]) - 12];
  const words = ["draw your curve here", "drag, or use arrow keys"], [x, y] = place;
  const lines = f.width < WIDE ? words : [words.join(": ")];
  const line = (i) => y - 20 * (lines.length - 1 - i);
  lines.forEach((text, i) => write(f.pen, text, x, line(i), { align: "center", color: YOURS, bold: true }));
}

function drawTruth(f, { x, truth }, across) {
  const points = truth.map((value, i) => [f.X(across.share(x[i])), f.Y(value)]);
  stroke(f.pen, points, { color: FOUND, width: 3 });
  if (points.length < 12) for (const place of points) dot(f.pen, ...place, 4.5, { fill: FOUND });
}

const SIDEWAYS = 8; // CSS pixels after which a finger sketches; one that goes up or down scrolls the page

// A pointer that sketches: draw(from, to), both as [share of x, height], for every move while it is down.
function sketchByPointer(node, place, isOpen, draw) {
  let last = null, finger = null; // where it came down and has not gone sideways yet
  const go = (event) => {
    const now = place(event);
    draw(last ?? now, now);
    last = now;
  };
  node.addEventListener("pointerdown", (event) => {
    if (isOpen() || event.button !== 0) return;
    node.setPointerCapture(event.pointerId);
    if (event.pointerType === "touch") finger = event;
    else go(event);
  });
  node.addEventListener("pointermove", (event) => {
    if (isOpen()) return;
    if (finger && Math.abs(event.clientX - finger.clientX) > SIDEWAYS) [last, finger] = [place(finger), null];
    if (last) go(event);
  });
  for (const end of ["pointerup", "pointercancel"]) node.addEventListener(end, () => { last = finger = null; });
}

// By keyboard the sketch grows from left to right: a height goes on to the right end until it is changed there.
function sketchByKeys(node, isOpen, step) {
  node.addEventListener("keydown", (event) => {
    const [right, up] = KEYS[event.key] ?? [];
    if (right === undefined || isOpen() || notOurs(event)) return;
    event.preventDefault();
    const far = event.shiftKey ? 5 : 1;
    step(far * right, far * up);
  });
}

// The sketch one step on: `right` columns, and up by so many fiftieths of the sheet.
function stepped({ heights, drawn, column }, right, up, y) {
  const at = clamp(column + right, [0, COLUMNS - 1]);
  const height = clamp(heights[at] + (up * (y[1] - y[0])) / 50, y);
  return { column: at, drawn: drawn || up !== 0, heights: heights.map((h, i) => (up && i >= at ? height : h)) };
}

function sheetWords({ x, truth, x_label: xLabel, y_label: yLabel }, revealed) {
  const table = x.map((value, i) => `${saidNumber(value)}: ${saidNumber(truth[i])}`).join("; ");
  if (revealed) return `${yLabel} over ${xLabel}: your sketch, and what we find: ${table}.`;
  return `Sheet for your sketch of ${yLabel} over ${xLabel}. ${HOW}`;
}

export function curveBoard(config) {
  const { x, y, truth, x_label: xLabel, y_label: yLabel } = config;
  const across = acrossOf(config);
  const sheet = canvas(740, 300, { tabindex: 0, class: "vq-q-sheet" }), { node: paper } = sheet;
  const said = element("p", { class: "vq-note", role: "status" });
  const blank = () => ({ heights: Array(COLUMNS).fill((y[0] + y[1]) / 2), drawn: false, column: 0 });
  let sketch = blank(), open = false, f;
  const draw = () => { f = drawSheet(sheet, config, sketch, open, paper.getRootNode().activeElement === paper); };
  const redraw = onceAFrame(draw);
  const node = element("div", {}, paper, said);
  fitWidth(sheet, redraw);
  for (const change of ["focus", "blur", "sharpened"]) paper.addEventListener(change, redraw);
  const place = (event) => {
    const [px, py] = position(event, sheet);
    return [clamp(f.valueAt(px), [0, 1]), clamp(y[0] + ((f.bottom - py) / f.height) * (y[1] - y[0]), y)];
  };
  sketchByPointer(paper, place, () => open, (from, to) => {
    sketch = { ...sketch, heights: sketched(sketch.heights, from, to), drawn: true };
    redraw();
  });
  sketchByKeys(paper, () => open, (right, up) => {
    sketch = stepped(sketch, right, up, y);
    const at = saidNumber(across.value(sketch.column / (COLUMNS - 1)));
    said.textContent = `${xLabel} ${at}: ${yLabel} ${saidNumber(sketch.heights[sketch.column])}`;
    redraw();
  });
  return {
    node, guess: () => (sketch.drawn ? sketch.heights : undefined), missing: "Draw your curve first.",
    show(guess, revealed) {
      if (revealed) sketch = { heights: guess, drawn: true, column: 0 };
      else if (open) sketch = blank();
      open = revealed;
      said.textContent = "";
      paper.toggleAttribute("data-done", revealed);
      paper.setAttribute("role", revealed ? "img" : "application");
      paper.setAttribute("aria-label", sheetWords(config, revealed));
      draw();
    },
    fits: (guess) => Array.isArray(guess) && guess.length === COLUMNS && guess.every(Number.isFinite),
    comment(guess) {
      const distance = meanDistance(guess, lineThrough(x.map((value, i) => [across.share(value), truth[i]])));
      const off = saidNumber(Number(distance.toPrecision(2)));
      return `On average your sketch is ${off} off. ${nearness(distance / (y[1] - y[0]))}`;
    },
  };
}
