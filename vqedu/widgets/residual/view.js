// What the residual explorer computes: what the first stages decode to, and the residual after them.

import { unpack, sigmoid } from "../page/nn.js";
import { convolutions } from "../page/conv_nets.js";

const PLACES = 49;

// The first `count` stages of a picture's codes, summed and decoded: 784 gray levels.
function residualDecoder({ levels, K, D, decoder }, arrays) {
  const run = convolutions(decoder, arrays);
  const { codebooks, indices } = arrays;
  return (digit, count) => {
    const z = new Float32Array(D * PLACES);
    for (let p = 0; p < PLACES; p++) {
      for (let level = 0; level < count; level++) {
        const code = (level * K + indices[(digit * PLACES + p) * levels + level]) * D;
        for (let d = 0; d < D; d++) z[d * PLACES + p] += codebooks[code + d];
      }
    }
    return run(z).map(sigmoid);
  };
}

const meanSquare = (a, b) => a.reduce((sum, v, i) => sum + (v - b[i]) ** 2, 0) / a.length;

// The digits of the explorer. levelsOf(digit): all that is true of a digit, whichever stages are on.
export function residualSpace(data, config) {
  const arrays = unpack(data, config.arrays);
  const { levels, K } = config;
  const decode = residualDecoder(config, arrays);
  const image = (digit) => Float32Array.from(arrays.images.subarray(digit * 784, (digit + 1) * 784), (v) => v / 255);
  // The lengths of the residuals after the first `count` stages, at each of the 49 positions.
  const left = (digit, count) => {
    const start = (digit * (levels + 1) + count) * PLACES;
    return arrays.left.subarray(start, start + PLACES);
  };
  return {
    levels, bits: Math.log2(K), labels: arrays.labels, image,
    levelsOf(digit) {
      const x = image(digit), whole = left(digit, 0);
      const steps = Array.from({ length: levels }, (_, i) => {
        const pixels = decode(digit, i + 1);
        return { pixels, left: left(digit, i + 1), error: meanSquare(pixels, x) };
      });
      return { x, whole, longest: Math.max(...whole), steps };
    },
  };
}

// From the state to everything that the parts show. A digit is decoded once, however its stages are switched.
export function viewer(space) {
  let digit, known;
  return (state) => {
    if (state.digit !== digit) known = space.levelsOf(state.digit);
    digit = state.digit;
    return { state, label: space.labels[digit], ...known, ...known.steps[state.level - 1] };
  };
}

const rounded = (bits) => Number(bits.toFixed(2));

export function words({ levels, bits }, { state: { level }, error }) {
  const rate = `49 \u00d7 ${level} \u00d7 ${rounded(bits)} = ${rounded(49 * level * bits)} bits per image`;
  return `${level} of ${levels} stages: ${rate}, squared error ${error.toFixed(4)} per pixel`;
}
