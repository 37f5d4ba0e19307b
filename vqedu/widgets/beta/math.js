// vqedu.losses.effective_beta once more, in the page: by which factor each term differs from the ELBO's, and why.

import { withMinus } from "../page/numbers.js";

// What a reduction multiplies a term by, compared with the sum over one image averaged over the batch.
function reductionFactor(reduction, elements, { pixels, batch_size: batchSize, examples }) {
  return {
    image: [1, "1"],
    element: [1 / elements, `1/${elements}`],
    total: [batchSize, String(batchSize)],
    pixel: [1 / pixels, `1/${pixels}`],
    dataset: [batchSize / examples, `${batchSize}/${examples}`],
  }[reduction];
}

// The factors a and b as numbers, and as the product that makes them up.
export function factors(state) {
  const { likelihood, reconstruction, kl, pixels, latents, half, variance } = state;
  const parts = [];
  if (likelihood === "gaussian" && !half) parts.push([2, "2"]);
  if (likelihood === "gaussian" && variance !== 1) parts.push([variance, String(variance)]);
  parts.push(reductionFactor(reconstruction, pixels, state));
  const told = parts.filter(([value]) => value !== 1);
  const [b, why] = reductionFactor(kl, latents, state);
  return {
    a: parts.reduce((product, [value]) => product * value, 1),
    aProduct: told.map(([, text]) => text).join(" \u00D7 ") || "1",
    b,
    bProduct: why,
  };
}

export function effectiveBeta(state) {
  const { a, b } = factors(state);
  return (state.beta * b) / (state.weight * a);
}

// Three digits, and all the digits before the point.
export function short(value) {
  if (value >= 1000) return Math.round(value).toLocaleString("en");
  const digits = Number(value.toPrecision(3));
  return digits !== 0 && digits < 1e-4 ? withMinus(digits.toExponential()) : String(digits);
}

export function verdict(value) {
  if (value === 0) return "The KL is switched off: nothing ties the codes to the prior.";
  if (Math.abs(value - 1) < 1e-9) return "This code is the ELBO: nothing to correct.";
  if (value < 1) return `The code weighs the KL only ${short(value)} times as much as the ELBO does.`;
  return `The code weighs the KL ${short(value)} times as much as the ELBO does.`;
}

// What to expect of it; and for a Gaussian decoder, which variance makes the same loss an ELBO.
export function consequence(value, { likelihood, variance }) {
  if (Math.abs(value - 1) < 1e-9) return "A \u03B2 found with it means what the papers mean.";
  const expected = value > 1 ? "Expect blurred reconstructions and inactive dimensions."
    : "Expect sharper reconstructions, and codes far from the prior: draws from N(0, I) decode worse.";
  if (likelihood === "bernoulli" || value === 0) return expected;
  const decoder = likelihood === "laplace" ? `Laplace decoder with scale ${short(value)}`
    : `Gaussian decoder with variance ${short(value * variance)}`;
  return `${expected} The same loss is the ELBO of a ${decoder}.`;
}

const WHOLE = {
  pixels: "Pixels", latents: "Latent dimensions", batch_size: "Batch size", examples: "Training examples",
};
const POSITIVE = { weight: "The weight", variance: "The variance" };

// What keeps a state from being one, as [name of the part, sentence]; undefined if nothing does.
export function complaint(state) {
  const wrong = (labels, isRight, words) => Object.entries(labels)
    .filter(([name]) => !isRight(state[name])).map(([name, label]) => [name, `${label} must be ${words}.`]);
  return [
    ...wrong(WHOLE, (value) => Number.isInteger(value) && value >= 1, "a whole number of at least 1"),
    ...wrong({ beta: "\u03B2" }, (value) => Number.isFinite(value) && value >= 0, "a number of at least 0"),
    ...wrong(POSITIVE, (value) => Number.isFinite(value) && value > 0, "a number above 0"),
  ][0];
}

// The three lines of torch for a state; `code` has their parts, as Python wrote them.
export function lossLines(code, { likelihood, reconstruction, kl, beta, weight, half }) {
  const factor = likelihood === "gaussian" && half ? "0.5 * " : "";
  const term = (value, name) => (value === 1 ? name : `${value} * ${name}`);
  return [
    `recon = ${factor}${code.reconstruction[likelihood]}${code.summed[reconstruction]}`,
    `kl = (${code.kl})${code.klSummed[kl]}`,
    `loss = ${term(weight, "recon")} + ${term(beta, "kl")}`,
  ];
}

// A variance counts only where one was chosen.
const counted = (values) => ({ ...values, variance: values.learned ? values.variance : 1 });

// Everything the figure shows of the values in its fields: what is wrong with them, or what they make.
export function viewOf(code, values) {
  const used = counted(values);
  const wrong = complaint(used);
  return wrong ? { values, wrong } : { values, used, value: effectiveBeta(used), lines: lossLines(code, used) };
}
