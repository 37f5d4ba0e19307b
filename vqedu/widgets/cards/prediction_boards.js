// The three ways to guess. A board has its node, guess() (undefined where there is none), show(guess, revealed),
// fits(guess), and comment(guess): how the guess compares with the truth.
import { COLORS, element, canvas, fitWidth, notOurs, onceAFrame, position, slider } from "../page/kit.js";
import { write, frame, axisX, axisY, ticks, stroke, dot, legend } from "../page/plot.js";
import { choiceRows } from "./question.js";
import { COLUMNS, scaleOf, stepsOf, saidNumber, lineThrough, meanDistance, sketched, nearness } from "./prediction_math.js";

const YOURS = "#8A5F00"; // a darker orange, for lines and words
const FOUND = COLORS.data;

function choiceBoard({ choices, answer }) {
  const rows = choiceRows(choices);
  const show = (guess, revealed) => choices.forEach((choice) => {
    const mine = choice === guess, found = choice === answer;
    const kind = !revealed ? "" : found ? "right" : mine ? "wrong" : "";
    const marks = [mine && "your guess", found && "what we find"].filter(Boolean).join(", ");
    rows.show(choice, { checked: mine, disabled: revealed, kind, mark: revealed ? marks : "" });
  });
  return {
    node: rows.node, show, guess: rows.chosen, fits: (guess) => choices.includes(guess), missing: "Pick an answer first.",
    comment: (guess) => (guess === answer ? "As you said." : "Not what you said."),
  };
}

// A name over or under its mark, kept inside the sheet.
function nameMark(f, share, y, text, color) {
  const align = share < 0.2 ? "left" : share > 0.8 ? "right" : "center";
  write(f.pen, text, f.X(share) + { left: -8, right: 8, center: 0 }[align], y, { align, bold: true, color, size: 16 });
}

function drawScale({ pen, width, height }, config, guess, revealed) {
  const { low, high, truth, unit, log } = config;
  const { share } = scaleOf(config);
  pen.clearRect(0, 0, width, height);
  const f = frame(pen, { left: 24, top: 34, width: width - 48, height: 30, x: [0, 1], y: [0, 1] });
  axisX(f, { values: tickValues([low, high], log).map(share), format: (s) => saidNumber(scaleOf(config).value(s)) });
  nameMark(f, share(guess), 20, `your guess: ${saidNumber(guess, unit)}`, YOURS);
  if (revealed) stroke(pen, [[f.X(share(guess)), f.Y(0.5)], [f.X(share(truth)), f.Y(0.5)]], { color: COLORS.warning, width: 5 });
  dot(pen, f.X(share(guess)), f.Y(0.5), 8, { fill: "#fff", color: YOURS, width: 4 });
  if (!revealed) return;
  dot(pen, f.X(share(truth)), f.Y(0.5), 9, { fill: FOUND, color: "#fff" });
  nameMark(f, share(truth), f.bottom + 44, `what we find: ${saidNumber(truth, unit)}`, FOUND);
}

// Round values on a linear scale, and its ends; powers of ten on a logarithmic one.
export function tickValues([low, high], log) {
  const apart = (value) => Math.min(value - low, high - value) > (high - low) / 20;
  if (!log) return [low, ...ticks([low, high], 6).filter(apart), high];
  const powers = [];
  for (let p = Math.ceil(Math.log10(low) - 1e-9); p <= Math.log10(high) + 1e-9; p++) powers.push(10 ** p);
  return powers;
}

function numberBoard(config) {
  const { low, high, truth, unit } = config;
  const steps = stepsOf(config);
  const { share } = scaleOf(config);
  const sheet = canvas(740, 116, { role: "img", class: "vq-q-scale" });
  let value = steps.value(Math.round(steps.count / 2));
  let open = false;
  const draw = () => {
    drawScale(sheet, config, value, open);
    const found = open ? `, what we find: ${saidNumber(truth, unit)}` : "";
    sheet.node.setAttribute("aria-label", `Scale from ${saidNumber(low)} to ${saidNumber(high, unit)}. Your guess: ${saidNumber(value, unit)}${found}.`);
  };
  const redraw = onceAFrame(draw);
  const hand = slider({
    label: "Your guess", min: 0, max: steps.count, step: 1, value: steps.nearest(value), color: YOURS,
    format: (i) => saidNumber(steps.value(Number(i)), unit), oninput: (i) => { value = steps.value(i); redraw(); },
  });
  const node = element("div", { class: "vq-q-number" }, hand.node, sheet.node);
  fitWidth(sheet, redraw);
  sheet.node.addEventListener("sharpened", redraw);
  const show = (guess, revealed) => {
    if (guess !== undefined) value = guess;
    open = revealed;
    hand.show(steps.nearest(value));
    hand.input.disabled = revealed;
    hand.node.hidden = revealed;
    draw();
  };
  return {
    node, show, guess: () => value,
    fits: (guess) => Number.isFinite(guess) && guess >= low && guess <= high,
    comment: (guess) => nearness(Math.abs(share(guess) - share(truth))),
  };
}

