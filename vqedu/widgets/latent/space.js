// What the latent explorer computes: codes, pictures, places on the map, the nearest code. Nothing touches the page.

import { network, sigmoid, unpack } from "../page/nn.js";
import { normals } from "../page/random.js";

const inner = (a, b, start = 0) => {
  let sum = 0;
  for (let i = 0; i < b.length; i++) sum += a[start + i] * b[i];
  return sum;
};

// The draw number `index` from N(0, I) in d dimensions; the same numbers give the same z.
export function standardNormal(seed, index, d) {
  return Array.from(normals(Math.imul(seed + 1, 1000003) + Math.imul(index + 1, 7919), d));
}

// Draw number `index` of eps ~ N(0, I) for q(z|x): another stream than the samples of the prior.
const EPS_STREAM = 0x2545f491;
export const drawEps = (seed, index, d) => standardNormal(seed + EPS_STREAM, index, d);

export const between = (a, b, t) => a.map((v, i) => (1 - t) * v + t * b[i]);

// -log p(x|z) in nats, every pixel a Bernoulli variable with log-odds `logits`.
export function reconstructionNats(logits, x) {
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    const l = logits[i];
    sum += Math.max(l, 0) + Math.log1p(Math.exp(-Math.abs(l))) - l * x[i];
  }
  return sum;
}

// KL(N(mu, sigma^2) || N(0, 1)) of each dimension, in nats; expm1 keeps the digits that exp(logvar) - 1 loses near 0.
export const klTerms = (mu, logvar) => mu.map((m, i) => 0.5 * (m * m + Math.expm1(logvar[i]) - logvar[i]));

export const sumOf = (values) => values.reduce((a, b) => a + b, 0);

export function latentSpace(data, config) {
  const arrays = unpack(data, config.arrays);
  const { codes, labels, images, places, axes, origin, mean, directions, std } = arrays;
  const d = config.latent_dim;
  const encoder = network(config.encoder, arrays);
  const decoder = network(config.decoder, arrays);

  // An encoder with 2d outputs is a VAE's: mu first, then logvar. The code of x is mu.
  function encode(x) {
    const out = encoder(x);
    return { code: Array.from(out.subarray(0, d)), logvar: out.length === 2 * d ? Array.from(out.subarray(d)) : null };
  }
  function decode(z) {
    const logits = decoder(Float32Array.from(z));
    return { logits, pixels: logits.map(sigmoid) };
  }
  function nearest(z) {
    let index = 0, least = Infinity;
    for (let i = 0, c = 0; i < labels.length; i++, c += d) {
      let square = 0;
      for (let j = 0; j < d && square < least; j++) square += (codes[c + j] - z[j]) ** 2;
      if (square < least) { least = square; index = i; }
    }
    return { index, label: labels[index], distance: Math.sqrt(least) };
  }
  const centered = (z, from) => z.map((v, j) => v - from[j]);
  // Map coordinates (u, v). A 1-D code has no v of its own: it is drawn at the middle height.
  function project(z) {
    const c = centered(z, origin);
    return [inner(axes, c), d > 1 ? inner(axes, c, d) : (config.low[1] + config.high[1]) / 2];
  }
  // The z at (u, v) on the map: only the two directions that the map shows change.
  function moveTo(z, u, v) {
    const [u0, v0] = project(z);
    return z.map((value, j) => value + (u - u0) * axes[j] + (d > 1 ? (v - v0) * axes[d + j] : 0));
  }
  // The ellipse of one sigma as it lies on the map: both half axes, the longer first, and the angle of that one.
  function ellipse(logvar) {
    let uu = 0, uv = 0, vv = 0;
    logvar.forEach((value, j) => {
      const variance = Math.exp(value), u = axes[j], v = d > 1 ? axes[d + j] : 0;
      uu += u * u * variance; uv += u * v * variance; vv += v * v * variance;
    });
    const middle = (uu + vv) / 2, half = Math.hypot((uu - vv) / 2, uv);
    const narrow = Math.sqrt(Math.max(middle - half, 0));
    return { long: Math.sqrt(middle + half), narrow, angle: Math.atan2(2 * uv, uu - vv) / 2 };
  }
  const coordinate = (z, k) => (std[k] > 0 ? inner(directions, centered(z, mean), k * d) / std[k] : 0);
  function withCoordinate(z, k, value) {
    const step = (value - coordinate(z, k)) * std[k];
    return z.map((v, j) => v + step * directions[k * d + j]);
  }
  return {
    config, d, labels, places, count: labels.length,
    encode, decode, nearest, project, moveTo, ellipse, coordinate, withCoordinate,
    code: (i) => Array.from(codes.subarray(i * d, (i + 1) * d)),
    image: (i) => Float32Array.from(images.subarray(i * 784, (i + 1) * 784), (v) => v / 255),
  };
}
