// The buttons and sliders of the 2-D quantization explorer, and the clock that makes step after step.

import { COLORS } from "../page/colors.js";
import { button, disable, element, lessMotion, press, setText, slider } from "../page/kit.js";
import { choice } from "../page/controls.js";
import { METHODS, MOST_CODES, TARGET } from "./view.js";

export const DATA_SETS = ["kinds", "ring", "uniform"];
const STEP_MS = 90; // slow enough to watch
const CALM_MS = 600; // for those who have asked for less motion

// Calls step() every STEP_MS while running, until told to stop or the node leaves the page.
export function clockwork(node, step) {
  let due = 0, waiting;
  const clock = {
    running: false,
    stop() { clock.running = false; cancelAnimationFrame(waiting); },
    start() { clock.running = true; waiting = requestAnimationFrame(onward); },
  };
  function onward(now) {
    if (!node.isConnected) return clock.stop();
    if (now >= due) {
      due = now + (lessMotion() ? CALM_MS : STEP_MS);
      step();
    }
    waiting = requestAnimationFrame(onward);
  }
  return clock;
}

const choices = (title, ...children) =>
  element("div", { class: "vq-q2-choices", role: "group", "aria-label": title }, ...children);

function stepButtons(hand, clock, toggleRun) {
  const steps = Object.entries(METHODS).map(([method, { name }]) =>
    button(`${name} step`, () => hand.step(method), { "data-method": method }));
  const run = button("Run", toggleRun, { class: "vq-button vq-q2-run" });
  return {
    node: choices("One step", ...steps, run),
    show({ state }) {
      setText(run, clock.running ? "Stop" : `Run: ${METHODS[state.method].name}`);
      press(run, clock.running);
    },
  };
}

function sliders(hand) {
  const { decay, rate, codes } = hand.state();
  const ofDecay = slider({
    label: "EMA decay \u03B3", min: 0, max: 0.99, step: 0.01, value: decay, oninput: (v) => hand.set({ decay: v }),
  });
  const ofRate = slider({
    label: "learning rate", min: 0.05, max: 1, step: 0.05, value: rate, oninput: (v) => hand.set({ rate: v }),
  });
  const ofSize = slider({
    label: "codes K", min: 1, max: MOST_CODES, step: 1, value: codes.length, color: COLORS.codebook, format: String,
    oninput: hand.resize,
  });
  return {
    nodes: [ofDecay.node, ofRate.node, ofSize.node],
    show({ state }) {
      ofDecay.show(state.decay);
      ofRate.show(state.rate);
      ofSize.show(state.codes.length);
    },
  };
}

export function sideControls(hand, clock, toggleRun) {
  const steps = stepButtons(hand, clock, toggleRun), settings = sliders(hand);
  return {
    node: element("div", { class: "vq-q2-controls" }, steps.node, ...settings.nodes),
    show(view) { for (const part of [steps, settings]) part.show(view); },
  };
}

export function startControls(hand) {
  const kill = button("", hand.kill, { "data-act": "kill" });
  const revive = button("revive", hand.revive, { "data-act": "revive" });
  const onPoints = button("start on points", hand.startOnPoints);
  const far = button("N(0, 10\u00B2) start", hand.startWide);
  const arrows = button("straight-through arrows", hand.toggleArrows, { "data-act": "arrows" });
  const sets = choice("data", Object.fromEntries(DATA_SETS.map((name) => [name, name])), hand.begin);
  const data = choices("Data", element("span", {}, "points:"), ...sets.nodes);
  return {
    node: element("div", { class: "vq-q2-below" }, choices("Codes", kill, revive, onPoints, far), data, arrows),
    show({ state, used }) {
      setText(kill, state.selected === TARGET ? "kill a code" : `kill code ${state.selected}`);
      kill.disabled = state.selected === TARGET;
      disable(revive, used === state.codes.length);
      press(arrows, state.arrows);
      sets.show(state);
    },
  };
}
