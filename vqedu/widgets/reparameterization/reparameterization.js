// The reparameterization explorer: a fixed cloud of eps is carried to z = mu + sigma eps, and every sample says how
// E[f(z)] would change, by its path or by the score function; 300 repeated draws show how far such estimates spread.
import { COLORS, element, canvas, onceAFrame, whenSettled, slider, button, stage } from "../page/kit.js";
import { number, write, frame, axisX, axisY, ticks, stroke, curve, clip, dot, arrow, legend } from "../page/plot.js";
import { clamp, drawHandles, holdGaussian } from "../page/hand.js";
import { FUNCTIONS, reparameterized, scoreFunction, estimates, meanAndSpread, normals } from "./math.js";

const RANGES = { mu: [-3, 3], sigma: [0.1, 2] };
const SAMPLE_COUNTS = [1, 4, 16, 64, 256];
const REPEATS = 300;
const PATH = COLORS.encoder;
const SCORE = COLORS.warning;
const Z_RANGE = [-7, 7];
const SCALES = [1, 1.5, 2, 3, 5, 7].flatMap((m) => [0.01, 0.1, 1, 10, 100, 1000].map((p) => m * p)).sort((a, b) => a - b);
const scaleFor = (value) => SCALES.find((scale) => scale >= value) ?? value;

// Both estimators' gradients of 300 draws, and what they should be; from the state and the noise alone.
function experiment(state, noise) {
  const { mu, sigma, n } = state;
  const target = FUNCTIONS[state.f];
  const baseline = state.baseline ? target.mean(mu, sigma) : 0;
  const one = {
    path: (eps) => reparameterized(target, mu, sigma, eps),
    score: (eps) => scoreFunction(target, mu, sigma, eps, baseline),
  };
  const size = { repeats: REPEATS, stride: SAMPLE_COUNTS.at(-1), n };
  const draws = { path: estimates(one.path, noise, size), score: estimates(one.score, noise, size) };
  const summary = {};
  for (const name of ["mu", "sigma"]) {
    const [path, score] = [meanAndSpread(draws.path[name]), meanAndSpread(draws.score[name])];
    summary[name] = { path, score, ratio: (score.sd / path.sd) ** 2 };
  }
  return { target, one, draws, summary, exact: target.gradient(mu, sigma) };
}

const strip = (pen, top, height, y) => frame(pen, { left: 58, top, width: 526, height, x: Z_RANGE, y });

// Above the noise, below the samples, on one scale: a thread from each eps to its z is the path the gradient takes.
function drawTransport(pen, state, cloud) {
  const { mu, sigma } = state;
  const above = strip(pen, 28, 62, [0, 0.42]);
  const below = strip(pen, 148, 84, [0, Math.max(0.42, 0.42 / sigma)]);
  const bell = (mean, sd) => (v) => Math.exp(-0.5 * ((v - mean) / sd) ** 2) / (sd * Math.sqrt(2 * Math.PI));
  curve(above, bell(0, 1), { color: "#555", fill: "rgba(0, 0, 0, 0.08)" });
  curve(below, bell(mu, sigma), { color: PATH, fill: "rgba(0, 158, 115, 0.16)" });
  cloud.forEach((eps, i) => {
    const [from, to] = [above.X(eps), below.X(mu + sigma * eps)];
    stroke(pen, [[from, above.bottom], [to, below.bottom]], { color: i % 4 ? "rgba(0, 158, 115, 0.35)" : PATH, width: i % 4 ? 1 : 2 });
    dot(pen, from, above.bottom, 4, { fill: "#555", color: "#fff", width: 1 });
    dot(pen, to, below.bottom, 4, { fill: PATH, color: "#fff", width: 1 });
  });
  for (const [cloudFrame, name] of [[above, "\u03B5"], [below, "z"]]) write(pen, name, 30, cloudFrame.bottom, { size: 18, bold: true });
  write(pen, "\u03B5 ~ N(0, 1): drawn once, fixed", 62, 20);
  const [place, align] = mu < 0 ? [above.right - 4, "right"] : [62, "left"]; // where the bell is not
  write(pen, "z = \u03BC + \u03C3\u03B5", place, 150, { bold: true, color: "#00704F", align });
  write(pen, `= ${number(mu, 2)} + ${number(sigma, 2)} \u03B5`, place, 170, { bold: true, color: "#00704F", align });
  drawHandles(below, state);
  return below;
}

function drawFunction(pen, { mu, sigma }, { target }, cloud) {
  const samples = cloud.map((eps) => mu + sigma * eps);
  const top = scaleFor(Math.max(...samples.map((z) => target.f(z)), 1.05));
  const f = strip(pen, 260, 88, [target.f === FUNCTIONS.sine.f ? -1.2 : 0, top * 1.05]);
  axisY(f, { values: f.y[0] < 0 ? [-1, 0, 1] : [0, top] });
  curve(f, target.f, { color: "#1a1a1a" });
  for (const z of samples) dot(pen, f.X(z), f.Y(target.f(z)), 4, { fill: PATH, color: "#fff", width: 1 });
  write(pen, "f(z)", 12, f.top + f.height * 0.27, { bold: true, baseline: "middle" });
}

