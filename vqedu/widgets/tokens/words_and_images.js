// Words and images: one model, one sequence of tokens. Write, and it draws; draw, and it says.

import { COLORS } from "../page/colors.js";
import { canvas, element, setText } from "../page/kit.js";
import { choice } from "../page/controls.js";
import { liveFigure } from "../page/figure.js";
import { percent } from "./view.js";
import { heading, paintPartly } from "./paint.js";
import { player } from "./play.js";
import { parseText, sentenceOf, wordsModel } from "./words_view.js";
import { answerBars, nextBars, ribbon, shower, writer } from "./words_parts.js";

const INK = { page: 224, slide: 168 }; // CSS pixels: the side of the picture x

const ordersOf = (noun) => ({ draw: "Write: it draws", read: `${noun === "digit" ? "Draw" : "Pick"}: it reads` });

function wordsHand(getState, view, change, model) {
  const { places } = model;
  const play = player(places, () => ({ drawn: getState().drawn ?? 0 }), (drawn) => change({ drawn }));
  const settle = (patch) => { play.stop(); change(patch); };
  const writable = () => parseText(getState().text, model).problem === null;
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
      if (getState().drawn === places) settle({ drawn: null });
      run("play");
    },
    step() {
      const { drawn } = getState();
      if (writable()) settle({ drawn: drawn === null ? 0 : Math.min(drawn + 1, places) });
    },
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

function orderButtons(hand, { noun }) {
  const choices = choice("order", ordersOf(noun), ({ order }) => hand.turnTo(order));
  for (const node of choices.nodes) node.classList.add("vq-wi-order");
  return {
    node: element("div", { class: "vq-buttons", role: "group", "aria-label": "In which order" }, ...choices.nodes),
    show: ({ state }) => choices.show(state),
  };
}

function decodedPanel({ places, columns, paper }) {
  const surface = canvas(280, 280, { class: "vq-decoded", role: "img" });
  const note = element("p", { class: "vq-note" });
  const title = heading("x\u0302", COLORS.decoder, `decoded from its ${places} codes`);
  return {
    node: element("div", { class: "vq-wi-picture" }, title, surface.node, note),
    show({ state, begun, codes, pixels, behind }) {
      const draws = state.order === "draw" && begun, count = codes.length;
      const marked = draws && count < places ? count : null;
      if (pixels || !behind) paintPartly(surface, columns, pixels ?? paper, count, marked);
      setText(note, draws ? `${count} of ${places} codes drawn` : "");
      surface.node.setAttribute("aria-busy", String(behind));
      surface.node.setAttribute("aria-label", `Decoded picture, ${count} of ${places} codes`);
    },
  };
}

function buildWords(model, hand, repaint) {
  const orders = orderButtons(hand, model), tokens = ribbon(), decoded = decodedPanel(model);
  const sides = { draw: [writer(hand, model), nextBars(model)], read: [shower(hand, model), answerBars(hand, model)] };
  const [write, next] = sides.draw, [show, answer] = sides.read;
  const nodes = [write, show, decoded, next, answer].map((part) => part.node);
  return {
    nodes: [orders.node, tokens.node, element("div", { class: "vq-wi-row" }, ...nodes)],
    playing: hand.playing,
    show(view) {
      const { order } = view.state;
      for (const [name, parts] of Object.entries(sides)) for (const part of parts) part.node.hidden = name !== order;
      for (const part of [orders, tokens, ...sides[order], decoded]) part.show(view);
      if (view.behind) repaint();
    },
    resize: (width, slide) => show.resize(slide ? INK.slide : INK.page),
  };
}

function spoken({ state, problem, begun, codes, readBack, steps }, { places, noun }) {
  if (state.order === "read") {
    if (!steps) return `There is nothing to read yet: ${noun === "digit" ? "draw or pick" : "pick"} a ${noun}.`;
    const probability = percent(steps.reduce((all, { p }) => all * p, 1));
    return `The model reads \u201c${sentenceOf(steps)}\u201d, with probability ${probability}.`;
  }
  if (problem) return "These words cannot be drawn; the line below them says why.";
  if (!begun) return `Press Enter or Draw to draw \u201c${state.text.trim()}\u201d.`;
  const back = readBack ? ` The model reads its picture back as \u201c${readBack}\u201d.` : "";
  const drawn = `${codes.length} of ${places} codes drawn for \u201c${state.text.trim()}\u201d`;
  return `${drawn}, temperature ${state.temperature.toFixed(2)}, seed ${state.seed}.${back}`;
}

function render({ model, el }) {
  const config = model.get("config");
  const words = wordsModel(model.get("data"), config);
  return liveFigure({
    model, el, see: (state) => words.see(state), words: ({ state }) => spoken(words.see(state, Infinity), words),
    build(getState, change, repaint) {
      const hand = wordsHand(getState, () => words.see(getState(), Infinity), change, words);
      return buildWords(words, hand, repaint);
    },
  });
}

export default { render };
