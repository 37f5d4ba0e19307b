// vqedu/lessons/toy.py once more, in the page: p(z) = N(0, 1), p(x|z) = N(f(z), noise^2), q(z) = N(mu, sigma^2).
// All in nats. A model is { decoder, noise }. Integrals are sums over evenly spaced points, exact to rounding for such
// functions.

export const DECODERS = {
  linear: (z) => z,
  curved: (z) => Math.max(4 * z, 0) + Math.log1p(Math.exp(-Math.abs(4 * z))),
  "two-sided": (z) => z * z,
};

const HALF_LOG_TAU = 0.5 * Math.log(2 * Math.PI);
const STEP_Z = 0.02; // points at rest: for log p(x) and everything about the posterior
const Z = Float64Array.from({ length: 4201 }, (_, i) => (i - 2100) * STEP_Z);
const FAR = 10; // sigmas
const STEP_T = 0.05; // points in units of sigma, which move with q: for expectations under q
const T = Float64Array.from({ length: 361 }, (_, i) => (i - 180) * STEP_T);
const WEIGHTS = T.map((t) => Math.exp(-0.5 * t * t - HALF_LOG_TAU) * STEP_T);

export const logNormal = (value, mean, sd) => -0.5 * ((value - mean) / sd) ** 2 - Math.log(sd) - HALF_LOG_TAU;
export const logPrior = (z) => logNormal(z, 0, 1);
export const logLikelihood = ({ decoder, noise }, x, z) => logNormal(x, DECODERS[decoder](z), noise);
export const logJoint = (model, x, z) => logLikelihood(model, x, z) + logPrior(z);

// The largest term is taken out of the sum, so that no exp overflows or vanishes.
export function logEvidence(model, x) {
  const values = Z.map((z) => logJoint(model, x, z));
  const largest = values.reduce((a, b) => Math.max(a, b));
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0) * STEP_Z);
}

function overQ(mu, sigma, g, stride = 1) {
  let sum = 0;
  for (let i = 0; i < T.length; i += stride) sum += WEIGHTS[i] * g(mu + sigma * T[i]);
  return sum * stride;
}

// With a stride only every so many points are used: quicker, and still exact to rounding unless sigma is large.
export function elbo(model, x, mu, sigma, stride = 1) {
  return overQ(mu, sigma, (z) => logJoint(model, x, z) - logNormal(z, mu, sigma), stride);
}

export function reconstruction(model, x, mu, sigma) {
  return overQ(mu, sigma, (z) => logLikelihood(model, x, z));
}

export const klToPrior = (mu, sigma) => 0.5 * (mu * mu + sigma * sigma - 1) - Math.log(sigma);

// The integral of q(z) line(z, log q(z)) over the points at rest. Ten sigma from mu, where it ends, q is 1e-22 of its
// peak: nothing that a double could keep is left out.
function integral(mu, sigma, line) {
  const place = (z) => Math.round(z / STEP_Z) + (Z.length - 1) / 2;
  let sum = 0;
  for (let i = Math.max(place(mu - FAR * sigma), 0); i <= Math.min(place(mu + FAR * sigma), Z.length - 1); i++) {
    const logQ = logNormal(Z[i], mu, sigma);
    sum += Math.exp(logQ) * line(Z[i], logQ);
  }
  return sum * STEP_Z;
}

export function klToPosterior(model, x, mu, sigma, evidence = logEvidence(model, x)) {
  return integral(mu, sigma, (z, logQ) => logQ - (logJoint(model, x, z) - evidence));
}

// The values of the five lines of the derivation: the first four are equal, the last is no larger.
export function derivation(model, x, mu, sigma, evidence = logEvidence(model, x)) {
  const posterior = (joint) => joint - evidence; // Bayes: log p(z|x) = log p(x, z) - log p(x)
  const overJoint = (line) => integral(mu, sigma, (z, logQ) => line(logJoint(model, x, z), logQ));
  const lowerBound = elbo(model, x, mu, sigma);
  return [
    integral(mu, sigma, () => evidence),
    overJoint((joint) => joint - posterior(joint)),
    overJoint((joint, logQ) => (joint - logQ) + (logQ - posterior(joint))),
    lowerBound + klToPosterior(model, x, mu, sigma, evidence),
    lowerBound,
  ];
}

// The q with the largest ELBO: the best point of a grid, on grids that close in on it.
// The two-sided posterior has two such q, mirror images: the one with mu >= 0.
export function bestGaussian(model, x) {
  const mirrored = model.decoder === "two-sided";
  const line = (from, step, count) => Array.from({ length: count }, (_, i) => from + i * step);
  let stepMu = 0.5, stepLog = Math.log(2 / 0.05) / 8;
  let mus = mirrored ? line(0, stepMu, 11) : line(-5, stepMu, 21);
  let logs = line(Math.log(0.05), stepLog, 9);
  let best;
  for (let round = 0; round < 30; round++) {
    best = { value: -Infinity };
    for (const mu of mus) for (const log of logs) {
      const value = elbo(model, x, mu, Math.exp(log), 3);
      if (value > best.value) best = { value, mu, log };
    }
    mus = line(best.mu - stepMu, stepMu / 2, 5);
    logs = line(best.log - stepLog, stepLog / 2, 5);
    stepMu *= 0.6;
    stepLog *= 0.6;
  }
  return { mu: mirrored ? Math.abs(best.mu) : best.mu, sigma: Math.exp(best.log) };
}
