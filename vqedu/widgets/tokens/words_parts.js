// The parts of the words-and-images explorer: the ribbon of tokens, the writer, the drawer, the bars.

import { button, COLORS, element, slider, wordColor } from "../page/kit.js";
import { heading } from "./paint.js";
import { percent } from "./view.js";
import { digitInput } from "../page/pictures.js";

const INKS = { word: COLORS.data, image: COLORS.codebook, mark: "#666666" };

// The whole sequence, token by token: words black, codes purple, marks grey. It is one list of numbers to the model.
export function ribbon() {
  const line = element("div", { class: "vq-wi-ribbon", role: "img" });
  let shown = "";
  return {
    node: line,
    show({ sequence, behind }) {
      const key = sequence.map(({ token }) => token).join();
      if (key === shown) return;
      shown = key;
      line.replaceChildren(...sequence.map(({ name, kind }) => element("span", { class: `vq-wi-token vq-wi-${kind}` }, name)));
      const words = sequence.filter(({ kind }) => kind !== "image").map(({ name }) => name);
      const codes = sequence.length - words.length;
      line.setAttribute("aria-label", `One sequence of ${sequence.length} tokens: ${words.join(" ") || "empty"}, with ${codes} image codes after <image>.${behind ? " Still reading." : ""}`);
    },
  };
}

// A bar with its name; onclick where it can be chosen.
function barRow(onpick) {
  const name = element("span", { class: "vq-wi-name" }), fill = element("span", { class: "vq-wi-fill" }), p = element("span", { class: "vq-value" });
  const node = element("button", { type: "button", class: "vq-wi-bar", onclick: () => onpick(row.entry) }, name, element("span", { class: "vq-wi-track" }, fill), p);
  const row = {
    node, entry: null,
    show(entry, { scale = 1, chosen = false, can = true, said = "" } = {}) {
      row.entry = entry;
      node.hidden = !entry;
      if (!entry) return;
      name.textContent = entry.name;
      name.style.color = wordColor(INKS[entry.kind]);
      fill.style.width = `${Math.min(100, (100 * entry.p) / scale)}%`;
      fill.style.background = INKS[entry.kind];
      p.textContent = percent(entry.p);
      node.disabled = !can;
      node.setAttribute("aria-pressed", String(chosen));
      node.setAttribute("aria-label", `${said}${entry.kind === "image" ? "image code " : ""}${entry.name}, probability ${percent(entry.p)}`);
    },
  };
  return row;
}

// While it draws: the likeliest tokens of the whole vocabulary that may come next.
export function nextBars() {
  const title = heading("p(next token | the tokens before)", COLORS.prior);
  const label = element("span", {}), said = element("strong", {});
  const back = element("p", { class: "vq-wi-back" }, label, said);
  const rows = Array.from({ length: 8 }, () => barRow(() => {}));
  const note = element("p", { class: "vq-note" });
  return {
    node: element("div", { class: "vq-wi-next" }, title, ...rows.map((row) => row.node), note, back),
    show({ likeliest, begun, codes, readBack }) {
      const complete = codes.length === 49;
      title.hidden = complete || !begun;
      back.hidden = !complete;
      label.textContent = readBack ? "The same model reads its picture back as" : "The picture is complete.";
      said.textContent = readBack ? `\u201c${readBack}\u201d` : "";
      const scale = likeliest ? Math.max(...likeliest.map(({ p }) => p)) : 1;
      rows.forEach((row, i) => row.show(likeliest?.[i], { scale, can: false }));
      note.textContent = complete ? "" : begun ? "All words and codes compete: after <image> the codes win." : "Press Enter: it draws what is written, code by code.";
    },
  };
}

