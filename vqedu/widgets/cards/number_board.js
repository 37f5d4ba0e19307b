// A guess as a number on a scale, set by a slider; then the truth beside it.

import { COLORS } from "../page/colors.js";
import { canvas, element, fitWidth, onceAFrame, slider } from "../page/kit.js";
import { axisX, dot, frame, stroke, ticks, write } from "../page/plot.js";
import { nearness, saidNumber, scaleOf, stepsOf } from "./prediction_math.js";

export const YOURS = "#8A5F00"; // a darker orange, for lines and words
export const FOUND = COLORS.data;

// A name over or under its mark, kept inside the sheet.
function nameMark(f, share, y, text, color) {
  const align = share < 0.2 ? "left" : share > 0.8 ? "right" : "center";
  write(f.pen, text, f.X(share) + { left: -8, right: 8, center: 0 }[align], y, { align, bold: true, color, size: 16 });
}

function drawScale({ pen, width, height }, config, guess, revealed) {
  const { low, high, truth, unit, log } = config;
  const { share, value } = scaleOf(config);
  pen.clearRect(0, 0, width, height);
  const f = frame(pen, { left: 24, top: 34, width: width - 48, height: 30, x: [0, 1], y: [0, 1] });
  const yours = [f.X(share(guess)), f.Y(0.5)], found = [f.X(share(truth)), f.Y(0.5)];
  axisX(f, { values: tickValues([low, high], log).map(share), format: (s) => saidNumber(value(s)) });
  nameMark(f, share(guess), 20, `your guess: ${saidNumber(guess, unit)}`, YOURS);
  if (revealed) stroke(pen, [yours, found], { color: COLORS.warning, width: 5 });
  dot(pen, ...yours, 8, { fill: "#fff", color: YOURS, width: 4 });
  if (!revealed) return;
  dot(pen, ...found, 9, { fill: FOUND, color: "#fff" });
  nameMark(f, share(truth), f.bottom + 44, `what we find: ${saidNumber(truth, unit)}`, FOUND);
}

// Round values on a linear scale, and its ends; powers of ten on a logarithmic one.
export function tickValues([low, high], log) {
  const apart = (value) => Math.min(value - low, high - value) > (high - low) / 10;
  if (!log) return [low, ...ticks([low, high], 6).filter(apart), high];
  const powers = [];
  for (let p = Math.ceil(Math.log10(low) - 1e-9); p <= Math.log10(high) + 1e-9; p++) powers.push(10 ** p);
  return powers;
}

export function numberBoard(config) {
  const { low, high, truth, unit } = config;
  const steps = stepsOf(config), { share } = scaleOf(config);
  const sheet = canvas(740, 116, { role: "img", class: "vq-q-scale" });
  let value = steps.value(Math.round(steps.count / 2)), open = false;
  const draw = () => {
    drawScale(sheet, config, value, open);
    const ends = `Scale from ${saidNumber(low)} to ${saidNumber(high, unit)}`;
    const found = open ? `, what we find: ${saidNumber(truth, unit)}` : "";
    sheet.node.setAttribute("aria-label", `${ends}. Your guess: ${saidNumber(value, unit)}${found}.`);
  };
  const redraw = onceAFrame(draw);
  const hand = slider({
    label: "Your guess", min: 0, max: steps.count, step: 1, value: steps.nearest(value), color: YOURS,
    format: (i) => saidNumber(steps.value(Number(i)), unit), oninput: (i) => { value = steps.value(i); redraw(); },
  });
  const node = element("div", { class: "vq-q-number" }, hand.node, sheet.node);
  fitWidth(sheet, redraw);
  sheet.node.addEventListener("sharpened", redraw);
  return {
    node, guess: () => value,
    show(guess = value, revealed) {
      value = guess;
      open = revealed;
      hand.show(steps.nearest(value));
      hand.input.disabled = hand.node.hidden = revealed;
      draw();
    },
    fits: (guess) => Number.isFinite(guess) && guess >= low && guess <= high,
    comment: (guess) => nearness(Math.abs(share(guess) - share(truth))),
  };
}
