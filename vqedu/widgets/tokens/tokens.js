// The token explorer: a prior draws a picture code by code; change one, and draw the rest again.

import { COLORS } from "../page/colors.js";
import { button, canvas, element, resize, setText, slider } from "../page/kit.js";
import { liveFigure } from "../page/figure.js";
import { bitsWords, rounded, SHOWN, tokenModel, viewWords } from "./view.js";
import { codeGrid } from "./grid.js";
import { candidateList, luckStrip } from "./odds.js";
import { heading, paintPartly, temperatureSlider } from "./paint.js";
import { player } from "./play.js";
import { surpriseChart } from "./surprise.js";

const ODDS = 280; // CSS pixels, the width of the middle column
const LARGEST_MAP = 322;
const SMALLEST_MAP = 252; // beside the odds
const PICTURE = 308; // x_hat, at most
const GAP = 16;
const SLIDE = { map: 294, picture: 189, chart: 66 };
const CHART = 104; // the height of the chart
const allowedCounts = (K) => [1, 2, 3, 5, 10, 20, 50, 100, 200].filter((k) => k < K).concat(K);

// What a hand can do, as changes of the state; view() is what the state shows. The codes `given` are never drawn.
function tokenHand(places, getState, view, change, given) {
  const play = player(places, getState, (drawn) => change({ drawn, cursor: null }));
  const settle = (patch) => { play.stop(); change(patch); };
  const keptCount = () => { const { cursor, kept } = getState(); return cursor === null ? kept : cursor + 1; };
  const blank = { fixed: given, kept: given.length, drawn: given.length, cursor: null, by_hand: [] };
  return {
    playing: () => play.mode() !== null,
    playsSlowly: () => play.mode() === "play",
    keptCount,
    select: (p) => settle({ cursor: p < view().codes.length ? p : null }),
    // Puts a candidate at the place in view. The codes after it stay until something makes them be drawn again.
    choose(i) {
      const { codes, where, candidates } = view();
      if (!candidates[i]) return;
      const fixed = codes.slice();
      fixed[where] = candidates[i].code;
      const by_hand = [...getState().by_hand.filter((p) => p !== where), where];
      settle({ fixed, by_hand, kept: where + 1, drawn: fixed.length, cursor: where === codes.length ? null : where });
    },
    // A new class or sampler: the codes that were kept on purpose stay, the others are drawn anew by the same numbers.
    set(patch) {
      const { fixed, kept, by_hand } = getState();
      change({ ...patch, fixed: fixed.slice(0, kept), by_hand: by_hand.filter((p) => p < kept) });
    },
    step: () => settle({ drawn: Math.min(getState().drawn + 1, places), cursor: null }),
    play() {
      if (play.mode() === "play") return settle({});
      const { drawn, kept } = getState();
      if (drawn === places && kept < places) settle({ drawn: kept, cursor: null }); // the same picture once more
      play.go("play");
    },
    fill: () => play.go("fill"),
    restart: () => settle(blank),
    another() { settle({ ...blank, seed: getState().seed + 1 }); play.go("fill"); },
    resample() {
      const kept = keptCount(), { seed } = getState();
      const by_hand = getState().by_hand.filter((p) => p < kept), fixed = view().codes.slice(0, kept);
      settle({ fixed, kept, drawn: kept, cursor: null, seed: seed + 1, by_hand });
      play.go("fill");
    },
  };
}

function classChooser(hand, { classes, noun }) {
  const digits = noun === "digit";
  const choices = [null, ...classes.keys()].map((label) => {
    const name = classes[label] ?? "any", said = label === null ? `Any ${noun}` : digits ? `Digit ${name}` : `${name}`;
    const attributes = { "data-label": name, "aria-label": said };
    return { label, node: button(String(name), () => hand.set({ label }), attributes) };
  });
  const nodes = [element("span", {}, digits ? noun : "name"), ...choices.map((each) => each.node)];
  const node = element("div", { class: "vq-tok-classes", role: "group", "aria-label": `Which ${noun}` }, ...nodes);
  node.hidden = !classes.length;
  return {
    node,
    show({ state }) {
      for (const each of choices) each.node.setAttribute("aria-pressed", String(each.label === state.label));
    },
  };
}

// A button that a key presses as well.
const keyButton = (label, key, act, attributes = {}) =>
  button(label, act, { "aria-keyshortcuts": key, title: `Key ${key}`, ...attributes });

function drawingButtons(hand, { places }) {
  const play = keyButton("Play", "p", hand.play, { class: "vq-button vq-play" });
  const resample = keyButton("", "r", hand.resample);
  const all = [
    keyButton("Step", "n", hand.step), play, keyButton("Fill the rest", "f", hand.fill), resample,
    keyButton("Start again", "s", hand.restart), keyButton("Another picture", "a", hand.another),
  ];
  return {
    node: element("div", { class: "vq-buttons" }, ...all),
    show() {
      const kept = hand.keptCount();
      play.textContent = hand.playsSlowly() ? "Pause" : "Play";
      resample.textContent = kept ? `Keep ${kept}, resample the rest` : "Resample the rest";
      resample.disabled = !kept || kept >= places;
    },
  };
}

