// A prediction: guess, commit, and the truth is drawn over the guess, with a sentence on what was found.
import { stage } from "../page/kit.js";
import { card, keeper } from "./question.js";
import { BOARDS } from "./prediction_boards.js";

function render({ model, el }) {
  const { badge, questions: [config] } = model.get("config");
  const { read, write } = keeper(model, config.key);
  const board = BOARDS[config.kind](config);
  const kept = () => [read().guess].find(board.fits); // the question may have changed since
  const draw = (guess) => {
    const done = guess !== undefined;
    board.show(guess, done);
    shown.show(done, done ? `${board.comment(guess)} ${config.sentence}` : "");
  };
  const shown = card(model, {
    badge, question: config.question, key: config.key,
    board: board.node, commit: "Commit my guess", again: "Guess anew",
    oncommit: () => {
      const guess = board.guess();
      if (guess === undefined) return shown.show(false, board.missing);
      draw(guess);
      write({ guess });
    },
    onagain: () => { draw(); write({}); },
  });
  draw(kept());
  stage(el, badge, shown.node);
  const adopt = () => draw(kept());
  model.on("change:state", adopt);
  return () => model.off("change:state", adopt);
}

export default { render };