// What each sample of the cloud says about the mean: by its slope, or by f times how unusual it is. Both average the same.
function drawPulls(pen, { mu, sigma }, { one, exact }, cloud) {
  const pulls = cloud.map((eps) => ({ z: mu + sigma * eps, path: one.path(eps).mu, score: one.score(eps).mu }));
  const all = pulls.flatMap((p) => [p.path, p.score, exact.mu]);
  const f = strip(pen, 388, 122, [-scaleFor(Math.max(-Math.min(...all), 0.1)), scaleFor(Math.max(...all, 0.1))]);
  axisY(f, { values: ticks(f.y, 3) });
  for (const { z, path, score } of pulls) {
    arrow(pen, [f.X(z) + 2, f.Y(0)], [f.X(z) + 2, f.Y(score)], { color: SCORE });
    arrow(pen, [f.X(z) - 2, f.Y(0)], [f.X(z) - 2, f.Y(path)], { color: PATH });
  }
  stroke(pen, [[f.left, f.Y(exact.mu)], [f.right, f.Y(exact.mu)]], { color: "#000", width: 2, dash: [6, 4] });
  const used = write(pen, "each sample\u2019s pull on \u03BC:", 58, 376, { bold: true });
  legend(pen, [{ name: "by its path", color: PATH }, { name: "by score", color: SCORE }, { name: "exact", color: "#000", dash: [6, 4] }], 72 + used, 376, { gap: 14 });
  axisX(f, { label: "z" });
}

function drawSamples({ pen, width, height }, state, result, cloud) {
  pen.clearRect(0, 0, width, height);
  pen.save();
  clip({ pen, left: 0, top: 0, width, height });
  const f = drawTransport(pen, state, cloud);
  drawFunction(pen, state, result, cloud);
  drawPulls(pen, state, result, cloud);
  pen.restore();
  return f;
}

function histogram(f, values, color) {
  const bins = 41;
  const counts = new Array(bins).fill(0);
  const inside = values.filter((v) => v >= f.x[0] && v < f.x[1]);
  for (const v of inside) counts[Math.floor(((v - f.x[0]) / (f.x[1] - f.x[0])) * bins)]++;
  const tallest = Math.max(...counts);
  f.pen.fillStyle = color;
  counts.forEach((count, i) => f.pen.fillRect(f.left + (i * f.width) / bins, f.bottom - (count / tallest) * f.height, f.width / bins - 0.5, (count / tallest) * f.height));
  const beyond = values.length - inside.length;
  if (beyond) write(f.pen, `${beyond} beyond`, f.right, f.top + 12, { size: 14, align: "right" });
}

// For each parameter the estimates of both kinds, one above the other on one scale; the exact gradient is the black line.
function drawEstimates({ pen, width, height }, { n }, { draws, exact }) {
  pen.clearRect(0, 0, width, height);
  for (const [top, name, sign] of [[0, "mu", "\u03BC"], [282, "sigma", "\u03C3"]]) {
    const distances = [...draws.path[name], ...draws.score[name]].map((v) => Math.abs(v - exact[name])).sort((a, b) => a - b);
    // Wide enough for 95 of 100 estimates: a few that lie far out are counted, so that the rest can be seen.
    const reach = scaleFor(1.3 * Math.max(distances[Math.floor(0.95 * distances.length)], 0.02));
    const x = [exact[name] - reach, exact[name] + reach];
    const path = frame(pen, { left: 16, top: top + 48, width: 306, height: 78, x, y: [0, 1] });
    const score = frame(pen, { ...path, top: top + 148, y: [0, 1] });
    write(pen, `\u2202E[f(z)]/\u2202${sign} from ${n} ${n === 1 ? "sample" : "samples"}`, 16, top + 22, { bold: true, size: 16 });
    histogram(path, draws.path[name], PATH);
    histogram(score, draws.score[name], SCORE);
    stroke(pen, [[path.left, path.bottom], [path.right, path.bottom]], { color: "#555", width: 1 });
    stroke(pen, [[path.X(exact[name]), top + 32], [path.X(exact[name]), score.bottom + 5]], { color: "#000", width: 2, dash: [6, 4] });
    write(pen, "path", 16, path.top + 12, { size: 14, bold: true, color: "#00704F" });
    write(pen, "score", 16, score.top + 12, { size: 14, bold: true, color: "#8A5F00" });
    axisX(score, { values: [-0.75, 0, 0.75].map((share) => exact[name] + share * reach), format: (v) => number(v, Math.abs(reach) < 20 ? 2 : 0) });
  }
}

function finding({ f, baseline }, { summary, exact }) {
  if (f === "step") return `A step has no slope: the path says 0 where the truth is ${number(exact.mu)}`;
  const { ratio } = summary.mu;
  const words = `For \u03BC, the score function\u2019s variance${baseline ? " with a baseline" : ""} is`;
  return ratio < 1 ? `${words} only ${number(ratio, 2)} times the path\u2019s here` : `${words} ${number(ratio, 1)} times the path\u2019s`;
}

