// Drawing tokens in the page: vqedu/widgets/tokens/draw.py once more. The same numbers give the same tokens in both.

import { uniform } from "../page/random.js";

// `count` numbers in (0, 1), always the same for one seed.
export const uniforms = (seed, count) => Array.from({ length: count }, uniform(Math.imul(seed + 1, 1000003)));

// f, computed once for each object that it is given.
export function once(f) {
  const known = new WeakMap();
  return (key) => {
    if (!known.has(key)) known.set(key, f(key));
    return known.get(key);
  };
}

// The same logits are looked at in every frame, and to sort them takes longer than all else that is done with them.
const fromTheTop = once((logits) => Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b));

// softmax(logits / temperature) over the topK most probable tokens. Returns { order, p }: the tokens from the most
// probable down (equals by number), and the probability of each token by its number, 0 beyond topK.
export function distribution(logits, temperature = 1, topK = logits.length) {
  const order = fromTheTop(logits);
  const p = new Float64Array(logits.length);
  const allowed = order.slice(0, topK);
  let total = 0;
  for (const token of allowed) total += p[token] = Math.exp((logits[token] - logits[order[0]]) / temperature);
  for (const token of allowed) p[token] /= total;
  return { order, p };
}

// The token on which u in (0, 1) falls, when the probabilities lie side by side from 0 to 1, the most probable first.
export function pick({ order, p }, u) {
  let reached = 0, last = order[0];
  for (const token of order) {
    if (p[token] === 0) break;
    reached += p[token];
    last = token;
    if (u < reached) break;
  }
  return last;
}

// -log2 p(token): what the token costs a coder that knows the model.
export function surpriseBits(logits, token) {
  const highest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const total = logits.reduce((sum, v) => sum + Math.exp(v - highest), 0);
  return Math.log2(total) - (logits[token] - highest) * Math.LOG2E;
}

// Reads token sequences with one cache: of a sequence that begins like the last one, only what is new is computed.
// Returns after(tokens, until): the logits of the token that follows them all. It computes until the time `until`, but
// at least one token, for all calls with that same time; where that is not enough it returns null, to go on next time.
export function reader(net) {
  const cache = net.start();
  const read = [], logits = [];
  let frame = null, computed = 0;
  return function after(tokens, until = Infinity) {
    if (until !== frame) { frame = until; computed = 0; }
    let same = 0;
    while (same < Math.min(read.length, tokens.length) && read[same] === tokens[same]) same++;
    if (same === tokens.length) return logits[same - 1];
    net.rewind(cache, same);
    read.length = logits.length = same;
    for (const token of tokens.slice(same)) {
      if (computed > 0 && performance.now() > until) return null;
      computed += 1;
      logits.push(net.step(cache, token));
      read.push(token);
    }
    return logits.at(-1);
  };
}
