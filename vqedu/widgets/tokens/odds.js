// The odds of one code: the most probable ones with their pictures, and where the random number fell among all.

import { COLORS, tint, wordColor } from "../page/colors.js";
import { canvas, element, notOurs } from "../page/kit.js";
import { stroke, write } from "../page/plot.js";
import { paintPartly } from "./paint.js";
import { percent, SHOWN } from "./view.js";

const THUMBNAIL = 34;
const LUCK_HEIGHT = 46;

function candidateWords({ code, p, chosen }) {
  return `Put code ${code} here, probability ${percent(p)}${chosen ? ", the code that is here now" : ""}`;
}

// ontry(true) while the candidate is pointed at or in focus, ontry(false) after that.
function candidateRow(columns, onpick, ontry) {
  const surface = canvas(THUMBNAIL, THUMBNAIL, { "aria-hidden": "true" });
  const code = element("span", { class: "vq-tok-code" }), bar = element("span", { class: "vq-tok-bar" });
  const track = element("span", { class: "vq-tok-track" }, bar), p = element("span", { class: "vq-value" });
  const begin = () => ontry(true), end = () => ontry(false);
  const tries = { onpointerenter: begin, onfocus: begin, onpointerleave: end, onblur: end };
  const attributes = { type: "button", class: "vq-tok-candidate", onclick: onpick, ...tries };
  const node = element("button", attributes, surface.node, code, track, p);
  return {
    node,
    // hurried: the pictures change faster than an eye sees, and to decode eight of them takes longer than a frame
    show(each, most, hurried) {
      node.hidden = !each;
      if (!each) return;
      if (hurried) surface.pen.clearRect(0, 0, THUMBNAIL, THUMBNAIL);
      else paintPartly(surface, columns, each.pixels, each.filled);
      code.textContent = each.code;
      bar.style.width = `${(100 * each.p) / most}%`;
      p.textContent = percent(each.p);
      node.setAttribute("aria-pressed", String(each.chosen));
      node.setAttribute("aria-label", candidateWords(each));
    },
  };
}

// What there is beside the candidates.
function restWords({ candidates, odds }) {
  const others = odds.p.filter((p) => p > 0).length - candidates.filter((each) => each.p > 0).length;
  const left = Math.max(1 - candidates.reduce((sum, each) => sum + each.p, 0), 0);
  if (!others) return "no other code is allowed";
  return `${others} other ${others === 1 ? "code" : "codes"}: ${percent(left)} together`;
}

// Up and down go from one of the rows to the next that is shown.
function arrowKeys(list, rows) {
  list.addEventListener("keydown", (event) => {
    const at = rows.findIndex((row) => row.node === event.target);
    const to = at + ({ ArrowDown: 1, ArrowUp: -1 }[event.key] ?? NaN);
    if (!rows[to] || rows[to].node.hidden || notOurs(event)) return;
    event.preventDefault();
    rows[to].node.focus();
  });
}

// The most probable codes as buttons, each with its picture and its bar; arrow keys, or the numbers 1 to 8.
// While one is pointed at or in focus, x_hat shows its picture: ontry(i), and ontry(null) after that.
export function candidateList(hand, columns, ontry) {
  const title = element("span", { class: "vq-title" });
  title.style.color = wordColor(COLORS.prior);
  const rest = element("p", { class: "vq-note vq-tok-rest" });
  const rows = Array.from({ length: SHOWN }, (_, i) =>
    candidateRow(columns, () => hand.choose(i), (tried) => ontry(tried ? i : null)));
  const attributes = { class: "vq-tok-list", role: "group", "aria-label": "The most probable codes here" };
  const list = element("div", attributes, ...rows.map((row) => row.node));
  arrowKeys(list, rows);
  return {
    node: element("div", { class: "vq-tok-odds" }, element("p", { class: "vq-tok-heading" }, title), list, rest),
    show(view) {
      const { codes, where, candidates } = view;
      title.textContent = `p(${where < codes.length ? "this" : "next"} code | the codes before)`;
      const most = Math.max(...candidates.map((each) => each.p));
      const hurried = hand.playing() && !hand.playsSlowly();
      rows.forEach((row, i) => row.show(candidates[i], most, hurried));
      rest.textContent = restWords(view);
    },
  };
}

function drawOdds({ pen, width }, { odds: { order, p }, codes, where }) {
  let from = 0;
  order.filter((code) => p[code] > 0).forEach((code, i) => {
    const size = p[code] * width, chosen = codes[where] === code;
    pen.fillStyle = chosen ? COLORS.prior : tint(COLORS.prior, i % 2 ? 0.28 : 0.5);
    pen.fillRect(from, 19, Math.max(size, 0.3), 24);
    if (size > 30) write(pen, String(code), from + size / 2, 36, { align: "center", size: 14, bold: chosen });
    from += size;
  });
}

function drawLuck({ pen, width, height }, luck) {
  if (luck === null) return write(pen, "kept: no number was drawn for it", 0, 12, { size: 14, color: "#555" });
  const x = luck * width, place = Math.min(Math.max(x, 40), width - 40);
  stroke(pen, [[x, 15], [x, height]], { width: 2.5 });
  return write(pen, `u = ${luck.toFixed(3)}`, place, 12, { size: 14, bold: true, align: "center" });
}

// The probabilities side by side from 0 to 1, and where the random number fell: so a code is drawn.
export function luckStrip(width) {
  const surface = canvas(width, LUCK_HEIGHT, { role: "img", class: "vq-tok-luck" });
  return {
    node: surface.node,
    show(view) {
      surface.pen.clearRect(0, 0, width, LUCK_HEIGHT);
      drawOdds(surface, view);
      drawLuck(surface, view.luck);
      const said = view.luck === null ? "This code was kept." : `The random number is ${view.luck.toFixed(3)}.`;
      surface.node.setAttribute("aria-label", `The probabilities side by side from 0 to 1. ${said}`);
    },
  };
}