// While it reads: at each place of the answer the likeliest words; a click on another one makes the model go on from it.
export function answerBars(hand, places) {
  const sentence = element("p", { class: "vq-wi-sentence" }); // the line at the bottom speaks it
  const columns = Array.from({ length: places }, (_, i) => {
    const rows = Array.from({ length: 5 }, () => barRow((entry) => hand.say(i, entry.name)));
    const node = element("div", { class: "vq-wi-column", role: "group", "aria-label": `Word ${i + 1} of the answer` }, ...rows.map((row) => row.node));
    return { node, rows };
  });
  const empty = element("p", { class: "vq-note" }, "Draw a digit at the left, or pick one: the model reads its 49 codes.");
  const grid = element("div", { class: "vq-wi-columns" }, ...columns.map((each) => each.node));
  return {
    node: element("div", { class: "vq-wi-answer" }, heading("p(word | the picture and the words before)", COLORS.prior), sentence, empty, grid),
    show({ steps, codes }) {
      empty.hidden = codes.length > 0;
      grid.hidden = sentence.hidden = !codes.length;
      if (!steps) return;
      const all = steps.reduce((product, { p }) => product * p, 1);
      sentence.textContent = `\u201c${steps.map(({ said }) => said).filter((word) => word !== "<end>").join(" ")}\u201d  ${percent(all)}`;
      columns.forEach(({ node, rows }, i) => {
        node.hidden = !steps[i];
        rows.forEach((row, j) => row.show(steps[i]?.options[j], { chosen: steps[i]?.options[j]?.name === steps[i]?.said, said: `Word ${i + 1}: ` }));
      });
    },
  };
}

// A line to type words, and a chip for each word that the model knows.
export function writer(hand, { words, most }) {
  const input = element("input", {
    type: "text", class: "vq-wi-input", "aria-label": `What to draw, 1 to ${most} words`, autocomplete: "off", spellcheck: "false",
    oninput: () => hand.write(input.value), onkeydown: (event) => { if (event.key === "Enter") hand.draw(); },
  });
  const chips = words.map((word) => button(word, () => hand.take(word), { class: "vq-button vq-wi-chip", "aria-label": `Write ${word}` }));
  const problem = element("p", { class: "vq-wi-problem", role: "alert" });
  const play = button("Play", hand.play, { class: "vq-button vq-play" });
  const draw = button("Draw", hand.draw), step = button("Step", hand.step), another = button("Another", hand.another);
  const pass = button("Let it read this", hand.readThis);
  const temperature = slider({ label: "temperature", min: 0.1, max: 2, step: 0.05, value: 1, color: COLORS.prior, oninput: (v) => hand.set({ temperature: v }) });
  return {
    node: element("div", { class: "vq-wi-writer" }, heading("words", COLORS.data, "write what it should draw"),
      element("div", { class: "vq-wi-line" }, input, button("\u232b", hand.erase, { "aria-label": "Take the last word away" })),
      element("div", { class: "vq-wi-chips", role: "group", "aria-label": "Words that the model knows" }, ...chips),
      problem, element("div", { class: "vq-buttons" }, draw, play, step, another), temperature.node, element("div", { class: "vq-buttons" }, pass)),
    show({ state, problem: trouble, codes }) {
      if (input.value !== state.text) input.value = state.text;
      problem.textContent = trouble ?? "";
      for (const each of [draw, play, step, another]) each.disabled = trouble !== null;
      play.textContent = hand.playsSlowly() ? "Pause" : "Play";
      pass.disabled = codes.length < 49;
      temperature.show(state.temperature);
    },
  };
}

// Ink, or a test digit of each class; "Other digits" goes on to the next of each class.
export function shower(hand, model) {
  const { pad, strip, toggle, buttons, show } = digitInput(model, hand.look);
  const pass = button("Let it draw this", hand.drawThis);
  return {
    node: element("div", { class: "vq-wi-shower vq-x" },
      heading("x", null, "draw, or pick a digit"), pad.surface.node, strip.node, buttons, toggle, pass),
    show({ state, input, steps }) {
      show(state, input);
      pass.disabled = !steps;
    },
  };
}
