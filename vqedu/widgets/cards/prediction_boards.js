// The three ways to guess. A board has its node, guess() (undefined where there is none), show(guess, revealed),
// fits(guess), and comment(guess): how the guess compares with the truth.

import { curveBoard } from "./curve_board.js";
import { numberBoard } from "./number_board.js";
import { choiceRows } from "./question.js";

function choiceBoard({ choices, answer }) {
  const rows = choiceRows(choices);
  const show = (guess, revealed) => choices.forEach((choice) => {
    const mine = choice === guess, found = choice === answer;
    const kind = !revealed ? "" : found ? "right" : mine ? "wrong" : "";
    const marks = [mine && "your guess", found && "what we find"].filter(Boolean).join(", ");
    rows.show(choice, { checked: mine, disabled: revealed, kind, mark: revealed ? marks : "" });
  });
  return {
    node: rows.node, show, guess: rows.chosen, missing: "Pick an answer first.",
    fits: (guess) => choices.includes(guess),
    comment: (guess) => (guess === answer ? "As you said." : "Not what you said."),
  };
}

export const BOARDS = { choice: choiceBoard, number: numberBoard, curve: curveBoard };
