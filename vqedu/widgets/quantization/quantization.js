// The 2-D quantization explorer: drag codes among points, and move them by k-means, moving averages or gradients.
import { COLORS, element, canvas, notOurs, position, onceAFrame, whenSettled, slider, button, disable, stage } from "../page/kit.js";
import { clamp, number } from "../page/numbers.js";
import { unpack } from "../page/nn.js";
import { measureCodes, freshBook, placeCode, kmeansStep, emaStep, gradientStep, shuffled, wideCodes } from "./math.js";
import { BOARD_LIMIT, TARGET, boardFrame, markerPlace, onBoard, drawBoard, drawCharts } from "./board.js";

const METHODS = {
  kmeans: { name: "k-means", step: kmeansStep },
  ema: { name: "EMA", step: emaStep },
  gradient: { name: "gradient", step: gradientStep },
};
const DATA_NAMES = { kinds: "kinds", ring: "ring", uniform: "uniform" };
const MOST_CODES = 16;
const STEP_MS = 90; // slow enough to watch
const LONGEST_TRACE = 200;
const REACH = 26; // CSS pixels around a code in which a hand takes hold of it

// The rows of a table of n x 2 numbers.
const rowsOf = (flat) => Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
const bookOf = ({ codes, counts, sums }) => ({ codes, counts, sums });

// What there is to see, in one sentence.
function headline({ codes, arrows }, { counts, sums, used }) {
  if (arrows) return "Straight-through: the gradient at a code is copied to every point that chose it";
  const dead = codes.length - used;
  if (dead === 1) return "1 code has no points: no average and no gradient reaches it";
  if (dead) return `${dead} of ${codes.length} codes have no points: no average and no gradient reaches them`;
  const settled = codes.every((code, k) => Math.hypot(code[0] - sums[k][0] / counts[k], code[1] - sums[k][1] / counts[k]) < 1e-4);
  if (settled) return "Every code stands at the mean of its points: no step moves it";
  return codes.length === 1 ? "One code for all points" : `Each point takes the nearest of ${codes.length} codes`;
}

function selectedWords({ codes, selected, target }, { counts, indices }) {
  const at = ([x, y]) => `(${number(x, 2)}, ${number(y, 2)})`;
  if (selected === TARGET) return `Target t at ${at(target)}; L = \u00BD|z_q \u2212 t|\u00B2`;
  const count = counts[selected];
  const share = `${count} ${count === 1 ? "point" : "points"} (${Math.round((100 * count) / indices.length)}%)`;
  return onBoard(codes[selected]) ? `Code ${selected} at ${at(codes[selected])}: ${share}` : `Code ${selected}, off the board: ${share}`;
}

// The three numbers that judge a codebook, as a table that can be read aloud.
function scores() {
  const cells = {};
  const titles = { loss: "mean squared distance", used: "codes in use", perplexity: "perplexity" };
  const heads = Object.values(titles).map((title) => element("th", { scope: "col" }, title));
  const values = Object.keys(titles).map((name) => (cells[name] = element("td", { "data-cell": name })));
  const node = element("table", { class: "vq-q2-scores" }, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, element("tr", {}, ...values)));
  const show = ({ codes }, { loss, used, perplexity }) => {
    cells.loss.textContent = number(loss, loss < 100 ? 4 : 0);
    cells.used.textContent = `${used} of ${codes.length}`;
    cells.perplexity.textContent = number(perplexity, 2);
  };
  return { node, show };
}

