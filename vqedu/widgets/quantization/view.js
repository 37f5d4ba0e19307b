// From the state to every number of the picture, and what a hand does to the state. Nothing here touches the page.

import { number } from "../page/numbers.js";
import {
  emaStep, freshBook, gradientStep, kmeansStep, measureCodes, placeCode, shuffled, wideCodes,
} from "./math.js";

export const BOARD_LIMIT = 3.2; // as plots.plane.LIMIT
export const TARGET = "target"; // what `selected` is when the hand has taken the target, not a code
export const MOST_CODES = 16;
const LONGEST_CURVE = 200; // losses, the present one among them
export const METHODS = {
  kmeans: { name: "k-means", step: kmeansStep },
  ema: { name: "EMA", step: emaStep },
  gradient: { name: "gradient", step: gradientStep },
};

export const onBoard = ([x, y]) => Math.max(Math.abs(x), Math.abs(y)) <= BOARD_LIMIT;

// sets: the points by name. Which code each point chooses, what the codebook is worth, how its loss went so far.
export const viewer = (sets) => (state) => {
  const points = sets[state.data];
  const measured = measureCodes(points, state.codes);
  return { state, points, ...measured, curve: [...state.losses, measured.loss] };
};

const atMean = (code, sum, count) => Math.hypot(code[0] - sum[0] / count, code[1] - sum[1] / count) < 1e-4;

// What there is to see, in one sentence.
export function headline({ state: { codes, arrows }, counts, sums, used }) {
  if (arrows) return "Straight-through: the gradient at a code is copied to every point that chose it";
  const dead = codes.length - used;
  if (dead === 1) return "1 code has no points: no average and no gradient reaches it";
  if (dead) return `${dead} of ${codes.length} codes have no points: no average and no gradient reaches them`;
  if (codes.every((code, k) => atMean(code, sums[k], counts[k]))) {
    return "Every code is at the mean of its points: no step moves it";
  }
  return codes.length === 1 ? "One code for all points" : `Each point takes the nearest of ${codes.length} codes`;
}

const placeWords = ([x, y]) => `(${number(x, 2)}, ${number(y, 2)})`;

export function selectedWords({ state: { codes, selected, target }, counts, indices }) {
  if (selected === TARGET) return `Target t at ${placeWords(target)}; L = \u00BD|z_q \u2212 t|\u00B2`;
  const count = counts[selected];
  const share = `${count} ${count === 1 ? "point" : "points"} (${Math.round((100 * count) / indices.length)}%)`;
  const code = codes[selected];
  return `Code ${selected}${onBoard(code) ? ` at ${placeWords(code)}` : ", off the board"}: ${share}`;
}

// What a screen reader says of the picture.
export const spoken = (view) =>
  `${headline(view)}. ${selectedWords(view)}. Mean squared distance ${number(view.loss)}.`;

const bookOf = ({ codes, counts, sums }) => ({ codes, counts, sums });
const next = (state) => ({ seed: state.seed + 1 }); // other random points the next time

// Points at random, none of them where a code is: of two equal codes the second would be dead.
function freePoints({ seed, codes }, points, count) {
  const taken = ([x, y]) => codes.some((code) => code[0] === x && code[1] === y);
  const found = shuffled(seed, points.length).map((i) => [...points[i]]).filter((point) => !taken(point));
  return found.slice(0, count);
}

// Codes without points onto points.
export function revived({ state, points, counts }) {
  const places = freePoints(state, points, state.codes.length);
  return counts.reduce((book, count, k) => (count ? book : placeCode(book, k, places[k])), bookOf(state));
}

// The first K codes, and where there are fewer, new ones on points.
export function resized({ state, points }, K) {
  const codes = [...state.codes, ...freePoints(state, points, MOST_CODES)].slice(0, K);
  const counts = codes.map((_, k) => state.counts[k] ?? 1);
  const sums = codes.map((code, k) => state.sums[k] ?? [...code]);
  const selected = state.selected === TARGET ? TARGET : Math.min(state.selected, K - 1);
  return { codes, counts, sums, selected, ...(K > state.codes.length ? next(state) : {}) };
}

// What buttons, keys and pointer do, whichever part they do it in. begin() starts the curve of the loss anew.
export function codesHand(getState, see, change, wide) {
  const view = () => see(getState());
  const begin = (patch) => change({ ...patch, losses: [] });
  const place = (k, code) => change(placeCode(bookOf(getState()), k, code));
  return {
    state: getState,
    set: change,
    begin,
    step(method) {
      const { state, points, curve } = view();
      const book = METHODS[method].step(points, bookOf(state), state);
      change({ method, ...book, losses: curve.slice(1 - LONGEST_CURVE) });
    },
    select: (selected) => change({ selected }),
    moveTo: (to) => (getState().selected === TARGET ? change({ target: to }) : place(getState().selected, to)),
    kill() {
      const k = getState().selected;
      if (k !== TARGET) place(k, [3 * wide * Math.cos(k), 3 * wide * Math.sin(k)]);
    },
    revive() {
      const now = view();
      if (now.used < now.state.codes.length) change({ ...revived(now), ...next(now.state) });
    },
    toggleArrows() {
      const { arrows, selected } = getState();
      change({ arrows: !arrows, selected: selected === TARGET ? 0 : selected });
    },
    resize: (K) => begin(resized(view(), K)),
    startOnPoints() {
      const { state, points } = view();
      begin({ ...freshBook(freePoints(state, points, state.codes.length)), ...next(state) });
    },
    startWide() {
      const state = getState();
      begin({ ...freshBook(wideCodes(state.seed, state.codes.length, wide)), ...next(state) });
    },
  };
}