function topSlider(hand, K) {
  const counts = allowedCounts(K), last = counts.length - 1;
  const { node, show } = slider({
    label: "top-k", min: 0, max: last, step: 1, value: last, color: COLORS.prior,
    format: (i) => (counts[i] === K ? `all ${K}` : `${counts[i]} of ${K}`),
    oninput: (i) => hand.set({ top_k: counts[i] === K ? null : counts[i] }),
  });
  const placeOf = (count) => Math.max(counts.findIndex((k) => k >= count), 0);
  return { node, show: ({ state }) => show(state.top_k === null ? last : placeOf(state.top_k)) };
}

function tokenControls(hand, model) {
  const buttons = drawingButtons(hand, model);
  const settings = [classChooser(hand, model), temperatureSlider(hand), topSlider(hand, model.K)];
  const row = element("div", { class: "vq-tok-settings" }, ...settings.map((each) => each.node));
  return {
    node: element("div", { class: "vq-tok-controls" }, buttons.node, row), buttons: buttons.node,
    show(view) { for (const part of [buttons, ...settings]) part.show(view); },
  };
}

const keysOf = (hand) => ({
  n: hand.step, p: hand.play, f: hand.fill, r: hand.resample, s: hand.restart, a: hand.another,
  ...Object.fromEntries(Array.from({ length: SHOWN }, (_, i) => [String(i + 1), () => hand.choose(i)])),
});

// x_hat as it fills. trialOf(view): the candidate that is pointed at, if there is one, whose picture is shown instead.
function decodedPanel({ places, columns }, trialOf) {
  const surface = canvas(PICTURE, PICTURE, { class: "vq-decoded", role: "img" });
  const title = heading("x\u0302", COLORS.decoder), note = title.lastChild;
  return {
    node: element("div", {}, title, surface.node),
    resize(side) { if (side !== surface.width) resize(surface, side, side); },
    show(view) {
      const trial = trialOf(view), count = view.codes.length;
      const { pixels, filled } = trial || { pixels: view.pixels, filled: count };
      if (pixels) paintPartly(surface, columns, pixels, filled, view.where);
      note.textContent = trial && !trial.chosen ? `if code ${trial.code} were here` : "decoded as it fills";
      surface.node.setAttribute("aria-busy", String(view.behind));
      surface.node.setAttribute("aria-label", `Decoded picture, ${count} of ${places} positions filled`);
    },
  };
}

function chartNote({ K, uniform }) {
  const line = `the dashed line shows uniform codes: log\u2082 ${K} = ${rounded(uniform)} bits`;
  const words = `surprise of each code, in bits: \u2212log\u2082 p(code | the codes before); ${line}`;
  return element("p", { class: "vq-tok-heading vq-tok-surprises vq-note" }, words);
}

// The map, the odds and x_hat are side by side in a wide stage: then the map and x_hat share what the odds leave.
function cellSide(width, columns) {
  const room = width - ODDS - 2 * GAP - 2, beside = Math.max(room / 2, room - PICTURE);
  return Math.floor(Math.min(LARGEST_MAP, beside < SMALLEST_MAP ? width - 2 : beside) / columns);
}

function buildTokens(model, hand, repaint) {
  let tried = null, last = null; // the candidate that is pointed at, and the state in which it was
  const ontry = (i) => { tried = i === null ? null : { i, state: last }; repaint(); };
  const bits = element("p", { class: "vq-tok-bits" });
  const grid = codeGrid(hand, model), odds = candidateList(hand, model.columns, ontry), luck = luckStrip(ODDS);
  const decoded = decodedPanel(model, ({ state, candidates }) => tried?.state === state && candidates[tried.i]);
  const chart = surpriseChart(hand, model), controls = tokenControls(hand, model);
  odds.node.insertBefore(luck.node, odds.node.children[1]);
  const codes = element("div", {}, heading("codes", COLORS.codebook, "the darker, the more surprising"), grid.node);
  const row = element("div", { class: "vq-tok-row" }, codes, odds.node, decoded.node);
  return {
    nodes: [bits, row, chartNote(model), chart.node, controls.node],
    playing: hand.playing,
    keys: keysOf(hand),
    show(view) {
      last = view.state;
      setText(bits, bitsWords(view, model));
      for (const part of [grid, odds, luck, decoded, chart, controls]) part.show(view);
      if (view.behind) repaint();
    },
    resize(width, slide) {
      const side = slide ? Math.floor(SLIDE.map / model.columns) : cellSide(width, model.columns);
      grid.node.style.setProperty("--vq-tok-side", `${side}px`);
      decoded.resize(slide ? SLIDE.picture : Math.min(PICTURE, model.columns * side));
      chart.resize(width, slide ? SLIDE.chart : CHART);
      if (slide) decoded.node.append(controls.buttons); // there is room under the picture
    },
  };
}

function render({ model, el }) {
  const config = model.get("config");
  const tokens = tokenModel(model.get("data"), config);
  return liveFigure({
    model, el, see: (state) => tokens.see(state),
    words: ({ state }) => viewWords(tokens.see(state, Infinity), tokens),
    build(getState, change, repaint) {
      const hand = tokenHand(tokens.places, getState, () => tokens.see(getState(), Infinity), change, config.given);
      return buildTokens(tokens, hand, repaint);
    },
  });
}

export default { render };