// Pointer and keys on the board: take hold of a code or of the target, and move it.
function holdCodes(sheet, state, { select, moveTo, kill, step }) {
  let held = null;
  const place = (what) => (what === TARGET ? state.target : state.codes[what]);
  const inBoard = (values) => values.map((value) => clamp(value, [-BOARD_LIMIT, BOARD_LIMIT]));
  const toData = (event) => {
    const f = boardFrame(sheet.pen);
    const [px, py] = position(event, sheet);
    return [f.valueAt(px), f.y[1] - ((py - f.top) / f.height) * (f.y[1] - f.y[0])];
  };
  sheet.node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const f = boardFrame(sheet.pen);
    const [px, py] = position(event, sheet);
    const distance = (what) => { const [x, y] = markerPlace(f, place(what)); return Math.hypot(x - px, y - py); };
    const all = [...(state.arrows ? [TARGET] : []), ...state.codes.keys()];
    const nearest = all.reduce((a, b) => (distance(b) < distance(a) ? b : a));
    if (distance(nearest) > REACH) return;
    const [x, y] = toData(event);
    const [cx, cy] = place(nearest);
    held = onBoard([cx, cy]) ? [cx - x, cy - y] : [0, 0];
    select(nearest);
    sheet.node.setPointerCapture(event.pointerId);
  });
  sheet.node.addEventListener("pointermove", (event) => {
    if (held) moveTo(inBoard(toData(event).map((value, d) => value + held[d])));
  });
  for (const end of ["pointerup", "pointercancel"]) sheet.node.addEventListener(end, () => { held = null; });
  sheet.node.addEventListener("keydown", (event) => {
    if (notOurs(event)) return;
    const by = event.shiftKey ? 0.5 : 0.05;
    const move = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, by], ArrowDown: [0, -by] }[event.key];
    const turn = { ",": -1, ".": 1 }[event.key];
    const K = state.codes.length;
    if (move) moveTo(inBoard(place(state.selected).map((value, d) => value + move[d])));
    else if (turn) select(state.selected === TARGET ? 0 : (state.selected + turn + K) % K);
    else if (/^\d$/.test(event.key) && Number(event.key) < K) select(Number(event.key));
    else if (event.key.toLowerCase() === "t" && state.arrows) select(TARGET);
    else if (event.key === "Delete" || event.key === "Backspace") kill();
    else if (event.key === " ") step(state.method);
    else return;
    event.preventDefault();
  });
  return () => held !== null;
}

function buildControls(state, act) {
  const steps = Object.entries(METHODS).map(([method, { name }]) => button(`${name} step`, () => act.step(method), { "data-method": method }));
  const run = button("Run", act.toggleRun, { class: "vq-button vq-q2-run" });
  const sliders = {
    decay: slider({ label: "EMA decay \u03B3", min: 0, max: 0.99, step: 0.01, value: state.decay, oninput: (v) => act.change({ decay: v }) }),
    rate: slider({ label: "learning rate", min: 0.05, max: 1, step: 0.05, value: state.rate, oninput: (v) => act.change({ rate: v }) }),
    K: slider({ label: "codes K", min: 1, max: MOST_CODES, step: 1, value: state.codes.length, color: COLORS.codebook, format: String, oninput: act.resize }),
  };
  const kill = button("", act.kill, { "data-act": "kill" });
  const revive = button("revive", act.revive, { "data-act": "revive" });
  const arrows = button("straight-through arrows", act.toggleArrows, { "data-act": "arrows" });
  const data = Object.entries(DATA_NAMES).map(([name, title]) => button(title, () => act.setData(name), { "data-set": name }));
  const row = (title, ...children) => element("div", { class: "vq-q2-choices", role: "group", "aria-label": title }, ...children);
  const side = element("div", { class: "vq-q2-controls" }, row("One step", ...steps, run), ...Object.values(sliders).map((s) => s.node));
  const below = element("div", { class: "vq-q2-below" },
    row("Codes", kill, revive, button("start on points", act.startOnPoints), button("N(0, 10\u00B2) start", act.startWide)),
    row("Data", element("span", {}, "points:"), ...data), arrows);
  const show = (running, measured) => {
    sliders.decay.show(state.decay);
    sliders.rate.show(state.rate);
    sliders.K.show(state.codes.length);
    run.textContent = running ? "Stop" : `Run: ${METHODS[state.method].name}`;
    run.setAttribute("aria-pressed", String(running));
    kill.textContent = state.selected === TARGET ? "kill a code" : `kill code ${state.selected}`;
    kill.disabled = state.selected === TARGET;
    disable(revive, measured.used === state.codes.length);
    arrows.setAttribute("aria-pressed", String(state.arrows));
    for (const choice of data) choice.setAttribute("aria-pressed", String(choice.dataset.set === state.data));
  };
  return { side, below, show };
}

