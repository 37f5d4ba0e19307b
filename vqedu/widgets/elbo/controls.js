// The sliders of q and x, the choice of the decoder, and the button that finds the best q.

import { COLORS } from "../page/colors.js";
import { button, element, lessMotion } from "../page/kit.js";
import { choice, numberSliders } from "../page/controls.js";
import { clamp } from "../page/numbers.js";
import { LIMITS } from "./view.js";

const DECODERS = {
  linear: "linear: f(z) = z",
  curved: "curved: f(z) = softplus(4z)",
  "two-sided": "two-sided: f(z) = z\u00B2",
};
const SLIDERS = [
  ["mu", "mean \u03BC of q", COLORS.encoder],
  ["sigma", "width \u03C3 of q", COLORS.encoder],
  ["x", "observed x", COLORS.data],
];

export function controls(change, findBest) {
  const sliders = numberSliders(SLIDERS, LIMITS, change), decoders = choice("decoder", DECODERS, change);
  const best = button("Find the best q", findBest, { class: "vq-button vq-elbo-best" });
  return {
    node: element("div", { class: "vq-row" },
      element("div", { class: "vq-panel vq-elbo-sliders" }, ...sliders.nodes),
      element("div", { class: "vq-elbo-choices" },
        element("div", { class: "vq-buttons", role: "group", "aria-label": "Decoder" }, ...decoders.nodes), best)),
    show(state) { for (const part of [sliders, decoders]) part.show(state); },
  };
}

// Moves q to its best place in half a second, or at once where the reader has asked for less motion.
export function glider(getState, change) {
  let running = false;
  const go = (goal) => {
    const from = getState(), start = performance.now();
    const duration = lessMotion() ? 0 : 500;
    let last = from;
    running = true;
    requestAnimationFrame(function step(now) {
      // A state that is not the last one of the way: a hand, or Python, has taken q elsewhere.
      running &&= getState() === last;
      if (!running) return;
      const t = duration ? clamp((now - start) / duration, [0, 1]) : 1;
      const share = t * t * (3 - 2 * t);
      const between = (name) => (t === 1 ? goal[name] : from[name] + share * (goal[name] - from[name]));
      change({ mu: between("mu"), sigma: between("sigma") });
      last = getState();
      running = t < 1;
      if (running) requestAnimationFrame(step);
    });
  };
  return { go, running: () => running };
}
