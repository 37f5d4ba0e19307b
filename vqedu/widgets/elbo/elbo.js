// The ELBO explorer: drag q over the true posterior; log p(x) = ELBO + KL(q || p(z|x)) at every place of the hand.
import { COLORS, element, canvas, onceAFrame, whenSettled, slider, button, stage } from "../page/kit.js";
import { number, write, frame, axisX, axisY, stroke, curve, arrow, legend } from "../page/plot.js";
import { clamp, drawHandles, holdGaussian } from "../page/hand.js";
import { DECODERS, logPrior, logNormal, logJoint, logEvidence, elbo, reconstruction, klToPrior, klToPosterior, derivation, bestGaussian } from "./math.js";
import { derivationBoard } from "./board.js";

const LIMITS = { x: [-2, 4], mu: [-4, 4], sigma: [0.05, 4] };
const DECODER_NAMES = { linear: "linear: f(z) = z", curved: "curved: f(z) = softplus(4z)", "two-sided": "two-sided: f(z) = z\u00B2" };
const Q_FILL = "rgba(0, 158, 115, 0.16)";

// The first of these heights that holds `value`: a scale that jumps seldom, and says so at its ticks.
const roundUp = (value, heights) => heights.find((height) => height >= value) ?? value;
const DENSITY_HEIGHTS = [1, 2, 4, 9];
const NAT_HEIGHTS = [2, 4, 8, 15, 30, 60, 120, 250, 500, 1000, 2500, 6000];

// Every number the picture shows, from the state alone.
function measure(state, noise) {
  const { decoder, x, mu, sigma } = state;
  const model = { decoder, noise };
  const evidence = logEvidence(model, x);
  return {
    model, evidence,
    elbo: elbo(model, x, mu, sigma),
    gap: klToPosterior(model, x, mu, sigma, evidence),
    reconstruction: reconstruction(model, x, mu, sigma),
    toPrior: klToPrior(mu, sigma),
    lines: derivation(model, x, mu, sigma, evidence),
  };
}

function densityFrame(pen, { mu, sigma }, posterior) {
  let peak = Math.exp(logNormal(mu, mu, sigma));
  for (let z = -5; z <= 5; z += 0.02) peak = Math.max(peak, posterior(z));
  return frame(pen, { left: 52, top: 34, width: 532, height: 204, x: [-5, 5], y: [0, roundUp(1.08 * peak, DENSITY_HEIGHTS)] });
}

function drawDensities({ pen, width, height }, state, { model, evidence }) {
  pen.clearRect(0, 0, width, height);
  const posterior = (z) => Math.exp(logJoint(model, state.x, z) - evidence);
  const f = densityFrame(pen, state, posterior);
  axisY(f, { label: "density" });
  curve(f, posterior, { color: "#1a1a1a", fill: "rgba(0, 0, 0, 0.16)" });
  curve(f, (z) => Math.exp(logPrior(z)), { color: COLORS.prior, dash: [7, 5] });
  curve(f, (z) => Math.exp(logNormal(z, state.mu, state.sigma)), { color: COLORS.encoder, width: 3, fill: Q_FILL });
  axisX(f, { label: "latent z" });
  drawHandles(f, state);
  legend(pen, [
    { name: "prior p(z)", color: COLORS.prior, dash: [7, 5] },
    { name: "true posterior p(z|x)", color: "#1a1a1a", fill: "rgba(0, 0, 0, 0.16)" },
    { name: "your q(z|x): drag it", color: COLORS.encoder, fill: Q_FILL },
  ], 56, 22);
  drawDecoder(pen, state, model);
  return f;
}

// Below the densities, on the same z: what the decoder makes of z, and which z explain the observed x.
function drawDecoder(pen, { decoder, x, sigma, mu }, { noise }) {
  const f = frame(pen, { left: 52, top: 290, width: 532, height: 112, x: [-5, 5], y: [-3, 5] });
  axisY(f, { label: "x", values: [-2, 0, 2, 4] });
  pen.fillStyle = "rgba(0, 0, 0, 0.10)";
  pen.fillRect(f.left, f.Y(x + noise), f.width, f.Y(x - noise) - f.Y(x + noise));
  stroke(pen, [[f.left, f.Y(x)], [f.right, f.Y(x)]], { color: COLORS.data, width: 2 });
  curve(f, DECODERS[decoder], { color: COLORS.decoder, width: 3 });
  axisX(f, { format: () => "" });
  const beside = x > 3 ? f.Y(x - noise) + 16 : f.Y(x + noise) - 5; // above the band, or below where it is high
  write(pen, `x = ${number(x, 2)} \u00B1 ${noise} (noise)`, f.left + 6, beside, { size: 14, bold: true });
  write(pen, "decoder f(z)", f.right - 6, f.Y(x < 0 ? 1 : -2.5), { size: 14, color: COLORS.decoder, bold: true, align: "right" });
}

