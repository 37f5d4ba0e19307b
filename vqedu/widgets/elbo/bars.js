// Four bars that hang from zero: ELBO down, the gap back up to log p(x); and the ELBO once more, as its two terms.

import { COLORS } from "../page/colors.js";
import { number } from "../page/numbers.js";
import { arrow, axisY, frame, roundUp, stroke, write } from "../page/plot.js";

const DEPTHS = [2, 4, 8, 15, 30, 60, 120, 250, 500, 1000, 2500, 6000]; // nats

const barsOf = ({ elbo, evidence, gap, reconstruction, toPrior }) => [
  { from: 0, to: elbo, color: "#9a9a9a", name: ["ELBO"], value: elbo },
  { from: elbo, to: evidence, color: COLORS.warning, name: ["+ KL to", "p(z|x),", "the gap"], value: gap },
  { from: 0, to: reconstruction, color: COLORS.decoder, name: ["recon-", "struction"], value: reconstruction },
  { from: reconstruction, to: elbo, color: COLORS.prior, name: ["\u2212 KL to", "the prior"], value: -toPrior },
];

export function drawBars({ pen, width, height }, view) {
  const { elbo, evidence } = view;
  pen.clearRect(0, 0, width, height);
  const y = [-roundUp(-1.05 * elbo, DEPTHS), 0];
  const f = frame(pen, { left: 55, top: 52, width: width - 60, height: 264, x: [0, 4], y });
  axisY(f);
  write(pen, "nats", f.left - 6, f.bottom + 24, { size: 14, align: "right", color: "#444" });
  barsOf(view).forEach((bar, i) => drawBar(f, bar, i));
  const level = (value, look) => stroke(pen, [[f.left, f.Y(value)], [f.right, f.Y(value)]], look);
  level(elbo, { color: "#555", width: 1.5, dash: [5, 4] });
  level(0, { color: "#555", width: 1 });
  level(evidence, { color: "#000", width: 3 });
  stroke(pen, [[f.X(2), f.top], [f.X(2), f.bottom + 4]], { color: "#c8c8c8", width: 1 });
  write(pen, `log p(x) = ${number(evidence)} nats`, f.left, 18, { bold: true, size: 16 });
  write(pen, "the black line: q cannot move it", f.left, 38, { size: 14, color: "#444" });
}

function drawBar({ pen, X, Y, bottom }, { from, to, color, name, value }, index) {
  const left = X(index) + 12, wide = X(1) - X(0) - 24;
  const middle = left + wide / 2, length = Y(to) - Y(from);
  pen.fillStyle = color;
  pen.fillRect(left, Math.min(Y(from), Y(to)), wide, Math.max(Math.abs(length), 1));
  if (Math.abs(length) > 16) {
    const inward = Math.sign(length) * 4;
    const way = [[middle, Y(from) + inward], [middle, Y(to) - inward / 2]];
    arrow(pen, ...way, { color: "#fff", width: 2.5, head: 11 });
  }
  write(pen, number(value, Math.abs(value) < 100 ? 2 : 0), middle, bottom + 24, { bold: true, align: "center" });
  name.forEach((word, i) => write(pen, word, middle, bottom + 46 + 18 * i, { size: 14, align: "center" }));
}
