// A waterfall in nats: reconstruction, less the KL to the prior, gives the ELBO; the gap leads back up to log p(x).

import { COLORS } from "../page/colors.js";
import { number } from "../page/numbers.js";
import { axisY, frame, roundUp, stroke, write } from "../page/plot.js";

const ROUND = [1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9];
const DEPTHS = [1, 10, 100, 1000].flatMap((power) => ROUND.map((m) => m * power)); // nats
const BELOW = 1.14; // of the lowest level: room for the value under each bar
const TOTAL = "#8a8a8a";

const NARROW = 390; // CSS pixels: below, a name has more and shorter lines
const NAMES = { wide: [["recon-", "struction"], ["\u2212 KL to", "the prior"]],
  narrow: [["recon-", "struc-", "tion"], ["\u2212 KL", "to the", "prior"]] };

const barsOf = ({ elbo, evidence, gap, reconstruction, toPrior }, [first, second]) => [
  { from: 0, to: reconstruction, color: COLORS.decoder, name: first, value: reconstruction },
  { from: reconstruction, to: elbo, color: COLORS.prior, name: second, value: -toPrior },
  { from: 0, to: elbo, color: TOTAL, name: ["= ELBO"], value: elbo },
  { from: elbo, to: evidence, color: COLORS.warning, name: ["+ gap,", "KL to", "p(z|x)"], value: gap },
  { from: 0, to: evidence, color: "#1a1a1a", name: ["=", "log p(x)"], value: evidence },
];

export function drawBars({ pen, width, height }, view) {
  const bars = barsOf(view, width < NARROW ? NAMES.narrow : NAMES.wide);
  pen.clearRect(0, 0, width, height);
  const y = [-roundUp(-BELOW * view.elbo, DEPTHS), 0];
  const f = frame(pen, { left: 44, top: 46, width: width - 48, height: height - 124, x: [0, bars.length], y });
  axisY(f);
  write(pen, "nats", f.left - 6, f.top - 12, { size: 14, align: "right", color: "#444" });
  const stays = width < NARROW ? "" : ": q cannot move it";
  write(pen, `log p(x) = ${number(view.evidence)} nats${stays}`, f.left - 20, 20, { bold: true });
  const level = (value, from, to, look) => stroke(pen, [[f.X(from), f.Y(value)], [f.X(to), f.Y(value)]], look);
  level(0, 0, bars.length, { color: "#555", width: 1 });
  level(view.evidence, 0, bars.length, { color: "#000", width: 2, dash: [5, 4] });
  bars.forEach((bar, i) => {
    drawBar(f, bar, i);
    if (i + 1 < bars.length) level(bar.to, i + 0.86, i + 1.14, { color: "#555", width: 1.5 });
  });
}

function drawBar({ pen, X, Y, bottom }, { from, to, color, name, value }, index) {
  const wide = 0.72 * (X(1) - X(0)), middle = X(index + 0.5);
  pen.fillStyle = color;
  pen.fillRect(middle - wide / 2, Math.min(Y(from), Y(to)), wide, Math.max(Math.abs(Y(to) - Y(from)), 2));
  const shown = number(value, Math.abs(value) >= 100 ? 0 : wide < 44 && Math.abs(value) >= 10 ? 1 : 2);
  write(pen, shown, middle, Math.max(Y(from), Y(to)) + 17, { bold: true, align: "center", halo: 4 });
  name.forEach((word, i) => write(pen, word, middle, bottom + 22 + 18 * i, { size: 14, align: "center" }));
}
