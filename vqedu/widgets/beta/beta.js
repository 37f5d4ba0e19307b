// The effective-beta calculator: the loss as a learner writes it, the two factors hidden in it, and the beta they make.
import { COLORS, element, canvas, onceAFrame, whenSettled, button, stage, fitWidth } from "../page/kit.js";
import { write, frame, axisX, stroke, dot } from "../page/plot.js";
import { part, mi, mo, row, frac, colored, formula } from "../page/mathml.js";
import { factors, effectiveBeta, short, verdict, consequence, complaint, lossLines } from "./math.js";

const CHOICES = {
  likelihood: ["Likelihood p(x|z)", { bernoulli: "Bernoulli", unit: "Gaussian, variance 1", learned: "Gaussian, learned variance" }],
  half: ["Factor \u00BD of the squared error", { true: "written in the code", false: "left out" }],
  reconstruction: ["Reconstruction is reduced to", {
    image: "sum over pixels, mean over batch", element: "mean over pixels and batch", total: "sum over everything",
  }],
  kl: ["KL is reduced to", {
    image: "sum over latents, mean over batch", element: "mean over latents and batch", total: "sum over everything",
  }],
};
const NUMBERS = {
  beta: ["\u03B2 in the code", "any"], weight: ["weight on recon", "any"], variance: ["variance \u03C3\u00B2", "any"],
  pixels: ["pixels of an image", 1], latents: ["latents of a code", 1], batch_size: ["batch size", 1],
};

// What the selects show of a state, and what a choice changes in it.
const shown = (state, name) => (name !== "likelihood" || state.likelihood === "bernoulli" ? String(state[name]) : state.learned ? "learned" : "unit");
function chosen(name, value) {
  if (name === "half") return { half: value === "true" };
  if (name !== "likelihood") return { [name]: value };
  return { likelihood: value === "bernoulli" ? "bernoulli" : "gaussian", learned: value === "learned" };
}

const used = (state) => ({ ...state, variance: state.learned ? state.variance : 1 });

function inputs(change) {
  const fields = {};
  const field = (name, label, input) => {
    fields[name] = { input, node: element("label", { class: "vq-beta-field" }, element("span", {}, label), input) };
    return fields[name].node;
  };
  const selects = Object.entries(CHOICES).map(([name, [label, options]]) => field(name, label, element(
    "select", { onchange: (event) => change(chosen(name, event.target.value)) },
    ...Object.entries(options).map(([value, text]) => element("option", { value }, text)))));
  const numbers = Object.entries(NUMBERS).map(([name, [label, step]]) => field(name, label, element("input", {
    type: "number", min: step === 1 ? 1 : 0, step,
    oninput: (event) => change({ [name]: event.target.value === "" ? NaN : Number(event.target.value) }),
  })));
  const node = element("div", { class: "vq-beta-inputs" }, ...selects, element("div", { class: "vq-beta-numbers" }, ...numbers));
  const show = (state, wrong) => {
    for (const [name, { input, node: label }] of Object.entries(fields)) {
      if (CHOICES[name]) input.value = shown(state, name);
      // What is being typed stays as it is typed.
      else if (Number(input.value) !== state[name] && !Number.isNaN(state[name])) input.value = state[name];
      input.setAttribute("aria-invalid", String(name === wrong));
      const idle = (name === "half" && state.likelihood === "bernoulli") || (name === "variance" && !state.learned);
      input.disabled = idle;
      label.classList.toggle("vq-beta-idle", idle);
    }
  };
  return { node, show };
}

// The code with, beside each term, what it is in the ELBO's own terms R and KL.
function codeBoard() {
  const codes = [COLORS.decoder, COLORS.prior, COLORS.data].map((color) => element("code", { style: `border-color: ${color}` }));
  const notes = codes.map(() => element("p", { class: "vq-beta-factor" }));
  const node = element("div", { class: "vq-beta-code" }, ...codes.flatMap((code, i) => [code, notes[i]]));
  const show = (code, state) => {
    const { a, b, aProduct, bProduct } = factors(state);
    lossLines(code, state).forEach((line, i) => { codes[i].textContent = line; });
    const equals = (product, value) => (product === short(value) ? product : `${product} = ${short(value)}`);
    notes[0].replaceChildren("recon = ", element("b", { class: "vq-beta-a" }, "a"), ` R,  a = ${equals(aProduct, a)}`);
    notes[1].replaceChildren("kl = ", element("b", { class: "vq-beta-b" }, "b"), ` KL,  b = ${equals(bProduct, b)}`);
    const variance = state.learned ? "; the code does not divide the squared error by \u03C3\u00B2" : "";
    notes[2].textContent = `R and KL: summed over one image, averaged over the batch, in nats${variance}`;
  };
  return { node, show };
}

