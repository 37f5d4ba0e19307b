// A quiz: choose, check, read why a wrong answer is wrong, try again; the right one ends it with a short explanation.
// Of several questions one card is open at a time, and a row of numbers leads to each.
import { button, element, stage } from "../page/kit.js";
import { card, choiceRows, keeper } from "./question.js";

// What the card shows, from the answers tried so far alone.
export function verdict({ choices, answer }, tries) {
  const solved = tries.includes(answer);
  const wrong = tries.filter((choice) => choice !== answer).length;
  const rows = choices.map(([choice, feedback]) => {
    const tried = tries.includes(choice);
    const kind = !tried ? "" : choice === answer ? "right" : "wrong";
    const mark = { right: "\u2713 right", wrong: "\u2717 not this one", "": "" }[kind];
    return { choice, kind, mark, words: tried ? feedback : "", disabled: solved || tried };
  });
  const sentence = solved ? (wrong ? `Right at attempt ${wrong + 1}.` : "Right at once.") : wrong ? "Try again." : "";
  return { solved, rows, sentence };
}

// The card of one question. `solved()` tells whether it is done; `onchange` is called when that may have changed.
function questionCard(model, badge, config, { onnext, onchange }) {
  const { read, write } = keeper(model, config.key);
  const known = (choice) => config.choices.some(([text]) => text === choice);
  const kept = () => (read().tries ?? []).filter(known); // the question may have changed since
  const draw = (note) => {
    const { solved, rows, sentence } = verdict(config, tries);
    for (const { choice, ...looks } of rows) {
      board.show(choice, { ...looks, checked: solved && choice === config.answer });
    }
    shown.show(solved, note ?? sentence);
  };
  const board = choiceRows(config.choices.map(([choice]) => choice));
  const shown = card(model, {
    badge, question: config.question, key: config.key, board: board.node, onnext,
    commit: "Check", again: "Ask me again",
    oncommit: () => {
      const choice = board.chosen();
      if (choice === undefined || tries.includes(choice)) return draw("Pick an answer first.");
      tries = [...tries, choice];
      draw();
      write({ tries, solved: choice === config.answer });
      onchange();
    },
    onagain: () => { tries = []; draw(); write({}); onchange(); },
  });
  let tries = kept();
  draw();
  return { node: shown.node, solved: () => verdict(config, tries).solved, refresh: () => { tries = kept(); draw(); } };
}

// The numbers of the questions: the open one is filled, an answered one carries a mark.
function steps(count, onpick) {
  const step = (_, i) => button("", () => onpick(i), { class: "vq-button vq-q-step" });
  const numbers = Array.from({ length: count }, step);
  const node = element("div", { class: "vq-q-steps", role: "group", "aria-label": "Questions" }, ...numbers);
  const show = (open, solved) => numbers.forEach((number, i) => {
    number.textContent = `${i + 1}${solved[i] ? " \u2713" : ""}`;
    number.setAttribute("aria-label", `Question ${i + 1} of ${count}${solved[i] ? ", answered" : ""}`);
    if (i === open) number.setAttribute("aria-current", "step");
    else number.removeAttribute("aria-current");
  });
  return { node, show };
}

function render({ model, el }) {
  const { badge, questions } = model.get("config");
  const open = (index, focus = true) => {
    shown = index;
    cards.forEach(({ node }, i) => { node.hidden = i !== index; });
    mark();
    if (focus) cards[index].node.querySelector("input:not(:disabled), .vq-q-again").focus();
  };
  const mark = () => row.show(shown, cards.map(({ solved }) => solved()));
  const cards = questions.map((question, i) => questionCard(model, badge, question, {
    onnext: i + 1 < questions.length ? () => open(i + 1) : undefined,
    onchange: () => mark(),
  }));
  const row = steps(questions.length, (index) => open(index));
  let shown = 0;
  const series = questions.length > 1 ? [row.node] : [];
  const label = questions.length > 1 ? `${badge}: ${questions.length} questions` : badge;
  stage(el, label, ...series, ...cards.map(({ node }) => node));
  open(Math.max(0, cards.findIndex(({ solved }) => !solved())), false);
  model.on("change:state", () => { for (const { refresh } of cards) refresh(); mark(); });
}

export default { render };
