// Places in a grid: which one the pointer is on, and where the arrow keys go from there.

import { notOurs, position } from "../page/kit.js";

// Arrow keys, Home and End on a grid of `count` places, `columns` to a row: the new place, or null for other keys.
export function stepOnGrid(key, at, columns, count) {
  const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -at, End: count - 1 - at };
  const step = moves[key];
  if (step === undefined) return null;
  const sideways = Math.abs(step) === 1 && key.startsWith("Arrow") && columns > 1;
  if (sideways && Math.floor((at + step) / columns) !== Math.floor(at / columns)) return at;
  return at + step >= 0 && at + step < count ? at + step : at;
}

// keyed(node, actOf): a key for which actOf(key) gives a function calls it, and does nothing else.
export function keyed(node, actOf) {
  node.addEventListener("keydown", (event) => {
    const act = notOurs(event) ? null : actOf(event.key, event.target);
    if (!act) return;
    event.preventDefault();
    act();
  });
}

// One stop for the Tab key among several buttons; arrow keys go from one to the next.
export function roving(group) {
  const columns = (all) => all.filter((each) => each.offsetTop === all[0].offsetTop).length;
  const buttons = () => [...group.querySelectorAll("button:not([hidden])")];
  keyed(group, (key, target) => {
    const all = buttons(), at = all.indexOf(target);
    const to = at < 0 ? null : stepOnGrid(key, at, columns(all), all.length);
    return to === null ? null : () => all[to].focus();
  });
  group.addEventListener("focusin", (event) => {
    for (const each of buttons()) each.tabIndex = each === event.target ? 0 : -1;
  });
}

// A canvas whose places the pointer looks at and picks. placeAt(x, y) -> place or null.
export function pointing(surface, placeAt, { look, pick }) {
  const at = (event) => placeAt(...position(event, surface));
  surface.node.addEventListener("pointermove", (event) => look(at(event)));
  surface.node.addEventListener("pointerleave", () => look(null));
  surface.node.addEventListener("click", (event) => {
    const place = at(event);
    if (place !== null) pick(place);
  });
}

// The place at (x, y) on rows of `columns` squares, each `size` pixels wide; null beyond the last of `count`.
export function squareAt(x, y, { columns, size }, count) {
  const column = Math.floor(x / size), place = Math.floor(y / size) * columns + column;
  return column >= 0 && column < columns && place >= 0 && place < count ? place : null;
}
