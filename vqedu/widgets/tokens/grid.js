// The map of codes as 49 buttons.

import { COLORS, tint } from "../page/colors.js";
import { element, notOurs, press, setAttribute, setText } from "../page/kit.js";
import { GRID } from "./paint.js";
import { PLACES } from "./view.js";

const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -GRID, ArrowDown: GRID };
const LABEL = "Map of the codes, 7 by 7. Arrow keys move from code to code.";

const nameOf = (p) => `Row ${Math.floor(p / GRID) + 1}, column ${(p % GRID) + 1}`;

// From the shade of 0 bits to that of a code as surprising as any.
const shade = (share) => tint(COLORS.codebook, 0.1 + 0.9 * Math.min(share, 1));

function cellWords(p, { codes, bits }, byHand) {
  if (p > codes.length) return "empty";
  if (p === codes.length) return "the next code";
  return `code ${codes[p]}, surprise ${bits[p].toFixed(1)} bits${byHand ? ", chosen by hand" : ""}`;
}

function showCell(cell, p, view, uniform) {
  const { codes, bits, where, state } = view;
  const drawn = p < codes.length, byHand = drawn && state.by_hand.includes(p);
  setText(cell, drawn ? String(codes[p]) : p === codes.length ? "?" : "");
  cell.style.background = drawn ? shade(bits[p] / uniform) : "";
  cell.disabled = p > codes.length;
  cell.tabIndex = p === where ? 0 : -1;
  cell.classList.toggle("vq-tok-hand", byHand);
  press(cell, p === where);
  setAttribute(cell, "aria-label", `${nameOf(p)}: ${cellWords(p, view, byHand)}`);
}

// The arrow keys go from one code to the next, and to the code that comes next.
export function codeGrid(hand, uniform) {
  let last = 0; // the last place that can be selected
  const cells = Array.from({ length: PLACES }, (_, p) =>
    element("button", { type: "button", class: "vq-tok-cell", onclick: () => hand.select(p) }));
  const node = element("div", { class: "vq-tok-grid", role: "group", "aria-label": LABEL }, ...cells);
  node.addEventListener("keydown", (event) => {
    const to = cells.indexOf(event.target) + (STEPS[event.key] ?? NaN);
    if (!(to >= 0 && to <= last) || notOurs(event)) return;
    event.preventDefault();
    hand.select(to);
    cells[to].focus();
  });
  return {
    node,
    show(view) {
      last = Math.min(view.codes.length, PLACES - 1);
      cells.forEach((cell, p) => showCell(cell, p, view, uniform));
    },
  };
}
