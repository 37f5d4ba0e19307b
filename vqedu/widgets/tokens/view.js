// What the token explorer computes: the codes of a state, their odds, the pictures. Nothing here touches the page.

import { unpack } from "../page/nn.js";
import { vqvae } from "../page/conv_nets.js";
import { transformer } from "../page/transformer.js";
import { distribution, once, pick, reader, surpriseBits, uniforms } from "./math.js";

export const SHOWN = 8; // candidates for the next code
export const BUDGET_MS = 6; // of a frame, for reading codes; a picture of 49 new codes then takes a few frames

// Codes, perhaps not all of a picture's, as that picture. An empty place holds the zero vector, the mean of all z_e.
export function partlyDecoded(net, codes) {
  const { D, places } = net, z = new Float32Array(D * places);
  codes.forEach((code, p) => {
    for (let d = 0; d < D; d++) z[d * places + p] = net.codebook[code * D + d];
  });
  return net.decodeVectors(z);
}

const KEPT = 64; // pictures
const RARELY_MS = 80; // between two pictures of codes that change faster than they can be read

// Pictures of codes, the last ones kept. within(codes, until): null where the time is over before it is known; of all
// calls with one time at least one computes, so that every frame comes nearer. paced(codes, unread): null now and then
// while there is more to read, so that the reading comes along.
export function pictures(net) {
  const known = new Map();
  let frame = null, computed = 0, last = -Infinity;
  function within(codes, until) {
    const key = codes.join();
    if (!known.has(key)) {
      if (until !== frame) { frame = until; computed = 0; }
      if (computed > 0 && performance.now() > until) return null;
      computed += 1;
      known.set(key, partlyDecoded(net, codes));
      if (known.size > KEPT) known.delete(known.keys().next().value);
    }
    return known.get(key);
  }
  function paced(codes, unread) {
    if (unread && performance.now() < last + RARELY_MS) return known.get(codes.join()) ?? null;
    last = performance.now();
    return within(codes, Infinity);
  }
  return { within, paced };
}

const parts = once(() => ({})); // of logits: those of the codes, always as the same object

// Codes drawn one after the other behind a prompt: those in `fixed` as they are, the others where the numbers of the
// seed fall. Stops when the time `until` has passed. Returns { codes, logits }, logits[p] for the code at place p.
export function drawCodes({ after, prompt, K, places }, state, until = Infinity) {
  const { fixed = [], drawn, seed, temperature, top_k } = state;
  const luck = uniforms(seed, places);
  const tokens = prompt.slice(), logits = [];
  for (let p = 0; p <= Math.min(drawn, places - 1); p++) {
    const next = after(tokens, until);
    if (!next) break;
    logits.push(parts(next).codes ??= next.subarray(0, K));
    if (p < drawn) tokens.push(fixed[p] ?? pick(distribution(logits[p], temperature, top_k ?? K), luck[p]));
  }
  return { codes: tokens.slice(prompt.length), logits };
}

// The most probable codes at a place, each with the picture that it would make there; the chosen one is always shown.
function candidatesAt(picture, codes, where, { order, p }, until) {
  const shown = order.slice(0, SHOWN).filter((code) => p[code] > 0);
  const chosen = codes[where];
  if (chosen !== undefined && !shown.includes(chosen)) shown.splice(SHOWN - 1, 1, chosen);
  return shown.map((code) => {
    const tried = codes.slice();
    tried[where] = code;
    return { code, p: p[code], chosen: code === chosen, filled: tried.length, pixels: picture.within(tried, until) };
  });
}

// Returns { net, uniform, see(state) -> view }: all that is shown of a state.
export function tokenModel(data, config) {
  const arrays = unpack(data, config.arrays);
  const net = vqvae(config.vqvae, arrays);
  const after = reader(transformer(config.transformer, arrays));
  const { K, places } = net;
  const picture = pictures(net);

  function see(state, budget = BUDGET_MS) {
    const { temperature, top_k, cursor, drawn, fixed, seed } = state;
    const prompt = config.starts[state.label ?? config.starts.length - 1];
    after(prompt); // a name is some tokens: without all of them there are no odds to show
    const until = performance.now() + budget;
    const { codes, logits } = drawCodes({ after, prompt, K, places }, state, until);
    const unread = logits.length <= Math.min(drawn, places - 1);
    const pixels = picture.paced(codes, unread);
    const bits = codes.map((code, p) => surpriseBits(logits[p], code));
    const where = Math.min(cursor ?? places - 1, codes.length);
    const odds = distribution(logits[where] ?? logits.at(-1), temperature, top_k ?? K);
    const candidates = candidatesAt(picture, codes, where, odds, until);
    return {
      state, codes, bits, where, odds, candidates, pixels,
      behind: unread || candidates.some((each) => !each.pixels),
      total: bits.reduce((a, b) => a + b, 0),
      luck: where < fixed.length ? null : uniforms(seed, places)[where],
    };
  }
  const { noun, classes } = config;
  return { net, K, places, columns: net.columns, noun, classes, uniform: Math.log2(K), see };
}

const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
const nearWhole = (value) => Math.abs(value - Math.round(value)) < 0.005;
export const rounded = (value) => value.toFixed(nearWhole(value) ? 0 : 2);

// The line of numbers at the top: what this code cost, what all cost so far, what codes drawn blindly would cost.
export function bitsWords({ codes, bits, total, where }, { uniform, places, columns }) {
  const blind = (count) => `${count} \u00d7 ${rounded(uniform)} = ${(count * uniform).toFixed(0)}`;
  if (!codes.length) return `No code yet. With uniform probabilities, ${places} codes cost ${blind(places)} bits`;
  const at = Math.min(where, codes.length - 1);
  const place = `row ${Math.floor(at / columns) + 1}, column ${(at % columns) + 1}`;
  const own = `Surprise of code ${codes[at]} (${place}): ${bits[at].toFixed(1)} bits`;
  return `${own}; so far ${total.toFixed(1)} bits, against ${blind(codes.length)} for uniform codes`;
}

export function viewWords({ state, codes, total }, { K, places, noun, classes }) {
  const name = classes[state.label], asked = noun === "digit" ? `digit ${name}` : `\u201c${name}\u201d`;
  const digit = state.label === null ? `any ${noun}` : asked;
  const all = state.top_k === null || state.top_k >= K;
  const allowed = all ? `all ${K} codes allowed` : `only the ${plural(state.top_k, "most probable code")} allowed`;
  const drawn = `${codes.length} of ${places} codes drawn for ${digit}, ${total.toFixed(0)} bits`;
  return `${drawn}; temperature ${state.temperature.toFixed(2)}, ${allowed}, seed ${state.seed}.`;
}

export function percent(p) {
  if (p < 0.0005) return "<0.1%";
  return `${(100 * p).toFixed(p < 0.0995 ? 1 : 0)}%`;
}
