// The parts of the words-and-images explorer: the ribbon of tokens, the writer, the drawer, the bars.

import { COLORS, wordColor } from "../page/colors.js";
import { button, element, press, resize, setAttribute, setText } from "../page/kit.js";
import { digitInput } from "../page/pictures.js";
import { heading, temperatureSlider } from "./paint.js";
import { percent } from "./view.js";
import { LIKELIEST, OPTIONS, sentenceOf } from "./words_view.js";

const quoted = (text) => `\u201c${text}\u201d`;
const INKS = { word: COLORS.data, image: COLORS.codebook, mark: "#666666" };

function ribbonWords(sequence, behind) {
  const words = sequence.filter(({ kind }) => kind !== "image").map(({ label }) => label);
  const codes = sequence.length - words.length;
  const said = `${words.join(" ") || "empty"}, with ${codes} image codes after <image>`;
  return `One sequence of ${sequence.length} tokens: ${said}.${behind ? " Still reading." : ""}`;
}

// The whole sequence, token by token: words black, codes purple, marks gray. It is one list of numbers to the model.
export function ribbon() {
  const line = element("div", { class: "vq-wi-ribbon", role: "img" });
  const fill = (span, { label, kind }) => {
    setText(span, label);
    setAttribute(span, "class", `vq-wi-token vq-wi-${kind}`);
  };
  let shown = "", spans = [];
  return {
    node: line,
    show({ sequence, behind }) {
      const key = sequence.map(({ token }) => token).join();
      if (key === shown) return;
      shown = key;
      if (spans.length !== sequence.length) line.replaceChildren(...(spans = sequence.map(() => element("span"))));
      spans.forEach((span, i) => fill(span, sequence[i]));
      line.setAttribute("aria-label", ribbonWords(sequence, behind));
    },
  };
}

const barWords = ({ kind, label, p }) => `${kind === "image" ? "image code " : ""}${label}, probability ${percent(p)}`;

// A bar with its name; onpick(entry) where it can be chosen.
function barRow(onpick) {
  const name = element("span", { class: "vq-wi-name" }), p = element("span", { class: "vq-value" });
  const fill = element("span", { class: "vq-wi-fill" }), track = element("span", { class: "vq-wi-track" }, fill);
  const attributes = { type: "button", class: "vq-wi-bar", onclick: () => onpick(shown) };
  const node = element("button", attributes, name, track, p);
  let shown = null;
  return {
    node,
    show(entry, { scale = 1, chosen = false, can = true, said = "" } = {}) {
      shown = entry;
      node.hidden = !entry;
      if (!entry) return;
      setText(name, entry.label);
      name.style.color = wordColor(INKS[entry.kind]);
      fill.style.width = `${Math.min(100, (100 * entry.p) / scale).toFixed(1)}%`;
      fill.style.background = INKS[entry.kind];
      setText(p, percent(entry.p));
      node.disabled = !can;
      press(node, chosen);
      setAttribute(node, "aria-label", `${said}${barWords(entry)}`);
    },
  };
}

function nextWords(begun, complete) {
  if (complete) return "";
  if (!begun) return "Press Enter, and the model draws what you wrote, code by code.";
  return "All words and codes are possible; after <image> the codes are far likelier.";
}

// While it draws: the likeliest tokens of the whole vocabulary that may come next.
export function nextBars({ places }) {
  const title = heading("p(next token | the tokens before)", COLORS.prior);
  const label = element("span", {}), said = element("strong", {});
  const back = element("p", { class: "vq-wi-back" }, label, said);
  const rows = Array.from({ length: LIKELIEST }, () => barRow(() => {}));
  const note = element("p", { class: "vq-note" });
  return {
    node: element("div", { class: "vq-wi-next" }, title, ...rows.map((row) => row.node), note, back),
    show({ likeliest, begun, codes, readBack }) {
      const complete = codes.length === places;
      title.hidden = complete || !begun;
      back.hidden = !complete;
      label.textContent = readBack ? "The same model reads its picture back as" : "The picture is complete.";
      said.textContent = readBack ? quoted(readBack) : "";
      const scale = likeliest ? Math.max(...likeliest.map(({ p }) => p)) : 1;
      rows.forEach((row, i) => row.show(likeliest?.[i], { scale, can: false }));
      note.textContent = nextWords(begun, complete);
    },
  };
}

