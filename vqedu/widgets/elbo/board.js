// The lecture's five lines of the derivation as a board: one more line at a time, what changed marked, its value beside it.
import { COLORS, element, slider, button, disable } from "../page/kit.js";
import { number } from "../page/plot.js";
import { mi, mo, row, log, thin, frac, colored, marked, formula, call } from "../page/mathml.js";

const q = () => colored(COLORS.encoder, call("q", "z", "|", "x"));
const joint = () => call("p", "x", ",", "z");
const posterior = () => call("p", "z", "|", "x");
const kl = () => row(mi("KL"), mo("("), q(), mo("\u2016"), posterior(), mo(")"));
const averageOfLog = (...inside) => row(mo("\u222B"), q(), log(), ...inside, thin(), mi("d"), mi("z"));

// Each line: what is written, and why it may be written.
const LINES = [
  [() => formula(log(), call("p", "x"), mo("="), marked(averageOfLog(call("p", "x")))),
    () => ["log p(x) does not depend on z, and q sums to one: averaging over q changes nothing."]],
  [() => formula(mo("="), averageOfLog(marked(frac(joint(), posterior())))),
    () => ["Bayes: p(x) = p(x, z) / p(z|x), at every z."]],
  [() => formula(mo("="), averageOfLog(frac(joint(), marked(q())), mo("\u22C5"), frac(marked(q()), posterior()))),
    () => ["Times q / q, which is one."]],
  [() => formula(mo("="), marked(mi("ELBO"), mo("+"), kl())),
    () => ["The log of a product is a sum; its halves have names: ", formula(averageOfLog(frac(joint(), q()))), " and ", formula(averageOfLog(frac(q(), posterior()))), "."]],
  [() => formula(marked(mo("\u2265")), mi("ELBO")),
    (m) => [`KL is never negative. Here it is ${number(m.gap, 6)}, and that much is lost.`]],
];

// Returns { node, show(line, values, m) }: `line` 1..5, `values` of the five lines in nats, `m` what the picture measured.
export function derivationBoard(onLine) {
  const rows = LINES.map(([written], i) => {
    const value = element("output", { class: "vq-value", "aria-live": "off", "aria-label": `Value of line ${i + 1}` });
    const why = element("span", { class: "vq-elbo-why" });
    const node = element("li", { class: "vq-elbo-line" }, element("span", { class: "vq-elbo-math" }, written()), why, value);
    return { node, why, value };
  });
  let line = 1;
  const next = button("Next line", () => onLine(line === LINES.length ? 1 : line + 1));
  const back = button("Back", () => onLine(Math.max(line - 1, 1)));
  const walk = slider({ label: "line", min: 1, max: LINES.length, step: 1, value: 1, format: (v) => `${v} of ${LINES.length}`, oninput: onLine });
  const title = element("h4", { class: "vq-title" }, "Why: the lecture\u2019s five lines, computed at your q");
  const head = element("div", { class: "vq-row vq-elbo-walk" }, title, walk.node, back, next);
  const node = element("section", { class: "vq-elbo-board", "aria-label": "Derivation" }, head, element("ol", { class: "vq-elbo-lines" }, ...rows.map((r) => r.node)));
  const show = (current, values, m) => {
    line = current;
    walk.show(line);
    next.textContent = line === LINES.length ? "From the top" : "Next line";
    disable(back, line === 1);
    rows.forEach(({ node, why, value }, i) => {
      node.classList.toggle("vq-elbo-hidden", i + 1 > line);
      if (i + 1 === line) node.setAttribute("aria-current", "step");
      else node.removeAttribute("aria-current");
      value.textContent = `${number(values[i], 6)} nats`;
      why.replaceChildren(...LINES[i][1](m));
    });
  };
  return { node, show };
}
