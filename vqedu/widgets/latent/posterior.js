// What a VAE adds: q(z|x) close up, another eps at a press, KL(q(z|x) || N(0, I)) dimension by dimension.

import { COLORS } from "../page/colors.js";
import { button, canvas, element, resize, setText } from "../page/kit.js";
import { number } from "../page/numbers.js";
import { stroke, write } from "../page/plot.js";
import { panel } from "../page/pictures.js";
import { awayFrom, paintEllipses, paintMean, paintPoint, paintTrail } from "./paint.js";

const FEW = 4; // up to so many dimensions get a line each
const SIGMAS = 2.7; // from the middle of the close-up to its nearer edge
const ACTIVE = 0.1; // nats: a dimension below says next to nothing about x
const SUBSCRIPTS = ["z\u2081", "z\u2082", "z\u2083", "z\u2084"];

export const KL_NAME = "KL(q(z|x) \u2016 N(0, I))";

const label = (pen, text, x, y, style) => write(pen, text, x, y, { baseline: "middle", ...style });

// The ellipse of q(z|x) with mu in the middle, as large as it fits.
function paintCloseUp({ pen, width, height }, space, { q, trail, state }) {
  pen.clearRect(0, 0, width, height);
  if (!q) return label(pen, "no image x", width / 2, height / 2, { align: "center", color: "#555" });
  const middle = [width / 2, height / 2], [u0, v0] = space.project(q.mu);
  const scale = Math.min(width, height) / 2 / SIGMAS / Math.max(q.ellipse.long, 1e-9);
  const place = (z) => {
    const [u, v] = space.project(z);
    return [middle[0] + (u - u0) * scale, middle[1] - (v - v0) * scale];
  };
  paintEllipses(pen, middle, q.ellipse, scale);
  paintTrail(pen, trail.map(place), 7);
  paintMean(pen, middle, 9);
  const z = place(state.z);
  const inside = z[0] > 0 && z[0] < width && z[1] > 0 && z[1] < height;
  if (inside) paintPoint(pen, z, COLORS.decoder, "z", { radius: 7, side: awayFrom(middle, z) });
  else label(pen, "z is outside", 8, height - 12, { color: COLORS.decoder, size: 14 });
}

// One line per dimension: its name, its bar, its nats; the upright stroke is the mean of the digits on the map.
function paintRows({ pen, width, height }, space, q, most) {
  const row = Math.min(height / space.d, 40), left = 34, right = 86, unit = (width - left - right) / most;
  q.terms.forEach((nats, i) => {
    const y = row * (i + 0.5);
    label(pen, SUBSCRIPTS[i], 2, y, { size: 17 });
    pen.fillStyle = COLORS.prior;
    pen.fillRect(left, y - row * 0.32, nats * unit, row * 0.64);
    pen.fillStyle = "#1a1a1a";
    pen.fillRect(left + space.config.mean_kl[i] * unit - 1, y - row * 0.42, 2.5, row * 0.84);
    label(pen, `${nats.toFixed(2)} nats`, width - 2, y, { align: "right" });
  });
}

// One column per dimension, in the order of the configuration; its number is below it where there is room.
function paintColumns({ pen, width, height }, { config, d }, q, most) {
  const left = 30, bottom = height - 22, slot = (width - left) / d, unit = (bottom - 10) / most;
  const every = Math.ceil(24 / slot), small = { size: 14, color: "#444" };
  for (const nats of [0, most / 2, most]) {
    const y = Math.round(bottom - nats * unit) + 0.5;
    stroke(pen, [[left, y], [width, y]], { color: "#e2e2e2", width: 1 });
    label(pen, String(Number(nats.toFixed(1))), left - 5, Math.max(y, 9), { align: "right", ...small });
  }
  config.kl_order.forEach((i, rank) => {
    const x = left + rank * slot, mean = bottom - config.mean_kl[i] * unit;
    pen.fillStyle = COLORS.prior;
    pen.fillRect(x + slot * 0.12, bottom - q.terms[i] * unit, slot * 0.76, q.terms[i] * unit);
    pen.fillStyle = "#1a1a1a";
    pen.fillRect(x + slot * 0.04, mean - 1, slot * 0.92, 2);
    if (rank % every === 0) label(pen, String(i + 1), x + slot / 2, bottom + 12, { align: "center", ...small });
  });
}

// The bars of one picture have the scale of all digits on the map; a drawing may need a longer one.
function paintBars(surface, space, q) {
  surface.pen.clearRect(0, 0, surface.width, surface.height);
  if (!q) return;
  const most = Math.max(space.config.kl_high, ...q.terms);
  (space.d <= FEW ? paintRows : paintColumns)(surface, space, q, most);
}

