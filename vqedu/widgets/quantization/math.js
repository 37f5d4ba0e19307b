// Vector quantization of points (n x 2) by codes (K x 2): vqedu/quantizers and vqedu/lessons/plane.py once
// more, in the page. A book is { codes, counts, sums }: the codes and what the moving averages remember of them.
import { normals } from "../page/random.js";

const squaredDistance = ([x, y], [u, v]) => (x - u) ** 2 + (y - v) ** 2;

// The index of the nearest code; ties go to the lowest.
export function nearestCode(point, codes) {
  let best = 0;
  for (let k = 1; k < codes.length; k++) {
    if (squaredDistance(point, codes[k]) < squaredDistance(point, codes[best])) best = k;
  }
  return best;
}

// Which code each point chooses, and what the codebook is worth: the mean squared distance, exp(entropy), codes in use.
export function measureCodes(points, codes) {
  const indices = points.map((point) => nearestCode(point, codes));
  const counts = codes.map(() => 0);
  const sums = codes.map(() => [0, 0]);
  let loss = 0;
  indices.forEach((k, i) => {
    counts[k] += 1;
    sums[k][0] += points[i][0];
    sums[k][1] += points[i][1];
    loss += squaredDistance(points[i], codes[k]) / points.length;
  });
  const shares = counts.filter((count) => count > 0).map((count) => count / points.length);
  const perplexity = Math.exp(-shares.reduce((sum, share) => sum + share * Math.log(share), 0));
  return { indices, counts, sums, loss, perplexity, used: shares.length };
}

// A book as if one point each had chosen these codes so far.
export const freshBook = (codes) => ({ codes, counts: codes.map(() => 1), sums: codes.map((code) => [...code]) });

// Put a code somewhere, as if one point had chosen it so far.
export function placeCode(book, k, code) {
  const at = (list, value) => list.map((old, i) => (i === k ? value : old));
  return { codes: at(book.codes, code), counts: at(book.counts, 1), sums: at(book.sums, [...code]) };
}

// One step of k-means: each code to the mean of its points; one without points stays.
export function kmeansStep(points, { codes }) {
  const { counts, sums } = measureCodes(points, codes);
  return freshBook(codes.map((code, k) => (counts[k] ? sums[k].map((sum) => sum / counts[k]) : code)));
}

const EPSILON = 1e-5; // as in VectorQuantizer

// One step of the moving averages (van den Oord et al. 2017, appendix A.1). The smoothing stays out of the counts.
export function emaStep(points, book, { decay }) {
  const batch = measureCodes(points, book.codes);
  const mix = (old, fresh) => decay * old + (1 - decay) * fresh;
  const counts = book.counts.map((count, k) => mix(count, batch.counts[k]));
  const sums = book.sums.map((sum, k) => sum.map((value, d) => mix(value, batch.sums[k][d])));
  const n = counts.reduce((a, b) => a + b, 0);
  const smoothed = counts.map((count) => ((count + EPSILON) / (n + counts.length * EPSILON)) * n);
  const codes = book.codes.map((code, k) => (batch.counts[k] ? sums[k].map((sum) => sum / smoothed[k]) : code));
  return { codes, counts, sums };
}

// One step down the gradient of the codebook loss: d loss / d e_k = 2 (n_k e_k - sum of its points) / n.
export function gradientStep(points, { codes }, { rate }) {
  const { counts, sums } = measureCodes(points, codes);
  const slope = (code, k, d) => (2 * (counts[k] * code[d] - sums[k][d])) / points.length;
  return freshBook(codes.map((code, k) => code.map((value, d) => value - rate * slope(code, k, d))));
}

// The gradient at z_q of L = |z_q - target|^2 / 2, the loss of a decoder that wants the target.
export const toyGradient = (code, target) => code.map((value, d) => value - target[d]);

// The Voronoi cell of each code in the square from -limit to limit: the square, cut by the line halfway to each other.
export function voronoiCells(codes, limit) {
  const square = [[-limit, -limit], [limit, -limit], [limit, limit], [-limit, limit]];
  return codes.map((code, k) => codes.reduce((polygon, other, j) => {
    if (j === k) return polygon;
    const normal = [other[0] - code[0], other[1] - code[1]];
    if (normal[0] === 0 && normal[1] === 0) return k < j ? polygon : [];
    return cutPolygon(polygon, normal, (other[0] ** 2 + other[1] ** 2 - code[0] ** 2 - code[1] ** 2) / 2);
  }, square));
}

// The part of a convex polygon where normal . x <= level (Sutherland and Hodgman 1974).
function cutPolygon(polygon, normal, level) {
  const beyond = polygon.map(([x, y]) => normal[0] * x + normal[1] * y - level);
  return polygon.flatMap((corner, i) => {
    const before = (i || polygon.length) - 1;
    const [a, b] = [beyond[before], beyond[i]];
    const kept = b <= 0 ? [corner] : [];
    if ((a > 0) === (b > 0)) return kept;
    return [polygon[before].map((value, d) => value + (a / (a - b)) * (corner[d] - value)), ...kept];
  });
}

// The numbers 0 .. n - 1 in a random order, always the same for one seed.
export function shuffled(seed, n) {
  const keys = normals(seed, n);
  return Array.from(keys.keys()).sort((i, j) => keys[i] - keys[j]);
}

// `count` codes drawn from N(0, scale^2).
export function wideCodes(seed, count, scale) {
  const draws = normals(seed, 2 * count);
  return Array.from({ length: count }, (_, k) => [scale * draws[2 * k], scale * draws[2 * k + 1]]);
}
