// A quiz: choose, check, hear why a wrong answer is wrong, try again; the right one ends it with a short explanation.
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

function render({ model, el }) {
  const config = model.get("config");
  const { read, write } = keeper(model);
  const known = (choice) => config.choices.some(([text]) => text === choice);
  const tried = () => (read().tries ?? []).filter(known); // the question may have changed since
  const draw = (tries, note) => {
    const { solved, rows, sentence } = verdict(config, tries);
    for (const { choice, ...looks } of rows) board.show(choice, { ...looks, checked: solved && choice === config.answer });
    shown.show(solved, note ?? sentence);
  };
  const board = choiceRows(config.choices.map(([choice]) => choice));
  const shown = card(model, el, {
    board: board.node, commit: "Check", again: "Ask me again",
    oncommit: () => {
      const choice = board.chosen();
      if (choice === undefined || tries.includes(choice)) return draw(tries, "Pick an answer first.");
      tries = [...tries, choice];
      draw(tries);
      write({ tries, solved: choice === config.answer });
    },
    onagain: () => { tries = []; draw(tries); write({}); },
  });
  let tries = tried();
  draw(tries);
  model.on("change:state", () => { tries = tried(); draw(tries); });
}

export default { render };
