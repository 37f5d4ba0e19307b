// The VQ-VAE in the page: x -> z_e -> the nearest of K codes at each position -> x_hat. Sums run in double precision.

import { sigmoid } from "./nn.js";

// Channels of side x side numbers, surrounded by `padding` zeros.
function padded(x, channels, side, padding) {
  const wide = side + 2 * padding;
  const out = new Float32Array(channels * wide * wide);
  for (let c = 0; c < channels; c++) {
    for (let row = 0; row < side; row++) {
      const from = (c * side + row) * side;
      out.set(x.subarray(from, from + side), (c * wide + row + padding) * wide + padding);
    }
  }
  return out;
}

// plane[to + stride * column] += w * x[from + column * step], for all columns of a row. One weight goes over a whole
// plane before the next: a loop over the few weights of a kernel inside takes several times as long.
function addRow(plane, to, stride, x, from, step, count, w) {
  for (let column = 0; column < count; column++, to += stride, from += step) plane[to] += w * x[from];
}

// weight: (outputs, inputs, kernel, kernel). Each output is a sum over a window of the input.
function convolution({ inputs, outputs, kernel, stride, padding, weight, bias }) {
  return (x) => {
    const side = Math.sqrt(x.length / inputs), wide = side + 2 * padding;
    const size = Math.floor((wide - kernel) / stride) + 1;
    const framed = padded(x, inputs, side, padding);
    const y = new Float32Array(outputs * size * size), plane = new Float64Array(size * size);
    for (let o = 0, w = 0; o < outputs; o++) {
      plane.fill(bias[o]);
      for (let i = 0; i < inputs; i++) {
        for (let k = 0; k < kernel * kernel; k++, w++) {
          const corner = (i * wide + Math.floor(k / kernel)) * wide + (k % kernel);
          for (let row = 0; row < size; row++) {
            addRow(plane, row * size, 1, framed, corner + row * stride * wide, stride, size, weight[w]);
          }
        }
      }
      y.set(plane, o * size * size);
    }
    return y;
  };
}

// weight: (inputs, outputs, kernel, kernel). Each input is added, times the kernel, to a window of the output.
function transposedConvolution({ inputs, outputs, kernel, stride, padding, weight, bias }) {
  return (x) => {
    const side = Math.sqrt(x.length / inputs), wide = (side - 1) * stride + kernel, size = wide - 2 * padding;
    const y = new Float32Array(outputs * size * size), plane = new Float64Array(wide * wide);
    for (let o = 0; o < outputs; o++) {
      plane.fill(bias[o]);
      for (let i = 0; i < inputs; i++) {
        for (let k = 0; k < kernel * kernel; k++) {
          const w = weight[(i * outputs + o) * kernel * kernel + k];
          const corner = Math.floor(k / kernel) * wide + (k % kernel);
          for (let row = 0; row < side; row++) {
            addRow(plane, corner + row * stride * wide, stride, x, (i * side + row) * side, 1, side, w);
          }
        }
      }
      for (let row = 0; row < size; row++) {
        const from = (row + padding) * wide + padding;
        y.set(plane.subarray(from, from + size), (o * size + row) * size);
      }
    }
    return y;
  };
}

// relu(x + inner(x)), inner being convolutions.
function residualBlock(inner) {
  return (x) => inner(x).map((v, i) => Math.max(v + x[i], 0));
}

// spec: a list of convolutions as conv_nets.describe_convolutions wrote it. Returns x -> y on Float32Arrays, channel
// first.
export function convolutions(spec, arrays) {
  const steps = spec.map((layer) => {
    if (layer.residual) return residualBlock(convolutions(layer.residual, arrays));
    const make = layer.transposed ? transposedConvolution : convolution;
    const step = make({ ...layer, weight: arrays[layer.weight], bias: arrays[layer.bias] });
    return layer.relu ? (x) => step(x).map((v) => Math.max(v, 0)) : step;
  });
  return (x) => steps.reduce((value, step) => step(value), x);
}

// What FSQ does to z_e before it rounds: scale tanh(z + shift) - offset, with three numbers for each channel.
function scaledTanh({ shift, scale, offset }) {
  const D = shift.length;
  return (z) => z.map((v, i) => {
    const d = Math.floor((i * D) / z.length);
    return scale[d] * Math.tanh(v + shift[d]) - offset[d];
  });
}

// config and arrays as conv_nets.describe_vqvae wrote them, the arrays unpacked by nn.js. z is channel first:
// z[d * places + p], and so is a picture of `channels` colors, side x side; its map has columns x columns codes.
export function vqvae(config, arrays) {
  const { K, D, channels, side, columns } = config;
  const encoder = convolutions(config.encoder, arrays);
  const bound = config.bound ? scaledTanh(config.bound) : (z) => z;
  const encode = (x) => bound(encoder(x));
  const decoder = convolutions(config.decoder, arrays);
  const codebook = arrays[config.codebook];

  // The squared distances from the vector at position p to all K codes.
  function distances(z, p) {
    const positions = z.length / D, found = new Float32Array(K);
    for (let k = 0, at = 0; k < K; k++) {
      let sum = 0;
      for (let d = 0, i = p; d < D; d++, i += positions) {
        const difference = z[i] - codebook[at++];
        sum += difference * difference;
      }
      found[k] = sum;
    }
    return found;
  }
  // The index of the nearest code at each position; of equally near ones the lowest.
  function nearest(z) {
    const indices = new Uint16Array(z.length / D);
    for (let p = 0; p < indices.length; p++) {
      const squares = distances(z, p);
      for (let k = 1; k < K; k++) if (squares[k] < squares[indices[p]]) indices[p] = k;
    }
    return indices;
  }
  // The codes at the places that the indices name: z_q, as many positions as indices.
  function lookup(indices) {
    const positions = indices.length, z = new Float32Array(D * positions);
    for (let p = 0; p < positions; p++) {
      for (let d = 0; d < D; d++) z[d * positions + p] = codebook[indices[p] * D + d];
    }
    return z;
  }
  const decodeVectors = (z) => decoder(z).map(sigmoid);
  const decode = (indices) => decodeVectors(lookup(indices));
  const size = channels * side * side, places = columns * columns;
  const paper = () => new Float32Array(size).fill(channels > 1 ? 1 : 0); // white: gray levels are those of the ink
  const sizes = { K, D, channels, side, columns, size, places };
  return { ...sizes, codebook, paper, encode, distances, nearest, lookup, decodeVectors, decode };
}