function drawSheet({ pen, width, height }, config, { heights, drawn, column }, revealed, focused) {
  const { x, y, log, x_label: xLabel, y_label: yLabel } = config;
  const across = scaleOf({ low: x[0], high: x.at(-1), log });
  pen.clearRect(0, 0, width, height);
  const f = frame(pen, { left: 84, top: 40, width: width - 108, height: height - 92, x: [0, 1], y });
  axisY(f, { label: yLabel });
  const places = x.length < 8 ? x : tickValues([x[0], x.at(-1)], log);
  axisX(f, { values: places.map(across.share), format: (s) => saidNumber(across.value(s)), label: xLabel });
  const points = heights.map((value, i) => [f.X(i / (COLUMNS - 1)), f.Y(value)]);
  stroke(pen, points, { color: YOURS, width: 4, dash: drawn ? [] : [6, 6] });
  if (focused && !revealed) dot(pen, ...points[column], 8, { fill: "#fff", color: YOURS, width: 3 });
  if (!drawn) write(pen, "draw your curve here: drag, or use the arrow keys", f.left + f.width / 2, f.Y(heights[0]) - 12, { align: "center", color: YOURS, bold: true });
  if (revealed) {
    const truth = config.truth.map((value, i) => [f.X(across.share(x[i])), f.Y(value)]);
    stroke(pen, truth, { color: FOUND, width: 3 });
    if (truth.length < 12) for (const place of truth) dot(pen, ...place, 4.5, { fill: FOUND });
  }
  legend(pen, [{ name: "your sketch", color: YOURS }, ...(revealed ? [{ name: "what we find", color: FOUND }] : [])], f.left, 24);
  return f;
}

function curveBoard(config) {
  const { x, y, log, truth, x_label: xLabel, y_label: yLabel } = config;
  const across = scaleOf({ low: x[0], high: x.at(-1), log });
  const down = (value) => Math.min(Math.max(value, y[0]), y[1]);
  const trueLine = lineThrough(x.map((value, i) => [across.share(value), truth[i]]));
  const sheet = canvas(740, 300, { tabindex: 0, class: "vq-q-sheet" });
  const said = element("p", { class: "vq-note", role: "status" });
  const blank = () => ({ heights: Array(COLUMNS).fill((y[0] + y[1]) / 2), drawn: false, column: 0 });
  let sketch = blank(), open = false, f, last;
  const draw = () => { f = drawSheet(sheet, config, sketch, open, sheet.node.getRootNode().activeElement === sheet.node); };
  const redraw = onceAFrame(draw);
  const node = element("div", {}, sheet.node, said);
  fitWidth(sheet, redraw);
  const place = (event) => {
    const [px, py] = position(event, sheet);
    return [Math.min(Math.max(f.valueAt(px), 0), 1), down(y[0] + ((f.bottom - py) / f.height) * (y[1] - y[0]))];
  };
  const hand = (event) => {
    const now = place(event);
    sketch = { ...sketch, heights: sketched(sketch.heights, last ?? now, now), drawn: true };
    last = now;
    redraw();
  };
  sheet.node.addEventListener("pointerdown", (event) => { if (!open && event.button === 0) { sheet.node.setPointerCapture(event.pointerId); last = undefined; hand(event); } });
  sheet.node.addEventListener("pointermove", (event) => { if (!open && last) hand(event); });
  for (const end of ["pointerup", "pointercancel"]) sheet.node.addEventListener(end, () => { last = undefined; });
  for (const change of ["focus", "blur", "sharpened"]) sheet.node.addEventListener(change, redraw);
  // By keyboard the sketch grows from left to right: a height goes on to the right end until it is changed there.
  sheet.node.addEventListener("keydown", (event) => {
    const far = event.shiftKey ? 5 : 1;
    const [right, up] = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, far], ArrowDown: [0, -far] }[event.key] ?? [];
    if (right === undefined || open || notOurs(event)) return;
    event.preventDefault();
    const column = Math.min(Math.max(sketch.column + right, 0), COLUMNS - 1);
    const height = down(sketch.heights[column] + (up * (y[1] - y[0])) / 50);
    sketch = { column, drawn: sketch.drawn || up !== 0, heights: sketch.heights.map((h, i) => (up && i >= column ? height : h)) };
    said.textContent = `${xLabel} ${saidNumber(across.value(column / (COLUMNS - 1)))}: ${yLabel} ${saidNumber(height)}`;
    redraw();
  });
  const distance = (heights) => meanDistance(heights, trueLine);
  const show = (guess, revealed) => {
    if (revealed) sketch = { heights: guess, drawn: true, column: 0 };
    else if (open) sketch = blank();
    open = revealed;
    said.textContent = "";
    sheet.node.toggleAttribute("data-done", revealed);
    sheet.node.setAttribute("role", revealed ? "img" : "application");
    const table = x.map((value, i) => `${saidNumber(value)}: ${saidNumber(truth[i])}`).join("; ");
    sheet.node.setAttribute("aria-label", revealed
      ? `${yLabel} over ${xLabel}: your sketch, and what we find: ${table}.`
      : `Sheet for your sketch of ${yLabel} over ${xLabel}. Left and right arrow keys choose a place, up and down its height and that of all places to its right; with shift, in large steps.`);
    draw();
  };
  return {
    node, show, guess: () => (sketch.drawn ? sketch.heights : undefined), missing: "Draw your curve first.",
    fits: (guess) => Array.isArray(guess) && guess.length === COLUMNS && guess.every(Number.isFinite),
    comment: (guess) => `On average your sketch is ${saidNumber(Number(distance(guess).toPrecision(2)))} off. ${nearness(distance(guess) / (y[1] - y[0]))}`,
  };
}

export const BOARDS = { choice: choiceBoard, number: numberBoard, curve: curveBoard };
