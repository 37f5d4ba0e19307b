// The Transformer of vqedu.models, one token at a time: keys and values of the tokens before are kept in a cache.

import { network } from "./nn.js";

// In its tanh form, as the Python model has it.
const gelu = (v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v)));

// One query against the keys of all tokens so far, head by head: softmax(q k / sqrt(d)) v. Returns Float32Array(width).
function attend(query, keys, values, count, heads) {
  const width = query.length, d = width / heads;
  const mixed = new Float32Array(width), weights = new Float64Array(count);
  for (let from = 0; from < width; from += d) {
    let highest = -Infinity, total = 0;
    for (let t = 0; t < count; t++) {
      let score = 0;
      for (let i = from; i < from + d; i++) score += query[i] * keys[t * width + i];
      weights[t] = score / Math.sqrt(d);
      highest = Math.max(highest, weights[t]);
    }
    for (let t = 0; t < count; t++) total += weights[t] = Math.exp(weights[t] - highest);
    for (let t = 0; t < count; t++) {
      const share = weights[t] / total;
      for (let i = from; i < from + d; i++) mixed[i] += share * values[t * width + i];
    }
  }
  return mixed;
}

const added = (x, y) => x.map((v, i) => v + y[i]);

// config and arrays: as transformer_nets.describe_transformer wrote them. A cache remembers `count` tokens, at most
// `length`.
export function transformer({ length, width, heads, blocks, head }, arrays) {
  const { tokens, positions } = arrays;
  const built = ([name, spec]) => [name, network(spec, arrays)];
  const layers = blocks.map((parts) => Object.fromEntries(Object.entries(parts).map(built)));
  const readOut = network(head, arrays);
  const room = () => new Float32Array(length * width);

  return {
    length,
    start: () => ({ count: 0, layers: layers.map(() => ({ keys: room(), values: room() })) }),
    // Forgets all tokens but the first `count`: what comes after them never changed their keys and values.
    rewind(cache, count) { cache.count = Math.min(cache.count, count); },
    // Reads one more token; returns the logits of the one that follows it.
    step(cache, token) {
      const place = cache.count * width;
      let x = Float32Array.from({ length: width }, (_, i) => tokens[token * width + i] + positions[place + i]);
      cache.count += 1;
      layers.forEach(({ qkv, out, up, down }, i) => {
        const { keys, values } = cache.layers[i];
        const all = qkv(x);
        keys.set(all.subarray(width, 2 * width), place);
        values.set(all.subarray(2 * width), place);
        x = added(x, out(attend(all.subarray(0, width), keys, values, cache.count, heads)));
        x = added(x, down(up(x).map(gelu)));
      });
      return readOut(x);
    },
  };
}