// One place of the answer: its likeliest words.
function answerColumn(place, onpick) {
  const name = `Word ${place + 1}`;
  const rows = Array.from({ length: OPTIONS }, () => barRow(onpick));
  const attributes = { class: "vq-wi-column", role: "group", "aria-label": `${name} of the answer` };
  const node = element("div", attributes, ...rows.map((row) => row.node));
  return {
    node,
    show(step) {
      node.hidden = !step;
      rows.forEach((row, j) => {
        const option = step?.options[j];
        row.show(option, { chosen: option?.name === step?.said, said: `${name}: ` });
      });
    },
  };
}

// While it reads: at each place of the answer the likeliest words; the model goes on from the one that is clicked.
export function answerBars(hand, { most, places, noun }) {
  const title = heading("p(word | the picture and the words before)", COLORS.prior);
  const sentence = element("p", { class: "vq-wi-sentence" }); // the line at the bottom speaks it
  const columns = Array.from({ length: most }, (_, i) => answerColumn(i, ({ name }) => hand.say(i, name)));
  const pick = noun === "digit" ? "Draw a digit on the left, or pick one" : `Pick a ${noun} on the left`;
  const hint = `${pick}: the model reads its ${places} codes.`;
  const empty = element("p", { class: "vq-note" }, hint);
  const grid = element("div", { class: "vq-wi-columns" }, ...columns.map((column) => column.node));
  return {
    node: element("div", { class: "vq-wi-answer" }, title, sentence, empty, grid),
    show({ steps, codes }) {
      empty.hidden = codes.length > 0;
      grid.hidden = sentence.hidden = !codes.length;
      if (!steps) return;
      const all = steps.reduce((product, { p }) => product * p, 1);
      sentence.textContent = `${quoted(sentenceOf(steps))}  ${percent(all)}`;
      columns.forEach((column, i) => column.show(steps[i]));
    },
  };
}

// A line to type words, and a chip for each word that the model knows or, where there are too many, for some.
function wordsInput(hand, { chips: words, most, open }) {
  const input = element("input", {
    type: "text", class: "vq-wi-input", autocomplete: "off", spellcheck: "false",
    "aria-label": open ? "What to draw" : `What to draw, 1 to ${most} words`,
    oninput: () => hand.write(input.value),
    onkeydown: (event) => { if (event.key === "Enter") hand.draw(); },
  });
  const chips = words.map((word) =>
    button(word, () => hand.take(word), { class: "vq-button vq-wi-chip", "aria-label": `Write ${word}` }));
  const erase = button("\u232b", hand.erase, { "aria-label": "Remove the last word" });
  const said = open ? "Some of the model's words" : "The model's words";
  const chipRow = { class: "vq-wi-chips", role: "group", "aria-label": said };
  return {
    nodes: [element("div", { class: "vq-wi-line" }, input, erase), element("div", chipRow, ...chips)],
    show(text) { if (input.value !== text) input.value = text; },
  };
}

export function writer(hand, model) {
  const line = wordsInput(hand, model);
  const problem = element("p", { class: "vq-wi-problem", role: "alert" });
  const play = button("Play", hand.play, { class: "vq-button vq-play" });
  const acts = [button("Draw", hand.draw), play, button("Step", hand.step), button("Another", hand.another)];
  const pass = button("Let it read this", hand.readThis);
  const temperature = temperatureSlider(hand);
  const title = heading("words", COLORS.data, "write what the model should draw");
  const [above, below] = [acts, [pass]].map((each) => element("div", { class: "vq-buttons" }, ...each));
  return {
    node: element("div", { class: "vq-wi-writer" }, title, ...line.nodes, problem, above, temperature.node, below),
    show(view) {
      line.show(view.state.text);
      problem.textContent = view.problem ?? "";
      for (const act of acts) act.disabled = view.problem !== null;
      play.textContent = hand.playsSlowly() ? "Pause" : "Play";
      pass.disabled = view.codes.length < model.places;
      temperature.show(view);
    },
  };
}

// Ink, or a test digit of each class; "Other digits" goes on to the next of each class.
export function shower(hand, model) {
  const { pad, strip, toggle, buttons, show, hint } = digitInput(model, hand.look);
  const pass = button("Let it draw this", hand.drawThis);
  return {
    node: element("div", { class: "vq-wi-shower vq-x" },
      heading("x", null, hint), pad.surface.node, strip.node, buttons, toggle, pass),
    resize(side) {
      if (side === pad.surface.width) return;
      resize(pad.surface, side, side);
      pad.paint();
      strip.node.style.maxWidth = `${side}px`;
    },
    show({ state, input, steps }) {
      show(state, input);
      pass.disabled = !steps;
    },
  };
}
