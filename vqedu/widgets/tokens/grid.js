// The map of codes as buttons.

import { COLORS, tint } from "../page/colors.js";
import { element, notOurs, press, setAttribute, setText } from "../page/kit.js";

const nameOf = (p, columns) => `Row ${Math.floor(p / columns) + 1}, column ${(p % columns) + 1}`;

// From the shade of 0 bits to that of a code as surprising as any.
const shade = (share) => tint(COLORS.codebook, 0.1 + 0.9 * Math.min(share, 1));

function cellWords(p, { codes, bits }, byHand) {
  if (p > codes.length) return "empty";
  if (p === codes.length) return "the next code";
  return `code ${codes[p]}, surprise ${bits[p].toFixed(1)} bits${byHand ? ", chosen by hand" : ""}`;
}

function showCell(cell, p, view, { uniform, columns }) {
  const { codes, bits, where, state } = view;
  const drawn = p < codes.length, byHand = drawn && state.by_hand.includes(p);
  setText(cell, drawn ? String(codes[p]) : p === codes.length ? "?" : "");
  cell.style.background = drawn ? shade(bits[p] / uniform) : "";
  cell.disabled = p > codes.length;
  cell.tabIndex = p === where ? 0 : -1;
  cell.classList.toggle("vq-tok-hand", byHand);
  press(cell, p === where);
  setAttribute(cell, "aria-label", `${nameOf(p, columns)}: ${cellWords(p, view, byHand)}`);
}

// The arrow keys go from one code to the next, and to the code that comes next.
export function codeGrid(hand, model) {
  const { places, columns } = model;
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  const label = `Map of the codes, ${columns} by ${columns}. Arrow keys move from code to code.`;
  let last = 0; // the last place that can be selected
  const cells = Array.from({ length: places }, (_, p) =>
    element("button", { type: "button", class: "vq-tok-cell", onclick: () => hand.select(p) }));
  const node = element("div", { class: "vq-tok-grid", role: "group", "aria-label": label }, ...cells);
  node.style.setProperty("--vq-columns", columns);
  node.addEventListener("keydown", (event) => {
    const to = cells.indexOf(event.target) + (steps[event.key] ?? NaN);
    if (!(to >= 0 && to <= last) || notOurs(event)) return;
    event.preventDefault();
    hand.select(to);
    cells[to].focus();
  });
  return {
    node,
    show(view) {
      last = Math.min(view.codes.length, places - 1);
      cells.forEach((cell, p) => showCell(cell, p, view, model));
    },
  };
}
