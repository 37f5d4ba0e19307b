// The parts of the token explorer: the map of codes, the candidates for the next one, x_hat as it fills, the surprises.

import { canvas, COLORS, element, notOurs, position, resize, wordColor } from "../page/kit.js";
import { axisY, frame, stroke, ticks, write } from "../page/plot.js";
import { percent, PLACES } from "./view.js";
import { GRID, paintPartly } from "./paint.js";

const THUMBNAIL = 34;
const PAPER = [251, 240, 246], PURPLE = [204, 121, 167]; // the shades of 0 bits and of a code as surprising as any
const nameOf = (p) => `Row ${Math.floor(p / GRID) + 1}, column ${(p % GRID) + 1}`;
const shade = (share) => `rgb(${PAPER.map((low, i) => Math.round(low + (PURPLE[i] - low) * Math.min(share, 1))).join(", ")})`;

const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -GRID, ArrowDown: GRID };

// 49 buttons; the arrow keys go from one to the next among those that can be selected.
export function codeGrid(hand, uniform) {
  let last = 0; // the last place that can be selected: of a code, or of the code to come
  const cells = Array.from({ length: PLACES }, (_, p) => element("button", { type: "button", class: "vq-tok-cell", onclick: () => hand.select(p) }));
  const node = element("div", { class: "vq-tok-grid", role: "group", "aria-label": "Map of the codes, 7 by 7. Arrow keys go from code to code." }, ...cells);
  node.addEventListener("keydown", (event) => {
    const at = cells.indexOf(event.target), to = at + (STEPS[event.key] ?? NaN);
    if (!(to >= 0 && to <= last) || notOurs(event)) return;
    event.preventDefault();
    hand.select(to);
    cells[to].focus();
  });
  return {
    node,
    show({ codes, bits, where, state }) {
      last = Math.min(codes.length, PLACES - 1);
      cells.forEach((cell, p) => {
        const drawn = p < codes.length;
        const byHand = state.by_hand.includes(p) && drawn;
        cell.textContent = drawn ? codes[p] : p === codes.length ? "?" : "";
        cell.style.background = drawn ? shade(bits[p] / uniform) : "";
        cell.disabled = p > last;
        cell.tabIndex = p === where ? 0 : -1;
        cell.classList.toggle("vq-tok-hand", byHand);
        cell.setAttribute("aria-pressed", String(p === where));
        const said = drawn ? `code ${codes[p]}, surprise ${bits[p].toFixed(1)} bits${byHand ? ", chosen by hand" : ""}` : p === codes.length ? "the code to come" : "empty";
        cell.setAttribute("aria-label", `${nameOf(p)}: ${said}`);
      });
    },
  };
}

// The most probable codes as buttons, each with its picture and its bar; arrow keys, or the numbers 1 to 8.
// While one is pointed at or in focus, x_hat shows its picture: ontry(i), and ontry(null) after that.
export function candidateList(hand, ontry) {
  const title = element("span", { class: "vq-title" });
  title.style.color = wordColor(COLORS.prior);
  const rest = element("p", { class: "vq-note vq-tok-rest" });
  const tries = (i) => ({ onpointerenter: () => ontry(i), onfocus: () => ontry(i), onpointerleave: () => ontry(null), onblur: () => ontry(null) });
  const rows = Array.from({ length: 8 }, (_, i) => {
    const surface = canvas(THUMBNAIL, THUMBNAIL, { "aria-hidden": "true" });
    const code = element("span", { class: "vq-tok-code" }), bar = element("span", { class: "vq-tok-bar" }), p = element("span", { class: "vq-value" });
    const node = element("button", { type: "button", class: "vq-tok-candidate", onclick: () => hand.choose(i), ...tries(i) }, surface.node, code, element("span", { class: "vq-tok-track" }, bar), p);
    return { node, surface, code, bar, p };
  });
  const list = element("div", { class: "vq-tok-list", role: "group", "aria-label": "The most probable codes here" }, ...rows.map((row) => row.node));
  list.addEventListener("keydown", (event) => {
    const to = rows.findIndex((row) => row.node === event.target) + ({ ArrowDown: 1, ArrowUp: -1 }[event.key] ?? NaN);
    if (!rows[to] || rows[to].node.hidden || notOurs(event)) return;
    event.preventDefault();
    rows[to].node.focus();
  });
  return {
    node: element("div", { class: "vq-tok-odds" }, element("p", { class: "vq-tok-heading" }, title), list, rest),
    show({ codes, where, candidates, odds }) {
      title.textContent = where < codes.length ? "p(this code | the codes before)" : "p(next code | the codes before)";
      const most = Math.max(...candidates.map((each) => each.p));
      rows.forEach((row, i) => {
        const each = candidates[i];
        row.node.hidden = !each;
        if (!each) return;
        paintPartly(row.surface, each.pixels, each.filled);
        row.code.textContent = each.code;
        row.bar.style.width = `${(100 * each.p) / most}%`;
        row.p.textContent = percent(each.p);
        row.node.setAttribute("aria-pressed", String(each.chosen));
        row.node.setAttribute("aria-label", `Put code ${each.code} here, probability ${percent(each.p)}${each.chosen ? ", the code that stands here" : ""}`);
      });
      const others = odds.p.filter((p) => p > 0).length - candidates.filter((each) => each.p > 0).length;
      const left = Math.max(1 - candidates.reduce((sum, each) => sum + each.p, 0), 0);
      rest.textContent = others ? `${others} other ${others === 1 ? "code" : "codes"}: ${percent(left)} together` : "no other code is allowed";
    },
  };
}