// What buttons, keys and pointer may do. change(values) redraws; restart(values) begins the curve of the loss anew as well.
function codeActions(state, points, wide, { change, restart }) {
  const taken = ([x, y]) => state.codes.some((code) => code[0] === x && code[1] === y);
  // Of two equal codes the second would be dead, so no code begins where another one stands.
  const randomPoints = (count) => shuffled(state.seed, points().length).map((i) => [...points()[i]]).filter((point) => !taken(point)).slice(0, count);
  return {
    toggleArrows() { change({ arrows: !state.arrows, selected: state.selected === TARGET ? 0 : state.selected }); },
    select(selected) { change({ selected }); },
    moveTo(place) { change(state.selected === TARGET ? { target: place } : placeCode(bookOf(state), state.selected, place)); },
    kill() {
      const k = state.selected;
      if (k !== TARGET) change(placeCode(bookOf(state), k, [3 * wide * Math.cos(k), 3 * wide * Math.sin(k)]));
    },
    revive() {
      const { counts, used } = measureCodes(points(), state.codes);
      if (used === state.codes.length) return;
      const places = randomPoints(state.codes.length);
      const book = counts.reduce((old, count, k) => (count ? old : placeCode(old, k, places[k])), bookOf(state));
      change({ ...book, seed: state.seed + 1 });
    },
    resize(K) {
      const codes = [...state.codes, ...randomPoints(MOST_CODES)].slice(0, K);
      const seed = K > state.codes.length ? state.seed + 1 : state.seed;
      const counts = codes.map((_, k) => state.counts[k] ?? 1);
      const sums = codes.map((code, k) => state.sums[k] ?? [...code]);
      restart({ codes, counts, sums, seed, selected: state.selected === TARGET ? TARGET : Math.min(state.selected, K - 1) });
    },
    startOnPoints() { restart({ ...freshBook(randomPoints(state.codes.length)), seed: state.seed + 1 }); },
    startWide() { restart({ ...freshBook(wideCodes(state.seed, state.codes.length, wide)), seed: state.seed + 1 }); },
    setData(data) { restart({ data }); },
  };
}

// Calls step() every STEP_MS while running, until told to stop or the figure leaves the page.
function clockwork(node, step) {
  let due = 0, waiting;
  const clock = {
    running: false,
    stop() { clock.running = false; cancelAnimationFrame(waiting); },
    start() { clock.running = true; waiting = requestAnimationFrame(onward); },
  };
  const onward = (now) => {
    if (!node.isConnected) return;
    if (now >= due) {
      due = now + STEP_MS;
      step();
    }
    waiting = requestAnimationFrame(onward);
  };
  return clock;
}

const BOARD_WORDS = "The points and codes. Digits, comma and full stop select a code, arrow keys move it, with shift in large steps; "
  + "T selects the target, Delete kills the code, space is a step.";

function render({ model, el }) {
  const { table, wide } = model.get("config");
  const arrays = unpack(model.get("data"), table);
  const sets = Object.fromEntries(Object.keys(DATA_NAMES).map((name) => [name, rowsOf(arrays[name])]));
  const state = { ...model.get("state") };
  const points = () => sets[state.data];
  const measured = () => measureCodes(points(), state.codes);
  let trace = [measured().loss];

  const board = canvas(546, 544, { tabindex: 0, role: "application", "aria-label": BOARD_WORDS });
  const charts = canvas(386, 286, { role: "img" });
  const title = element("h3", { class: "vq-title vq-q2-title", "aria-live": "polite" });
  const chosen = element("p", { class: "vq-status" });
  const judgement = scores();
  const clock = clockwork(board.node, () => act.step(state.method));
  let handHolds = () => false;
  const tell = whenSettled(model, 300, () => clock.running || handHolds());

  const draw = () => {
    const now = measured();
    drawBoard(board, state, points(), now);
    drawCharts(charts, state, now, trace);
    charts.node.setAttribute("aria-label", `Points of each code: ${now.counts.join(", ")}. Mean squared distance now ${number(now.loss)}.`);
    title.textContent = headline(state, now);
    chosen.setAttribute("aria-live", clock.running ? "off" : "polite");
    chosen.textContent = selectedWords(state, now);
    judgement.show(state, now);
    panel.show(clock.running, now);
  };
  const redraw = onceAFrame(draw);
  const change = (values) => {
    Object.assign(state, values);
    redraw();
    tell({ ...state });
  };
  const restart = (values) => {
    change(values);
    trace = [measured().loss];
  };
  const act = {
    ...codeActions(state, points, wide, { change, restart }),
    change,
    step(method) {
      change({ method, ...METHODS[method].step(points(), bookOf(state), state) });
      trace = [...trace, measured().loss].slice(-LONGEST_TRACE);
    },
    toggleRun() {
      if (clock.running) clock.stop();
      else clock.start();
      change({});
    },
  };
  const panel = buildControls(state, act);
  const root = stage(el, "Quantization explorer", title, element("div", { class: "vq-row vq-q2-figure" }, board.node,
    element("div", { class: "vq-panel vq-q2-side" }, judgement.node, charts.node, chosen, panel.side)), panel.below);
  root.addEventListener("sharpened", redraw);
  handHolds = holdCodes(board, state, act);
  draw();
  return clock.stop;
}

export default { render };