function barWords({ d }, { kl, terms }) {
  const each = terms.map((nats, i) => `z${i + 1} ${nats.toFixed(2)}`).join(", ");
  return `${KL_NAME} in nats: ${kl.toFixed(2)}${d <= FEW ? `; by dimension: ${each}` : `; ${activeWords(terms)}`}`;
}

function activeWords(terms) {
  const active = terms.filter((nats) => nats > ACTIVE).length;
  return `${active} of ${terms.length} dimensions above ${ACTIVE} nats`;
}

// Every number as text, made when the list is opened and while it stays open.
function numbers(space) {
  const body = element("tbody", {});
  const names = ["dimension", "\u03bc", "\u03c3", "KL in nats"];
  const head = element("tr", {}, ...names.map((name) => element("th", { scope: "col" }, name)));
  const table = element("table", {}, element("thead", {}, head), body);
  const scroll = { class: "vq-scroll", tabindex: 0, role: "region", "aria-label": "Numbers of q(z|x)" };
  const summary = element("summary", {}, "\u03bc, \u03c3 and KL as numbers");
  const node = element("details", { class: "vq-numbers" }, summary, element("div", scroll, table));
  let now = null;
  const row = (i) => {
    const texts = [String(i + 1), number(now.mu[i], 2), now.sigma[i].toFixed(3), now.terms[i].toFixed(3)];
    return element("tr", {}, ...texts.map((text) => element("td", {}, text)));
  };
  const fill = () => body.replaceChildren(...(node.open && now ? space.config.kl_order.map(row) : []));
  node.addEventListener("toggle", fill);
  return { node, show(q) { if (q !== now) { now = q; fill(); } } };
}

// In words: where z comes from and, for a draw, the ELBO that this one draw estimates.
function drawWords({ q, drawn, nats, state }) {
  if (!q) return "";
  if (!drawn) return state.eps ? `${state.eps} drawn` : "\u03b5 ~ N(0, I)";
  const sum = `${nats.toFixed(1)} + ${q.kl.toFixed(1)} = ${(nats + q.kl).toFixed(1)} nats`;
  return `draw ${state.eps}: \u2212log p(x|z) + KL = ${sum}, one draw of \u2212ELBO`;
}

function lensWords(q) {
  if (!q) return "q(z|x): no image x";
  const { long, narrow } = q.ellipse;
  return `q(z|x) close up; one sigma of its ellipse: ${long.toFixed(2)} by ${narrow.toFixed(2)}`;
}

export function posteriorPanel(space, hand) {
  const lens = canvas(224, 150, { class: "vq-lens", role: "img" });
  const bars = canvas(600, 110, { class: "vq-bars", role: "img" });
  const closeUp = panel("closeup", "q(z|x)", "1\u03c3 and 2\u03c3", COLORS.encoder, lens.node);
  const table = numbers(space);
  const words = element("span", { class: "vq-draw" });
  const byKey = { class: "vq-button vq-eps", "aria-keyshortcuts": "e", title: "Key e" };
  const draw = button("Draw z = \u03bc + \u03c3\u03b5", hand.draw, byKey);
  draw.append(" ", element("kbd", {}, "e"));
  const hint = space.d > 2 ? "largest mean first; black: mean of all digits" : "black: mean";
  const kl = panel("kl", KL_NAME, hint, COLORS.prior, bars.node,
    element("div", { class: "vq-buttons" }, draw, words, table.node));
  const total = kl.querySelector(".vq-title"), few = space.d <= FEW;
  const node = element("div", { class: "vq-posterior" }, closeUp, kl);
  let shown; // the q of the bars; undefined where they must be drawn anew
  bars.node.addEventListener("sharpened", () => { shown = undefined; });
  return {
    node,
    resize(width, side) {
      shown = undefined;
      node.classList.toggle("vq-stacked", side === width);
      closeUp.style.width = `${side}px`;
      resize(lens, side, few ? 98 : 113);
      resize(bars, side === width ? width : width - side - 16, few ? Math.max(40, 28 * space.d) : 81);
    },
    show(view) {
      const { q } = view;
      paintCloseUp(lens, space, view);
      setText(words, drawWords(view));
      if (q === shown) return;
      shown = q;
      paintBars(bars, space, q);
      table.show(q);
      setText(total, q ? `${KL_NAME} = ${q.kl.toFixed(2)} nats` : KL_NAME);
      draw.disabled = !q;
      bars.node.setAttribute("aria-label", q ? barWords(space, q) : `${KL_NAME}: no image x`);
      lens.node.setAttribute("aria-label", lensWords(q));
    },
  };
}