// The numbers behind the histograms, as a table that can be read aloud.
function numbersTable() {
  const rows = { exact: "exact gradient", path: "path (reparameterized)", score: "score function", ratio: "variance ratio" };
  const cells = {};
  const body = Object.entries(rows).map(([row, title]) => element("tr", { class: `vq-rep-${row}` }, element("th", { scope: "row" }, title),
    ...["mu.mean", "mu.sd", "sigma.mean", "sigma.sd"].map((column) => (cells[`${row}.${column}`] = element("td", { "data-cell": `${row}.${column}` })))));
  const head = ["", "\u03BC: mean", "\u03BC: SD", "\u03C3: mean", "\u03C3: SD"].map((title) => element("th", { scope: "col" }, title));
  const caption = element("caption", {}, `Measured over ${REPEATS} draws`);
  const node = element("table", { class: "vq-rep-table" }, caption, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body));
  const show = ({ summary, exact }) => {
    for (const name of ["mu", "sigma"]) {
      cells[`exact.${name}.mean`].textContent = number(exact[name]);
      for (const row of ["path", "score"]) for (const part of ["mean", "sd"]) cells[`${row}.${name}.${part}`].textContent = number(summary[name][row][part]);
      const { ratio } = summary[name];
      cells[`ratio.${name}.sd`].textContent = Number.isFinite(ratio) ? `${number(ratio, 1)} \u00D7` : "no signal";
    }
  };
  return { node, show };
}

function knobs(state, change) {
  const sliders = [["mu", "shift \u03BC"], ["sigma", "scale \u03C3"]].map(([name, label]) => [name, slider({
    label, min: RANGES[name][0], max: RANGES[name][1], step: 0.01, value: state[name], color: PATH,
    format: (v) => number(v, 2), oninput: (v) => change({ [name]: v }),
  })]);
  const count = slider({
    label: "samples n", min: 0, max: SAMPLE_COUNTS.length - 1, step: 1, value: SAMPLE_COUNTS.indexOf(state.n),
    format: (v) => String(SAMPLE_COUNTS[v]), oninput: (v) => change({ n: SAMPLE_COUNTS[v] }),
  });
  const choices = Object.entries(FUNCTIONS).map(([f, { formula }]) => button(`f(z) = ${formula}`, () => change({ f }), { "data-function": f }));
  const baseline = button("Baseline: f(z) \u2212 E[f(z)]", () => change({ baseline: !state.baseline }));
  const again = button(`Draw the ${REPEATS} again`, () => change({ seed: state.seed + 1 }));
  const node = element("div", { class: "vq-rep-controls" },
    element("div", { class: "vq-panel vq-rep-sliders" }, ...sliders.map(([, s]) => s.node), count.node),
    element("div", { class: "vq-rep-choices", role: "group", "aria-label": "Function f" }, ...choices),
    element("div", { class: "vq-rep-choices" }, baseline, again));
  const show = () => {
    for (const [name, s] of sliders) s.show(state[name]);
    count.show(SAMPLE_COUNTS.indexOf(state.n));
    baseline.setAttribute("aria-pressed", String(state.baseline));
    for (const choice of choices) choice.setAttribute("aria-pressed", String(choice.dataset.function === state.f));
  };
  return { node, show };
}

function render({ model, el }) {
  const { cloud } = model.get("config");
  const state = { ...model.get("state") };
  const tell = whenSettled(model);
  const samples = canvas(596, 556, {
    tabindex: 0, role: "application",
    "aria-label": "The cloud of samples. Left and right arrow keys move mu, up and down sigma; with shift, in large steps.",
  });
  const spread = canvas(338, 556, { role: "img" });
  const title = element("h3", { class: "vq-title vq-rep-title", "aria-live": "polite" });
  const table = numbersTable();
  let noise, noiseSeed, shownFrame;
  const draw = () => {
    if (noiseSeed !== state.seed) noise = normals(state.seed, REPEATS * SAMPLE_COUNTS.at(-1));
    noiseSeed = state.seed;
    const result = experiment(state, noise);
    shownFrame = drawSamples(samples, state, result, cloud);
    drawEstimates(spread, state, result);
    title.textContent = finding(state, result);
    spread.node.setAttribute("aria-label", `Histograms of ${REPEATS} estimates of each derivative by both estimators. ${title.textContent}.`);
    table.show(result);
    panel.show();
  };
  const redraw = onceAFrame(draw);
  const change = (values) => {
    Object.assign(state, values);
    for (const name of Object.keys(RANGES)) state[name] = clamp(state[name], RANGES[name]);
    redraw();
    tell({ ...state });
  };
  const panel = knobs(state, change);
  const root = stage(el, "Reparameterization explorer", title,
    element("div", { class: "vq-row vq-rep-figure" }, samples.node, spread.node, panel.node, table.node));
  root.addEventListener("sharpened", redraw);
  holdGaussian(samples, state, change, () => shownFrame);
  draw();
}

export default { render };
