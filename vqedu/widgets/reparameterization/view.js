// From the state to every number of the figure. Nothing here touches the page.

import { number } from "../page/numbers.js";
import { normals } from "../page/random.js";
import { estimates, FUNCTIONS, meanAndSpread, reparameterized, scoreFunction } from "./math.js";

export const RANGES = { mu: [-3, 3], sigma: [0.1, 2] };
export const SAMPLE_COUNTS = [1, 4, 16, 64, 256];
export const REPEATS = 300;

// The noise of the repeated draws, made anew only for another seed.
function noiseMaker() {
  let known, noise;
  return (seed) => {
    if (known !== seed) noise = normals(seed, REPEATS * SAMPLE_COUNTS.at(-1));
    known = seed;
    return noise;
  };
}

// Mean and spread of both estimators for one parameter, and the ratio of their variances.
function compare(draws, name) {
  const path = meanAndSpread(draws.path[name]), score = meanAndSpread(draws.score[name]);
  return { path, score, ratio: (score.sd / path.sd) ** 2 };
}

// Returns see(state) -> view: f and its exact gradient, each sample's gradient `one` by both estimators, `draws` of
// REPEATS estimates, and their `summary`; samples: the fixed cloud of eps, carried to z.
export function viewer(cloud) {
  const noiseOf = noiseMaker();
  return (state) => {
    const { mu, sigma, n } = state;
    const target = FUNCTIONS[state.f];
    const baseline = state.baseline ? target.mean(mu, sigma) : 0;
    const one = {
      path: (eps) => reparameterized(target, mu, sigma, eps),
      score: (eps) => scoreFunction(target, mu, sigma, eps, baseline),
    };
    const noise = noiseOf(state.seed), size = { repeats: REPEATS, stride: SAMPLE_COUNTS.at(-1), n };
    const draws = { path: estimates(one.path, noise, size), score: estimates(one.score, noise, size) };
    const summary = { mu: compare(draws, "mu"), sigma: compare(draws, "sigma") };
    const samples = cloud.map((eps) => ({ eps, z: mu + sigma * eps }));
    return { state, target, one, draws, summary, samples, exact: target.gradient(mu, sigma) };
  };
}

export function findingWords({ state: { f, baseline }, summary, exact }) {
  const exactly = `the exact gradient is ${number(exact.mu)}`;
  if (f === "step") return `A step has no slope: reparameterization returns 0, and ${exactly}`;
  const { ratio } = summary.mu;
  const words = `For \u03BC, the score function${baseline ? " with a baseline" : ""} has`;
  return `${words} ${number(ratio, ratio < 1 ? 2 : 1)} times the variance of reparameterization`;
}
