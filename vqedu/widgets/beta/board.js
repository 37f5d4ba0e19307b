// The code with its hidden factors, the effective beta that they make, and where that lies on a scale.

import { COLORS } from "../page/colors.js";
import { canvas, element, resize } from "../page/kit.js";
import { colored, formula, frac, mi, mo, part, row } from "../page/mathml.js";
import { axisX, dot, frame, stroke, write } from "../page/plot.js";
import { clamp } from "../page/numbers.js";
import { consequence, factors, short, verdict } from "./math.js";

const factor = (name) => element("b", { class: `vq-beta-${name}` }, name);
const equation = (product, value) => (product === short(value) ? product : `${product} = ${short(value)}`);

// The three lines of code with, beside each term, what it is in the ELBO's own terms R and KL.
export function codeBoard() {
  const colors = [COLORS.decoder, COLORS.prior, COLORS.data];
  const codes = colors.map((color) => element("code", { style: `border-color: ${color}` }));
  const notes = codes.map(() => element("p", { class: "vq-beta-factor" }));
  return {
    node: element("div", { class: "vq-beta-code" }, ...codes.flatMap((code, i) => [code, notes[i]])),
    show({ lines, used }) {
      const { a, b, aProduct, bProduct } = factors(used);
      lines.forEach((line, i) => { codes[i].textContent = line; });
      notes[0].replaceChildren("recon = ", factor("a"), ` R,  a = ${equation(aProduct, a)}`);
      notes[1].replaceChildren("kl = ", factor("b"), ` KL,  b = ${equation(bProduct, b)}`);
      const learned = "; R is that of a decoder with variance \u03C3\u00B2, by which the code does not divide";
      const variance = used.learned ? learned : "";
      notes[2].textContent = `R and KL: summed over one image, averaged over the batch, in nats${variance}`;
    },
  };
}

// beta_eff = beta b / (weight a), in letters and in numbers.
function resultFormula(used) {
  const { a, b } = factors(used);
  const A = (text) => colored(COLORS.decoder, mi(text)), B = (text) => colored(COLORS.prior, mi(text));
  const fraction = (over, under) => frac(row(over[0], mo("\u00B7"), over[1]), row(under[0], mo("\u00B7"), under[1]));
  return formula(
    mi("\u03B2"), part("mtext", ["\u200Aeff"], "font-size: 70%"), mo("="),
    fraction([mi("\u03B2"), B("b")], [part("mtext", ["weight"]), A("a")]), mo("="),
    fraction([mi(short(used.beta)), B(short(b))], [mi(short(used.weight)), A(short(a))]), mo("="));
}

export function answer() {
  const result = element("div", { class: "vq-beta-formula" });
  const big = element("output", { class: "vq-beta-big", "aria-label": "effective beta", "aria-live": "off" });
  const words = element("p", { class: "vq-beta-verdict" }), then = element("p", { class: "vq-beta-then" });
  const node = element("div", { class: "vq-beta-answer" },
    element("div", { class: "vq-beta-result" }, result, big), words, then);
  return {
    node,
    show({ wrong, used, value }) {
      node.classList.toggle("vq-beta-wrong", Boolean(wrong));
      big.textContent = wrong ? "?" : short(value);
      words.textContent = wrong ? wrong[1] : verdict(value);
      then.textContent = wrong ? "" : consequence(value, used);
      if (!wrong) result.replaceChildren(resultFormula(used));
    },
  };
}

const WIDEST = 946; // CSS pixels
const NARROW = 520; // below, the words have a row of their own, and fewer ticks a number
const POWERS = [-3, -2, -1, 0, 1, 2, 3];

// Where the effective beta lies between an autoencoder and a collapsed VAE, on a logarithmic scale.
export function betaScale() {
  const surface = canvas(WIDEST, 84, { role: "img", class: "vq-beta-scale" });
  return {
    node: element("div", { class: "vq-beta-scaled" }, surface.node),
    resize(width) { resize(surface, Math.min(WIDEST, width), width < NARROW ? 106 : 84); },
    show({ value }) {
      drawScale(surface, value);
      const words = `Effective beta ${short(value)} on a logarithmic scale on which the ELBO is at 1`;
      surface.node.setAttribute("aria-label", words);
    },
  };
}

function drawScale({ pen, width, height }, value) {
  pen.clearRect(0, 0, width, height);
  const f = frame(pen, { left: 30, top: 34, width: width - 60, height: 26, x: [-3, 3], y: [0, 1] });
  const at = clamp(Math.log10(value), f.x);
  pen.fillStyle = "rgba(213, 94, 0, 0.18)";
  pen.fillRect(Math.min(f.X(0), f.X(at)), f.top + 6, Math.abs(f.X(at) - f.X(0)), f.height - 12);
  const values = width < NARROW ? POWERS.filter((power) => Math.abs(power) < 3) : POWERS;
  axisX(f, { values, format: (power) => (power < 0 ? `1/${10 ** -power}` : String(10 ** power)) });
  stroke(pen, [[f.X(0), f.top - 10], [f.X(0), f.bottom]], { color: COLORS.data, width: 2, dash: [5, 4] });
  write(pen, "the ELBO", f.X(0), 18, { align: "center", bold: true });
  nameSides(f, width, height);
  dot(pen, f.X(at), f.Y(0.5), 10, { fill: COLORS.prior, color: "#fff" });
}

function nameSides({ pen, left, right }, width, height) {
  const [less, more] = width > 800 ? [": toward an autoencoder", ": toward collapse"] : ["", ""];
  const y = width < NARROW ? height - 6 : 18;
  write(pen, `\u2190 KL counts less${less}`, left, y);
  write(pen, `KL counts more${more} \u2192`, right, y, { align: "right" });
}
