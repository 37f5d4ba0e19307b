// The recipes from public code, and the fields in which learners say how their own code is written.

import { button, element } from "../page/kit.js";

const CHOICES = {
  likelihood: ["Likelihood p(x|z)", {
    bernoulli: "Bernoulli", unit: "Gaussian, variance 1", learned: "Gaussian, another variance",
    laplace: "Laplace (L1), scale 1",
  }],
  half: ["Factor \u00BD of the squared error", { true: "written in the code", false: "left out" }],
  reconstruction: ["Reconstruction is reduced to", {
    image: "sum over pixels, mean over batch", element: "mean over pixels and batch", total: "sum over everything",
  }],
  kl: ["KL is reduced to", {
    image: "sum over dimensions, mean over batch",
    element: "mean over dimensions and batch",
    total: "sum over everything",
    pixel: "sum over everything, divided by batch \u00D7 pixels",
    dataset: "mean over batch, times batch / training set",
  }],
};
const NUMBERS = {
  beta: ["\u03B2 in the code", "any"], weight: ["weight on recon", "any"], variance: ["variance \u03C3\u00B2", "any"],
  pixels: ["pixels per image", 1], latents: ["latent dimensions", 1], batch_size: ["batch size", 1],
  examples: ["training examples", 1],
};

// What the selects show of the values, and what a choice changes in them.
function shown(values, name) {
  if (name !== "likelihood" || values.likelihood !== "gaussian") return String(values[name]);
  return values.learned ? "learned" : "unit";
}

function chosen(name, option) {
  if (name === "half") return { half: option === "true" };
  if (name !== "likelihood") return { [name]: option };
  const gaussian = option === "unit" || option === "learned";
  return { likelihood: gaussian ? "gaussian" : option, learned: option === "learned" };
}

function select(name, options, onset) {
  const children = Object.entries(options).map(([value, text]) => element("option", { value }, text));
  const input = element("select", { onchange: () => onset(chosen(name, input.value)) }, ...children);
  return { input, fill(values) { input.value = shown(values, name); } };
}

function numberField(name, step, onset) {
  const oninput = () => onset({ [name]: input.value === "" ? NaN : Number(input.value) });
  const input = element("input", { type: "number", min: step === 1 ? 1 : 0, step, oninput });
  // What is being typed stays as it is typed.
  const fill = (values) => {
    const value = values[name];
    const differs = input.value === "" || Number(input.value) !== value;
    if (differs && !Number.isNaN(value)) input.value = value;
  };
  return { input, fill };
}

const idle = (name, { likelihood, learned, kl }) => (name === "half" && likelihood !== "gaussian")
  || (name === "variance" && !learned) || (name === "examples" && kl !== "dataset");

function labelled(name, label, { input, fill }) {
  const node = element("label", { class: "vq-beta-field" }, element("span", {}, label), input);
  return {
    node,
    show({ values, wrong }) {
      fill(values);
      input.setAttribute("aria-invalid", String(name === wrong?.[0]));
      input.disabled = idle(name, values);
      node.classList.toggle("vq-beta-idle", input.disabled);
    },
  };
}

// onset(values): what the hand has set, perhaps a wrong number.
export function inputs(onset) {
  const selects = Object.entries(CHOICES).map(([name, [label, options]]) =>
    labelled(name, label, select(name, options, onset)));
  const numbers = Object.entries(NUMBERS).map(([name, [label, step]]) =>
    labelled(name, label, numberField(name, step, onset)));
  const grid = element("div", { class: "vq-beta-numbers" }, ...numbers.map((each) => each.node));
  return {
    node: element("div", { class: "vq-beta-inputs" }, ...selects.map((each) => each.node), grid),
    show(view) { for (const each of [...selects, ...numbers]) each.show(view); },
  };
}

export function recipeButtons(recipes, onset) {
  const buttons = recipes.map(([name, recipe]) =>
    ({ recipe, node: button(name, () => onset(recipe)) }));
  const group = { class: "vq-beta-recipes", role: "group", "aria-label": "Recipes from public code" };
  const label = element("span", {}, "From public code:");
  return {
    node: element("div", group, label, ...buttons.map((each) => each.node)),
    show({ values }) {
      for (const { recipe, node } of buttons) {
        const same = Object.entries(recipe).every(([name, value]) => values[name] === value);
        node.setAttribute("aria-pressed", String(same));
      }
    },
  };
}