function resultFormula(state) {
  const { a, b } = factors(state);
  const number = (value, color) => colored(color, mi(short(value)));
  const A = () => colored(COLORS.decoder, mi("a")), B = () => colored(COLORS.prior, mi("b"));
  return formula(
    mi("\u03B2"), part("mtext", ["\u200Aeff"], "font-size: 70%"), mo("="),
    frac(row(mi("\u03B2"), mo("\u00B7"), B()), row(part("mtext", ["weight"]), mo("\u00B7"), A())), mo("="),
    frac(row(mi(short(state.beta)), mo("\u00B7"), number(b, COLORS.prior)), row(mi(short(state.weight)), mo("\u00B7"), number(a, COLORS.decoder))), mo("="));
}

// Where the effective beta lies between an autoencoder and a collapsed VAE, on a logarithmic scale.
function drawScale({ pen, width, height }, value) {
  pen.clearRect(0, 0, width, height);
  const f = frame(pen, { left: 30, top: 34, width: width - 60, height: 26, x: [-3, 3], y: [0, 1] });
  const at = Math.min(Math.max(value > 0 ? Math.log10(value) : -3, -3), 3);
  pen.fillStyle = "rgba(213, 94, 0, 0.18)";
  pen.fillRect(Math.min(f.X(0), f.X(at)), f.top + 6, Math.abs(f.X(at) - f.X(0)), f.height - 12);
  axisX(f, { values: [-3, -2, -1, 0, 1, 2, 3], format: (v) => (v < 0 ? `1/${10 ** -v}` : String(10 ** v)) });
  stroke(pen, [[f.X(0), f.top - 10], [f.X(0), f.bottom]], { color: COLORS.data, width: 2, dash: [5, 4] });
  write(pen, "the ELBO", f.X(0), 18, { align: "center", bold: true });
  const room = width > 800;
  write(pen, room ? "\u2190 KL counts less: towards an autoencoder" : "\u2190 KL counts less", f.left, 18);
  write(pen, room ? "KL counts more: towards collapse \u2192" : "KL counts more \u2192", f.right, 18, { align: "right" });
  dot(pen, f.X(at), f.Y(0.5), 10, { fill: COLORS.prior, color: "#fff" });
}

function render({ model, el }) {
  const { recipes, code } = model.get("config");
  let state = { ...model.get("state") };
  const tell = whenSettled(model);
  const board = codeBoard();
  const equation = element("div", { class: "vq-beta-formula" });
  const big = element("output", { class: "vq-beta-big", "aria-label": "effective beta", "aria-live": "off" });
  const words = element("p", { class: "vq-beta-verdict", role: "status" });
  const then = element("p", { class: "vq-beta-then" });
  const scale = canvas(946, 84, { role: "img", class: "vq-beta-scale" });
  const draw = () => {
    const wrong = complaint(used(state));
    fields.show(state, wrong?.[0]);
    for (const choice of choices) choice.setAttribute("aria-pressed", String(Object.entries(recipes[choice.textContent]).every(([k, v]) => state[k] === v)));
    answer.classList.toggle("vq-beta-wrong", Boolean(wrong));
    if (wrong) {
      big.textContent = "?";
      words.textContent = wrong[1];
      then.textContent = "";
      return;
    }
    const value = effectiveBeta(used(state));
    board.show(code, used(state));
    equation.replaceChildren(resultFormula(used(state)));
    big.textContent = short(value);
    words.textContent = verdict(value);
    then.textContent = consequence(value);
    drawScale(scale, value);
    scale.node.setAttribute("aria-label", `Effective beta ${short(value)} on a logarithmic scale on which the ELBO stands at 1`);
  };
  const redraw = onceAFrame(draw);
  const change = (values) => {
    state = { ...state, ...values };
    redraw();
    if (!complaint(used(state))) tell({ ...state });
  };
  const fields = inputs(change);
  const choices = Object.entries(recipes).map(([name, values]) => button(name, () => change(values)));
  const answer = element("div", { class: "vq-beta-answer" }, element("div", { class: "vq-beta-result" }, equation, big), words, then);
  const root = stage(el, "Effective-beta calculator",
    element("h3", { class: "vq-title vq-beta-title" }, "What is the \u03B2 of this code, really?"),
    element("div", { class: "vq-beta-recipes", role: "group", "aria-label": "Recipes taught in public" }, element("span", {}, "Taught in public:"), ...choices),
    element("div", { class: "vq-beta-board" }, fields.node, element("div", { class: "vq-beta-right" }, board.node, answer)),
    element("div", { class: "vq-beta-scaled" }, scale.node));
  fitWidth(scale, redraw);
  root.addEventListener("sharpened", redraw);
  draw();
}

export default { render };
