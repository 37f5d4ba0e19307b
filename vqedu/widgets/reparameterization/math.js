// vqedu/lessons/gradients.py once more, in the page: f, its slope, the exact gradient of E[f(z)] under
// z ~ N(mu, sigma^2), and the two estimators on samples eps ~ N(0, 1).

const density = (u) => Math.exp(-0.5 * u * u) / Math.sqrt(2 * Math.PI);

// The normal distribution function, by Simpson's rule from 0: exact to 1e-9, and constant beyond 8 sigma.
export function normalCdf(u) {
  const end = Math.min(Math.max(u, -8), 8);
  const steps = 200, h = end / steps;
  let sum = density(0) + density(end);
  for (let i = 1; i < steps; i++) sum += (i % 2 ? 4 : 2) * density(i * h);
  return 0.5 + (sum * h) / 3;
}

export const FUNCTIONS = {
  square: {
    formula: "z\u00B2",
    f: (z) => z * z,
    slope: (z) => 2 * z,
    mean: (mu, sigma) => mu ** 2 + sigma ** 2,
    gradient: (mu, sigma) => ({ mu: 2 * mu, sigma: 2 * sigma }),
  },
  sine: {
    formula: "sin(2z)",
    f: (z) => Math.sin(2 * z),
    slope: (z) => 2 * Math.cos(2 * z),
    mean: (mu, sigma) => Math.sin(2 * mu) * Math.exp(-2 * sigma ** 2),
    gradient: (mu, sigma) => ({
      mu: 2 * Math.cos(2 * mu) * Math.exp(-2 * sigma ** 2),
      sigma: -4 * sigma * Math.sin(2 * mu) * Math.exp(-2 * sigma ** 2),
    }),
  },
  quartic: {
    formula: "z\u2074 / 4",
    f: (z) => z ** 4 / 4,
    slope: (z) => z ** 3,
    mean: (mu, sigma) => (mu ** 4 + 6 * mu ** 2 * sigma ** 2 + 3 * sigma ** 4) / 4,
    gradient: (mu, sigma) => ({ mu: mu ** 3 + 3 * mu * sigma ** 2, sigma: 3 * mu ** 2 * sigma + 3 * sigma ** 3 }),
  },
  step: {
    formula: "1 if z > 1, else 0",
    f: (z) => (Math.sign(z - 1) + 1) / 2,
    slope: () => 0,
    mean: (mu, sigma) => normalCdf((mu - 1) / sigma),
    gradient: (mu, sigma) => {
      const u = (1 - mu) / sigma;
      return { mu: density(u) / sigma, sigma: (density(u) * u) / sigma };
    },
  },
};

// One sample's gradient along its path z = mu + sigma eps.
export function reparameterized({ slope }, mu, sigma, eps) {
  const pull = slope(mu + sigma * eps);
  return { mu: pull, sigma: pull * eps };
}

// One sample's gradient by the score function: no slope of f is needed.
export function scoreFunction({ f }, mu, sigma, eps, baseline = 0) {
  const reward = f(mu + sigma * eps) - baseline;
  return { mu: (reward * eps) / sigma, sigma: (reward * (eps * eps - 1)) / sigma };
}

// `repeats` estimates, each the mean over n samples: the first n of its own row of `noise`, `stride` numbers long.
export function estimates(estimator, noise, { repeats, stride, n }) {
  const result = { mu: new Float64Array(repeats), sigma: new Float64Array(repeats) };
  for (let r = 0; r < repeats; r++) {
    for (let i = 0; i < n; i++) {
      const gradient = estimator(noise[r * stride + i]);
      result.mu[r] += gradient.mu / n;
      result.sigma[r] += gradient.sigma / n;
    }
  }
  return result;
}

export function meanAndSpread(values) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const square = values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1);
  return { mean, sd: Math.sqrt(square) };
}