// Four bars that hang from zero: ELBO down, the gap back up to log p(x); and the ELBO once more, as its two terms.
function drawBars({ pen, width, height }, m) {
  pen.clearRect(0, 0, width, height);
  const depth = roundUp(-1.05 * m.elbo, NAT_HEIGHTS);
  const f = frame(pen, { left: 55, top: 52, width: 278, height: 264, x: [0, 4], y: [-depth, 0] });
  axisY(f);
  write(pen, "nats", f.left - 6, f.bottom + 24, { size: 14, align: "right", color: "#444" });
  const bars = [
    { from: 0, to: m.elbo, color: "#9a9a9a", name: ["ELBO"], value: m.elbo },
    { from: m.elbo, to: m.evidence, color: COLORS.warning, name: ["+ KL to", "p(z|x),", "the gap"], value: m.gap },
    { from: 0, to: m.reconstruction, color: COLORS.decoder, name: ["recon-", "struction"], value: m.reconstruction },
    { from: m.reconstruction, to: m.elbo, color: COLORS.prior, name: ["\u2212 KL to", "the prior"], value: -m.toPrior },
  ];
  bars.forEach((bar, i) => drawBar(f, bar, i));
  stroke(pen, [[f.left, f.Y(m.elbo)], [f.right, f.Y(m.elbo)]], { color: "#555", width: 1.5, dash: [5, 4] });
  stroke(pen, [[f.left, f.top], [f.right, f.top]], { color: "#555", width: 1 });
  stroke(pen, [[f.left, f.Y(m.evidence)], [f.right, f.Y(m.evidence)]], { color: "#000", width: 3 });
  stroke(pen, [[f.X(2), f.top], [f.X(2), f.bottom + 4]], { color: "#c8c8c8", width: 1 });
  write(pen, `log p(x) = ${number(m.evidence)} nats`, f.left, 18, { bold: true, size: 16 });
  write(pen, "the black line: q cannot move it", f.left, 38, { size: 14, color: "#444" });
}

function drawBar({ pen, X, Y, bottom }, { from, to, color, name, value }, index) {
  const left = X(index) + 12;
  const wide = X(1) - X(0) - 24;
  const middle = left + wide / 2;
  pen.fillStyle = color;
  pen.fillRect(left, Math.min(Y(from), Y(to)), wide, Math.max(Math.abs(Y(to) - Y(from)), 1));
  if (Math.abs(Y(to) - Y(from)) > 16) {
    const inward = Math.sign(Y(to) - Y(from)) * 4;
    arrow(pen, [middle, Y(from) + inward], [middle, Y(to) - inward / 2], { color: "#fff", width: 2.5, head: 11 });
  }
  write(pen, number(value, Math.abs(value) < 100 ? 2 : 0), middle, bottom + 24, { bold: true, align: "center" });
  name.forEach((word, i) => write(pen, word, middle, bottom + 46 + 18 * i, { size: 14, align: "center" }));
}

// What there is to find: how close a Gaussian can come to this posterior.
function finding({ decoder }, smallest) {
  if (decoder === "linear") return "A linear decoder makes the posterior Gaussian: the best q closes the gap to 0.";
  return `This posterior is not Gaussian: no Gaussian q comes closer than ${smallest < 0.001 ? smallest.toPrecision(2) : number(smallest)} nats.`;
}

function sentence(m) {
  return `log p(x) = ELBO + KL(q\u2016p(z|x)):  ${number(m.evidence)} = ${number(m.elbo)} + ${number(m.gap)} nats`;
}

