// The token explorer: a prior draws a picture code by code; change one, and draw the rest again.

import { button, canvas, COLORS, element, slider } from "../page/kit.js";
import { liveFigure } from "../page/figure.js";
import { bitsWords, PLACES, rounded, tokenModel, viewWords } from "./view.js";
import { heading, paintPartly } from "./paint.js";
import { player } from "./play.js";
import { candidateList, codeGrid, luckStrip, surpriseChart } from "./parts.js";

const ODDS = 280; // CSS pixels, the width of the middle column
const allowedCounts = (K) => [1, 2, 3, 5, 10, 20, 50, 100, 200].filter((k) => k < K).concat(K);

// What a hand can do, as changes of the state; view() is what the state shows. The codes `given` are never drawn.
function tokenHand(getState, view, change, given) {
  const play = player(getState, (drawn) => change({ drawn, cursor: null }));
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
    step: () => settle({ drawn: Math.min(getState().drawn + 1, PLACES), cursor: null }),
    play() {
      if (play.mode() === "play") return settle({});
      const { drawn, kept } = getState();
      if (drawn === PLACES && kept < PLACES) settle({ drawn: kept, cursor: null }); // the same picture once more
      play.go("play");
    },
    fill: () => play.go("fill"),
    restart: () => settle(blank),
    another() { settle({ ...blank, seed: getState().seed + 1 }); play.go("fill"); },
    resample() {
      const kept = keptCount(), { seed, by_hand } = getState();
      settle({ fixed: view().codes.slice(0, kept), kept, drawn: kept, cursor: null, seed: seed + 1, by_hand: by_hand.filter((p) => p < kept) });
      play.go("fill");
    },
  };
}

function classChooser(hand, classes) {
  const choices = [null, ...classes].map((label) => {
    const name = label === null ? "any" : String(label);
    return { label, node: button(name, () => hand.set({ label }), { "data-label": name, "aria-label": label === null ? "Any digit" : `Digit ${label}` }) };
  });
  const node = element("div", { class: "vq-tok-classes", role: "group", "aria-label": "Which digit" }, element("span", {}, "digit"), ...choices.map((each) => each.node));
  return { node, show({ label }) { for (const each of choices) each.node.setAttribute("aria-pressed", String(each.label === label)); } };
}

function tokenControls(hand, K, classes) {
  const counts = allowedCounts(K);
  const named = (key, attributes = {}) => ({ "aria-keyshortcuts": key, title: `Key ${key}`, ...attributes });
  const play = button("Play", hand.play, named("p", { class: "vq-button vq-play" }));
  const resample = button("", hand.resample, named("r"));
  const buttons = element("div", { class: "vq-buttons" }, button("Step", hand.step, named("n")), play, button("Fill the rest", hand.fill, named("f")), resample,
    button("Start again", hand.restart, named("s")), button("Another picture", hand.another, named("a")));
  const chooser = classChooser(hand, classes);
  const temperature = slider({ label: "temperature", min: 0.1, max: 2, step: 0.05, value: 1, color: COLORS.prior, oninput: (v) => hand.set({ temperature: v }) });
  const top = slider({
    label: "top-k", min: 0, max: counts.length - 1, step: 1, value: counts.length - 1, color: COLORS.prior,
    format: (i) => (counts[i] === K ? `all ${K}` : `${counts[i]} of ${K}`), oninput: (i) => hand.set({ top_k: counts[i] === K ? null : counts[i] }),
  });
  chooser.node.hidden = !classes.length;
  return {
    node: element("div", { class: "vq-tok-controls" }, buttons, element("div", { class: "vq-tok-settings" }, chooser.node, temperature.node, top.node)),
    show({ state }) {
      play.textContent = hand.playsSlowly() ? "Pause" : "Play";
      const kept = hand.keptCount();
      resample.textContent = kept ? `Keep ${kept}, resample the rest` : "Resample the rest";
      resample.disabled = !kept || kept >= PLACES;
      chooser.show(state);
      temperature.show(state.temperature);
      top.show(state.top_k === null ? counts.length - 1 : Math.max(counts.findIndex((k) => k >= state.top_k), 0));
    },
  };
}

function buildTokens(model, hand, repaint, { classes }) {
  let tried = null, last = null; // the candidate that is pointed at, and the state in which it was
  const ontry = (i) => { tried = i === null ? null : { i, state: last }; repaint(); };
  const line = element("p", { class: "vq-tok-bits" });
  const grid = codeGrid(hand, model.uniform), odds = candidateList(hand, ontry), luck = luckStrip(ODDS), chart = surpriseChart(hand, model.uniform);
  const surface = canvas(308, 308, { class: "vq-decoded", role: "img" });
  const xHat = heading("x\u0302", COLORS.decoder), note = xHat.lastChild;
  const controls = tokenControls(hand, model.K, classes);
  odds.node.insertBefore(luck.node, odds.node.children[1]);
  const row = element("div", { class: "vq-tok-row" },
    element("div", {}, heading("codes", COLORS.codebook, "the darker, the more surprising"), grid.node),
    odds.node,
    element("div", {}, xHat, surface.node));
  return {
    nodes: [line, row, element("p", { class: "vq-tok-heading vq-tok-surprises vq-note" }, `surprise of each code, in bits: \u2212log\u2082 p(code | the codes before); the dashed line is uniform, log\u2082 ${model.K} = ${rounded(model.uniform)} bits`), chart.node, controls.node],
    playing: hand.playing,
    keys: {
      n: hand.step, p: hand.play, f: hand.fill, r: hand.resample, s: hand.restart, a: hand.another,
      ...Object.fromEntries(Array.from({ length: 8 }, (_, i) => [String(i + 1), () => hand.choose(i)])),
    },
    show(view) {
      line.textContent = bitsWords(view, model.uniform);
      for (const part of [grid, odds, luck, chart, controls]) part.show(view);
      last = view.state;
      const trial = tried?.state === view.state && view.candidates[tried.i];
      const { pixels, filled } = trial || { pixels: view.pixels, filled: view.codes.length };
      paintPartly(surface, pixels, filled, view.where);
      note.textContent = trial && !trial.chosen ? `if code ${trial.code} stood here` : "decoded as it fills";
      surface.node.setAttribute("aria-busy", String(view.behind));
      surface.node.setAttribute("aria-label", `Decoded picture, ${view.codes.length} of ${PLACES} places filled`);
      if (view.behind) repaint();
    },
    resize: chart.resize,
  };
}

function render({ model, el }) {
  const config = model.get("config");
  const tokens = tokenModel(model.get("data"), config);
  return liveFigure({
    model, el, see: (state) => tokens.see(state), words: ({ state }) => viewWords(tokens.see(state, Infinity), tokens.K),
    build(getState, change, repaint) {
      const hand = tokenHand(getState, () => tokens.see(getState(), Infinity), change, config.given);
      return buildTokens(tokens, hand, repaint, config);
    },
  });
}

export default { render };
