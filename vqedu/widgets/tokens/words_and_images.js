// Words and images: one model, one sequence of tokens. Write, and it draws; draw, and it says.

import { button, canvas, COLORS, element } from "../page/kit.js";
import { liveFigure } from "../page/figure.js";
import { percent, PLACES } from "./view.js";
import { heading, paintPartly } from "./paint.js";
import { player } from "./play.js";
import { parseText, sentenceOf, wordsModel } from "./words_view.js";
import { answerBars, nextBars, ribbon, shower, writer } from "./words_parts.js";

const ORDERS = { draw: "Write: it draws", read: "Draw: it says" };

function wordsHand(getState, view, change, { words, most }) {
  const play = player(() => ({ drawn: getState().drawn ?? 0 }), (drawn) => change({ drawn }));
  const settle = (patch) => { play.stop(); change(patch); };
  const writable = () => parseText(getState().text, words, most).problem === null;
  const run = (how) => { if (writable()) play.go(how); };
  const hand = {
    playing: () => play.mode() !== null,
    playsSlowly: () => play.mode() === "play",
    turnTo: (order) => settle({ order }),
    set: (patch) => change(patch),
    write: (text) => settle({ text, drawn: null }),
    take: (word) => hand.write(`${getState().text.trim()} ${word}`.trim()),
    erase: () => hand.write(getState().text.trim().split(/\s+/).slice(0, -1).join(" ")),
    draw() { settle({ drawn: null }); run("fill"); },
    play() {
      if (play.mode() === "play") return settle({});
      if (getState().drawn === PLACES) settle({ drawn: null });
      run("play");
    },
    step() { if (writable()) settle({ drawn: getState().drawn === null ? 0 : Math.min(getState().drawn + 1, PLACES) }); },
    another() { settle({ drawn: null, seed: getState().seed + 1 }); run("fill"); },
    look: ({ digit = null, drawing = null }) => settle({ digit, drawing, codes: null, said: [] }),
    say(place, word) {
      const steps = view().steps.map(({ said }) => said);
      settle({ said: [...steps.slice(0, place), word] });
    },
    readThis: () => settle({ order: "read", codes: view().codes, digit: null, drawing: null, said: [] }),
    drawThis() { settle({ order: "draw", text: sentenceOf(view().steps), drawn: null }); run("fill"); },
  };
  return hand;
}

function orderButtons(hand) {
  const choices = Object.entries(ORDERS).map(([order, name]) => ({ order, node: button(name, () => hand.turnTo(order), { class: "vq-button vq-wi-order" }) }));
  const node = element("div", { class: "vq-buttons", role: "group", "aria-label": "In which order" }, ...choices.map((each) => each.node));
  return { node, show({ state }) { for (const each of choices) each.node.setAttribute("aria-pressed", String(each.order === state.order)); } };
}

function buildWords(model, hand, repaint) {
  const orders = orderButtons(hand), tokens = ribbon(), write = writer(hand, model), show = shower(hand, model);
  const next = nextBars(), answer = answerBars(hand, model.most);
  const surface = canvas(280, 280, { class: "vq-decoded", role: "img" });
  const note = element("p", { class: "vq-note" });
  const middle = element("div", { class: "vq-wi-picture" }, heading("x\u0302", COLORS.decoder, "decoded from its 49 codes"), surface.node, note);
  const row = element("div", { class: "vq-wi-row" }, write.node, show.node, middle, next.node, answer.node);
  return {
    nodes: [orders.node, tokens.node, row],
    playing: hand.playing,
    keys: {},
    show(view) {
      const draws = view.state.order === "draw";
      for (const part of [write, next]) part.node.hidden = !draws;
      for (const part of [show, answer]) part.node.hidden = draws;
      for (const part of [orders, tokens, ...(draws ? [write, next] : [show, answer])]) part.show(view);
      paintPartly(surface, view.pixels ?? new Float32Array(784), view.codes.length, draws && view.begun && view.codes.length < PLACES ? view.codes.length : null);
      note.textContent = draws && view.begun ? `${view.codes.length} of ${PLACES} codes drawn` : "";
      surface.node.setAttribute("aria-busy", String(view.behind));
      surface.node.setAttribute("aria-label", `Decoded picture, ${view.codes.length} of ${PLACES} codes`);
      if (view.behind) repaint();
    },
    resize() {},
  };
}

function spoken({ state, problem, begun, codes, readBack, steps }) {
  if (state.order === "read") {
    if (!steps) return "Nothing to read yet: draw or pick a digit.";
    return `It says: ${sentenceOf(steps)}, with probability ${percent(steps.reduce((all, { p }) => all * p, 1))}.`;
  }
  if (problem) return "These words cannot be drawn yet: see the line below them.";
  if (!begun) return `Press Enter or Draw: it draws \u201c${state.text.trim()}\u201d.`;
  const back = readBack ? ` It reads its picture back as \u201c${readBack}\u201d.` : "";
  return `${codes.length} of ${PLACES} codes drawn for \u201c${state.text.trim()}\u201d, temperature ${state.temperature.toFixed(2)}, seed ${state.seed}.${back}`;
}

function render({ model, el }) {
  const config = model.get("config");
  const words = wordsModel(model.get("data"), config);
  return liveFigure({
    model, el, see: (state) => words.see(state), words: ({ state }) => spoken(words.see(state, Infinity)),
    build(getState, change, repaint) {
      const hand = wordsHand(getState, () => words.see(getState(), Infinity), change, words);
      return buildWords(words, hand, repaint);
    },
  });
}

export default { render };
