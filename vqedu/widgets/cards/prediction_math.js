// The arithmetic of a guess: its place on a scale, how far it lies from the truth, how it is said.

import { withMinus } from "../page/numbers.js";

const STEPS = 200; // of a logarithmic slider
export const COLUMNS = 49; // of a sketch

// A scale from low to high: share() says where a value lies, 0 to 1, and value() the reverse.
export function scaleOf({ low, high, log }) {
  if (!log) return { share: (value) => (value - low) / (high - low), value: (share) => low + share * (high - low) };
  const span = Math.log(high / low);
  return { share: (value) => Math.log(value / low) / span, value: (share) => low * Math.exp(share * span) };
}

// The values a slider can take, by the number of the step: round on a linear scale, two digits on a logarithmic one.
export function stepsOf({ low, high, step, log }) {
  const scale = scaleOf({ low, high, log });
  const count = log ? STEPS : Math.round((high - low) / step);
  const between = (i) => (log ? scale.value(i / count).toPrecision(2) : (low + i * step).toPrecision(12));
  const value = (i) => (i >= count ? high : i <= 0 ? low : Number(between(i)));
  return { count, value, nearest: (wanted) => Math.round(scale.share(wanted) * count) };
}

// A number with its unit, thousands apart, with a real minus sign.
export function saidNumber(value, unit = "") {
  const text = withMinus(Number(value.toPrecision(4)).toLocaleString("en-US", { maximumFractionDigits: 6 }));
  return unit ? `${text}${unit === "%" ? "" : "\u00A0"}${unit}` : text;
}

// The straight line from point to point, in the shares of both scales; flat beyond the ends.
export function lineThrough(points) {
  return (x) => {
    if (x <= points[0][0]) return points[0][1];
    const i = points.findIndex(([right]) => right >= x);
    if (i < 0) return points.at(-1)[1];
    const [[x0, y0], [x1, y1]] = [points[i - 1], points[i]];
    return y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
  };
}

// The mean distance between a sketch, its heights at equal steps, and the true curve.
export function meanDistance(heights, truth) {
  return heights.reduce((sum, y, i) => sum + Math.abs(y - truth(i / (heights.length - 1))), 0) / heights.length;
}

// The heights after the hand has gone from one place to another: every column between them takes its part.
export function sketched(heights, [x0, y0], [x1, y1]) {
  const last = heights.length - 1;
  const [from, to] = [Math.round(x0 * last), Math.round(x1 * last)];
  const [low, high] = [Math.min(from, to), Math.max(from, to)];
  const onTheWay = (i) => (from === to ? y1 : y0 + ((i - from) / (to - from)) * (y1 - y0));
  return heights.map((y, i) => (i < low || i > high ? y : onTheWay(i)));
}

// How near a guess came, from its distance as a share of the scale.
export function nearness(distance) {
  if (distance < 0.02) return "On the mark.";
  if (distance < 0.08) return "Close.";
  return distance < 0.25 ? "Not far off." : "Far off: worth remembering.";
}
