// From the state to every number of the figure, and what there is to say of them. Nothing here touches the page.

import { number } from "../page/numbers.js";
import { bestGaussian, derivation, elbo, klToPosterior, klToPrior, logEvidence, reconstruction } from "./math.js";

export const LIMITS = { x: [-2, 4], mu: [-4, 4], sigma: [0.05, 4] };

// What does not depend on q: log p(x), the best q and its gap. Searched for only where the decoder or x has changed.
function finder() {
  let known, found;
  return (model, x) => {
    const key = `${model.decoder} ${x}`;
    if (known !== key) {
      const evidence = logEvidence(model, x), best = bestGaussian(model, x);
      found = { evidence, best, smallest: klToPosterior(model, x, best.mu, best.sigma, evidence) };
    }
    known = key;
    return found;
  };
}

// Returns see(state) -> view; all in nats.
export function viewer(noise) {
  const find = finder();
  return (state) => {
    const { decoder, x, mu, sigma } = state;
    const model = { decoder, noise };
    const { evidence, best, smallest } = find(model, x);
    return {
      state, model, evidence, best, smallest,
      elbo: elbo(model, x, mu, sigma),
      gap: klToPosterior(model, x, mu, sigma, evidence),
      reconstruction: reconstruction(model, x, mu, sigma),
      toPrior: klToPrior(mu, sigma),
      lines: derivation(model, x, mu, sigma, evidence),
    };
  };
}

// Where the posterior has two equal sides, the mirror image of the best q is as good: the nearer one.
export function nearBest({ state, best: { mu, sigma } }) {
  return { mu: state.decoder === "two-sided" && state.mu < 0 ? -mu : mu, sigma };
}

export function sumWords({ evidence, elbo, gap }) {
  return `log p(x) = ELBO + KL(q\u2016p(z|x)):  ${number(evidence)} = ${number(elbo)} + ${number(gap)} nats`;
}

// What there is to find: how close a Gaussian can come to this posterior.
export function findingWords({ state, smallest }) {
  const gaussian = "With a linear decoder the posterior is Gaussian, so the best q closes the gap to 0.";
  if (state.decoder === "linear") return gaussian;
  const least = smallest < 0.001 ? smallest.toPrecision(2) : number(smallest);
  return `This posterior is not Gaussian: no Gaussian q makes the gap smaller than ${least} nats.`;
}

export function barWords({ evidence, elbo, gap, reconstruction, toPrior }) {
  const terms = `reconstruction ${number(reconstruction)}, minus KL to the prior ${number(toPrior)}`;
  const sums = `gives ELBO ${number(elbo)}; plus gap ${number(gap)}, log p(x) ${number(evidence)}`;
  return `Waterfall in nats: ${terms}, ${sums}.`;
}