// The probabilities side by side from 0 to 1, and where the random number fell: so a code is drawn.
export function luckStrip(width) {
  const surface = canvas(width, 46, { role: "img", class: "vq-tok-luck" });
  return {
    node: surface.node,
    show({ odds: { order, p }, luck, codes, where }) {
      const { pen } = surface;
      pen.clearRect(0, 0, width, 46);
      let from = 0;
      order.filter((code) => p[code] > 0).forEach((code, i) => {
        const size = p[code] * width;
        pen.fillStyle = codes[where] === code ? "#D55E00" : i % 2 ? "#f6d2b8" : "#eeb083";
        pen.fillRect(from, 19, Math.max(size, 0.3), 24);
        if (size > 30) write(pen, String(code), from + size / 2, 36, { align: "center", size: 14, bold: codes[where] === code });
        from += size;
      });
      if (luck === null) write(pen, "kept: no number was drawn for it", 0, 12, { size: 14, color: "#555" });
      else {
        const x = luck * width, text = `u = ${luck.toFixed(3)}`;
        stroke(pen, [[x, 15], [x, 46]], { width: 2.5 });
        write(pen, text, Math.min(Math.max(x, 40), width - 40), 12, { size: 14, bold: true, align: "center" });
      }
      const said = luck === null ? "This code was kept." : `The random number is ${luck.toFixed(3)}.`;
      surface.node.setAttribute("aria-label", `The probabilities side by side from 0 to 1. ${said}`);
    },
  };
}

// The surprise of each code as a bar; a click selects its place.
export function surpriseChart(hand, uniform) {
  const surface = canvas(946, 104, { role: "img", class: "vq-tok-surprise" });
  let f;
  surface.node.addEventListener("pointerdown", (event) => {
    const p = Math.floor(f.valueAt(position(event, surface)[0]));
    if (p >= 0 && p < PLACES) hand.select(p);
  });
  return {
    node: surface.node,
    resize(width) { if (width !== surface.width) resize(surface, width, surface.height); },
    show({ bits, total, where }) {
      const { pen, width, height } = surface;
      pen.clearRect(0, 0, width, height);
      const highest = Math.max(0, ...bits);
      const most = Math.max(Math.ceil(uniform) + 4, 5 * Math.ceil(highest / 5)); // no bar is cut off: hot codes cost 15 bits and more
      f = frame(pen, { left: 40, top: 12, width: width - 44, height: height - 38, x: [0, PLACES], y: [0, most] });
      axisY(f, { values: ticks(f.y, 3) });
      bits.forEach((value, p) => {
        pen.fillStyle = p === where ? "#8f3f00" : COLORS.prior;
        pen.fillRect(f.X(p) + 2, f.Y(value), f.width / PLACES - 4, f.bottom - f.Y(value));
      });
      stroke(pen, [[f.left, f.Y(uniform)], [f.right, f.Y(uniform)]], { color: COLORS.codebook, width: 2, dash: [6, 4] });
      for (let row = 0; row <= GRID; row++) stroke(pen, [[f.X(row * GRID), f.bottom - 2], [f.X(row * GRID), f.bottom + 6]], { color: "#777", width: 1 });
      for (let row = 0; row < GRID; row++) write(pen, `row ${row + 1}`, f.X((row + 0.5) * GRID), f.bottom + 19, { size: 14, align: "center", color: "#444" });
      surface.node.setAttribute("aria-label", `Surprise of each code in bits. ${bits.length} codes, ${total.toFixed(1)} bits together, at most ${highest.toFixed(1)} for one.`);
    },
  };
}
