// From the state to everything that the parts show, and what a hand does to the state. Nothing here touches the page.

import { number } from "../page/numbers.js";
import { drawEps, klTerms, reconstructionNats, standardNormal, sumOf } from "./space.js";

const TRAIL = 10;

// The picture x of a state: drawn, picked, or null where the paper is empty.
export function pictureOf(space, { drawing, digit }) {
  if (drawing) return Float32Array.from(drawing, (v) => v / 255);
  return digit === null ? null : space.image(digit);
}

// The code of that picture and, from a VAE, its logvar. A real digit keeps the code that torch computed.
export function codeOf(space, state, x) {
  if (!x) return { code: null, logvar: null };
  const q = space.encode(x);
  return state.drawing ? q : { ...q, code: space.code(state.digit) };
}

// q(z|x) of a VAE: its moments, its ellipse on the map, its distance from the prior; null without x or for an AE.
function posteriorOf(space, { code: mu, logvar }) {
  if (!logvar) return null;
  const terms = klTerms(mu, logvar);
  return { mu, sigma: logvar.map((v) => Math.exp(v / 2)), ellipse: space.ellipse(logvar), terms, kl: sumOf(terms) };
}

// z = mu + sigma * eps for the draw number `index` of eps.
export function drawFrom(space, { mu, sigma }, index) {
  const eps = drawEps(space.config.seed, index, space.d);
  return mu.map((m, i) => m + sigma[i] * eps[i]);
}

export const same = (a, b) => a.every((v, i) => Math.abs(v - b[i]) <= 1e-5 * (1 + Math.abs(b[i])));

// The last draws from q, the newest at the end.
function trailOf(space, q, count) {
  const first = Math.max(0, count - TRAIL);
  return q ? Array.from({ length: count - first }, (_, i) => drawFrom(space, q, first + i)) : [];
}

// Everything the parts show, from the state alone. x and its code are kept while x stays the same.
export function viewer(space) {
  let key, x = null, codes = null, q = null;
  const samples = [];
  return (state) => {
    const now = state.drawing ?? state.digit;
    if (now !== key) {
      key = now;
      x = space.config.view === "map" ? null : pictureOf(space, state);
      codes = codeOf(space, state, x);
      q = posteriorOf(space, codes);
    }
    while (samples.length < state.draws) samples.push(standardNormal(space.config.seed, samples.length, space.d));
    const decoded = space.decode(state.z);
    const trail = trailOf(space, q, state.eps);
    return {
      state, x, ...codes, q, trail, ...decoded, near: space.nearest(state.z), samples: samples.slice(0, state.draws),
      follows: codes.code !== null && same(codes.code, state.z), drawn: trail.length > 0 && same(trail.at(-1), state.z),
      nats: x ? reconstructionNats(decoded.logits, x) : 0,
    };
  };
}

// How far z is from the codes, in words. reach: closer than this are 99 of 100 digits to their nearest neighbor.
// A VAE's many dimensions that say nothing keep z ~ N(0, 1) but mu near 0: there a long way to the codes is no warning.
export function nearestWords({ config }, { label, distance }) {
  const one = `${label === 8 ? "an" : "a"} ${label}`;
  if (distance < 1e-3 * config.spacing) return { far: false, text: `z is the code of ${one}` };
  const gaps = `${(distance / config.spacing).toFixed(1)} typical gaps`;
  const far = distance > config.reach && !(config.variational && config.latent_dim > 2);
  const text = far ? `no code near: the closest, ${one}, is ${gaps} away` : `nearest code: ${one}, ${gaps} away`;
  return { far, text };
}

// Where z comes from, in words.
export function sourceWords({ follows, drawn, q, state }) {
  const code = q ? "\u03bc" : "the code of x";
  if (drawn) return `z = \u03bc + \u03c3\u03b5, draw ${state.eps}`;
  if (follows) return q ? "z = \u03bc: the reconstruction of x" : "the reconstruction of x";
  return `z is not at ${code}`;
}

export const numbersOf = (z) => z.map((value) => number(value, 2)).join(", ");

export function statusText(space, view) {
  const { state, near, q } = view;
  const numbers = numbersOf(state.z.slice(0, 4));
  const length = number(Math.hypot(...state.z), 2);
  const z = space.d > 4 ? `z = (${numbers}, \u2026), ${space.d} numbers of length ${length}` : `z = (${numbers})`;
  const kl = q ? ` KL(q(z|x) \u2016 N(0, I)) = ${q.kl.toFixed(2)} nats.` : "";
  return `${z}; ${nearestWords(space, near).text}.${kl}`;
}

// What a hand does, whichever part it does it in.
export function makeHand(space, getState, change) {
  const codes = (state) => codeOf(space, state, pictureOf(space, state));
  const go = (state) => {
    const { code } = codes(state);
    change(code ? { ...state, z: code } : state);
  };
  return {
    state: getState,
    change,
    // A new x, { digit } or { drawing }, or none; z goes to its code, and eps is drawn from the beginning.
    look: ({ digit = null, drawing = null }) => go({ digit, drawing, eps: 0 }),
    home: () => go({ digit: getState().digit, drawing: getState().drawing }),
    sample() {
      const draws = getState().draws + 1;
      change({ prior: true, draws, z: standardNormal(space.config.seed, draws - 1, space.d) });
    },
    // Another eps; only where there is a q(z|x) to draw from.
    draw() {
      const q = posteriorOf(space, codes(getState()));
      if (q) change({ eps: getState().eps + 1, z: drawFrom(space, q, getState().eps) });
    },
  };
}
