// Controls that set parts of the state by name.

import { button, press, slider } from "./kit.js";
import { clamp, number } from "./numbers.js";

// A patch of the state with the numbers in it brought within their limits, { name: [low, high] }.
export const within = (limits, patch) => Object.fromEntries(Object.entries(patch).map(([name, value]) =>
  [name, limits[name] ? clamp(value, limits[name]) : value]));

// A slider in steps of 0.01 for each [name, label, color].
export function numberSliders(specs, limits, change) {
  const sliders = specs.map(([name, label, color]) => {
    const [min, max] = limits[name];
    const oninput = (value) => change({ [name]: value });
    const made = slider({ label, min, max, step: 0.01, value: min, color, format: (v) => number(v, 2), oninput });
    return { name, ...made };
  });
  return {
    nodes: sliders.map((each) => each.node),
    show(state) { for (const each of sliders) each.show(state[each.name]); },
  };
}

// A button for each value of one part of the state, { value: label }; the present one is pressed.
export function choice(name, options, change) {
  const buttons = Object.entries(options).map(([value, label]) =>
    ({ value, node: button(label, () => change({ [name]: value }), { [`data-${name}`]: value }) }));
  return {
    nodes: buttons.map((each) => each.node),
    show(state) {
      for (const { value, node } of buttons) press(node, value === state[name]);
    },
  };
}