function controls(state, change, findBest, found) {
  const numbers = (name, label, color) => slider({
    label, min: LIMITS[name][0], max: LIMITS[name][1], step: 0.01, value: state[name], color,
    format: (v) => number(v, 2), oninput: (v) => change({ [name]: v }),
  });
  const sliders = {
    mu: numbers("mu", "mean \u03BC of q", COLORS.encoder),
    sigma: numbers("sigma", "width \u03C3 of q", COLORS.encoder),
    x: numbers("x", "observed x", COLORS.data),
  };
  const choices = Object.entries(DECODER_NAMES).map(([decoder, name]) =>
    button(name, () => change({ decoder }), { "data-decoder": decoder }));
  const best = button("Find the best q", findBest, { class: "vq-button vq-elbo-best" });
  const left = element("div", { class: "vq-panel vq-elbo-sliders" }, ...Object.values(sliders).map((s) => s.node));
  const group = element("div", { class: "vq-panel", role: "group", "aria-label": "Decoder" }, ...choices);
  const show = () => {
    for (const name of Object.keys(sliders)) sliders[name].show(state[name]);
    for (const choice of choices) choice.setAttribute("aria-pressed", String(choice.dataset.decoder === state.decoder));
  };
  return { node: element("div", { class: "vq-elbo-controls" }, found, element("div", { class: "vq-row" }, left, group, best)), show };
}

// Moves q to its best place in half a second, or at once where the reader has asked for less motion.
function glide(state, goal, change) {
  const from = { mu: state.mu, sigma: state.sigma };
  const duration = window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 500;
  const start = performance.now();
  let wanted = true;
  const step = (now) => {
    if (!wanted) return;
    const t = duration ? clamp((now - start) / duration, [0, 1]) : 1;
    const s = t * t * (3 - 2 * t);
    if (t === 1) return change(goal, false);
    change({ mu: from.mu + s * (goal.mu - from.mu), sigma: from.sigma + s * (goal.sigma - from.sigma) }, false);
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
  return () => { wanted = false; };
}

function render({ model, el }) {
  const { noise } = model.get("config");
  const state = { ...model.get("state") };
  const tell = whenSettled(model);
  const densities = canvas(596, 414, {
    tabindex: 0, role: "application",
    "aria-label": "Densities over z. Left and right arrow keys move the mean of q, up and down its width; with shift, in large steps.",
  });
  const bars = canvas(338, 414, { role: "img" });
  const status = element("p", { class: "vq-status vq-elbo-sum", "aria-live": "polite" });
  const found = element("p", { class: "vq-status vq-elbo-found" });
  let shownFrame, best, bestFor, stop = () => {};

  const bestNow = () => {
    const key = `${state.decoder} ${state.x}`;
    if (bestFor !== key) best = bestGaussian({ decoder: state.decoder, noise }, state.x);
    bestFor = key;
    return best;
  };
  const draw = () => {
    const m = measure(state, noise);
    const { mu, sigma } = bestNow();
    shownFrame = drawDensities(densities, state, m);
    drawBars(bars, m);
    bars.node.setAttribute("aria-label", `Bars in nats: log p(x) ${number(m.evidence)}, ELBO ${number(m.elbo)}, gap ${number(m.gap)}, reconstruction ${number(m.reconstruction)}, KL to the prior ${number(m.toPrior)}.`);
    status.textContent = sentence(m);
    found.textContent = finding(state, klToPosterior(m.model, state.x, mu, sigma, m.evidence));
    panel.show();
    board.show(state.line, m.lines, m);
  };
  const redraw = onceAFrame(draw);
  const change = (values, byHand = true) => {
    if (byHand) stop();
    Object.assign(state, values);
    for (const name of Object.keys(LIMITS)) state[name] = clamp(state[name], LIMITS[name]);
    redraw();
    tell({ ...state });
  };
  // The mirror image is as good where the posterior has two equal sides: take the near one.
  const findBest = () => {
    stop();
    const { mu, sigma } = bestNow();
    stop = glide(state, { mu: state.decoder === "two-sided" && state.mu < 0 ? -mu : mu, sigma }, change);
  };
  const panel = controls(state, change, findBest, found);
  const board = derivationBoard((line) => change({ line }));
  const title = element("h3", { class: "vq-title vq-elbo-title" }, "Whatever q is, ELBO and gap add up to log p(x): raising the ELBO is closing the gap");
  const root = stage(el, "ELBO explorer", title, status, element("div", { class: "vq-row vq-elbo-figure" }, densities.node, bars.node, panel.node), board.node);
  root.addEventListener("sharpened", redraw);
  holdGaussian(densities, state, change, () => shownFrame);
  draw();
  return () => stop();
}

export default { render };
