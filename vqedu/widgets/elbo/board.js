// The five lines of the derivation as a board: one more at a time, what changed is marked, its value beside it.

import { COLORS } from "../page/colors.js";
import { element, slider, button, disable, setAttribute, setText } from "../page/kit.js";
import { number } from "../page/numbers.js";
import { mi, mo, row, log, thin, frac, colored, marked, formula, call } from "../page/mathml.js";

const q = () => colored(COLORS.encoder, call("q", "z", "|", "x"));
const joint = () => call("p", "x", ",", "z");
const posterior = () => call("p", "z", "|", "x");
const kl = () => row(mi("KL"), mo("("), q(), mo("\u2016"), posterior(), mo(")"));
const averageOfLog = (...inside) => row(mo("\u222B"), q(), log(), ...inside, thin(), mi("d"), mi("z"));

const gapNow = () => element("span", { class: "vq-elbo-gap" });

// Each line: what is written, and why it may be written.
const LINES = [
  {
    written: () => formula(log(), call("p", "x"), mo("="), marked(averageOfLog(call("p", "x")))),
    why: () => ["log p(x) does not depend on z, and the mean of a constant under q is the constant."],
  },
  {
    written: () => formula(mo("="), averageOfLog(marked(frac(joint(), posterior())))),
    why: () => ["Bayes\u2019 rule, solved for p(x), is true at every z."],
  },
  {
    written: () => formula(mo("="),
      averageOfLog(frac(joint(), marked(q())), mo("\u22C5"), frac(marked(q()), posterior()))),
    why: () => ["Multiply and divide by q: nothing changes."],
  },
  {
    written: () => formula(mo("="), marked(mi("ELBO"), mo("+"), kl())),
    why: () => [
      "The logarithm of a product is a sum: ", formula(averageOfLog(frac(joint(), q()))),
      " and ", formula(averageOfLog(frac(q(), posterior()))), ".",
    ],
  },
  {
    written: () => formula(marked(mo("\u2265")), mi("ELBO")),
    why: () => ["A KL is never negative. At your q it is ", gapNow(), ", and the ELBO is lower by that much."],
  },
];

function boardLine({ written, why }, index) {
  const name = `Value of line ${index + 1}`;
  const value = element("output", { class: "vq-value", "aria-live": "off", "aria-label": name });
  const reason = element("span", { class: "vq-elbo-why" }, ...why());
  const gap = reason.querySelector(".vq-elbo-gap");
  const math = element("span", { class: "vq-elbo-math" }, written());
  const node = element("li", { class: "vq-elbo-line" }, math, reason, value);
  return {
    node,
    show(view) {
      const { line } = view.state;
      node.classList.toggle("vq-elbo-hidden", index + 1 > line);
      if (index + 1 === line) setAttribute(node, "aria-current", "step");
      else node.removeAttribute("aria-current");
      if (index + 1 > line) return;
      setText(value, `${number(view.lines[index], 6)} nats`);
      if (gap) setText(gap, number(view.gap, 6));
    },
  };
}

// The slider and the two buttons that walk from line to line.
function walker(onLine) {
  const count = LINES.length;
  let line = 1;
  const next = button("Next line", () => onLine(line === count ? 1 : line + 1));
  const back = button("Back", () => onLine(Math.max(line - 1, 1)));
  const walk = slider({
    label: "line", min: 1, max: count, step: 1, value: 1, format: (v) => `${v} of ${count}`, oninput: onLine,
  });
  return {
    nodes: [walk.node, back, next],
    show({ state }) {
      ({ line } = state);
      walk.show(line);
      setText(next, line === count ? "From the top" : "Next line");
      disable(back, line === 1);
    },
  };
}

export function derivationBoard(onLine) {
  const walk = walker(onLine);
  const lines = LINES.map(boardLine);
  const title = element("h4", { class: "vq-title" }, "The five lines, computed at your q");
  const head = element("div", { class: "vq-row vq-elbo-walk" }, title, ...walk.nodes);
  const list = element("ol", { class: "vq-elbo-lines" }, ...lines.map((line) => line.node));
  return {
    node: element("div", { class: "vq-elbo-board", role: "region", "aria-label": "Derivation" }, head, list),
    show(view) { for (const part of [walk, ...lines]) part.show(view); },
  };
}
