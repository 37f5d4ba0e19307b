// The panels of the codebook explorer: the code map, x_hat, one cell with its nearest codes, the codebook itself.

import { button, canvas, COLORS, disable, element, notOurs, paintImage, position, resize } from "../page/kit.js";
import { panel } from "../page/pictures.js";
import { MAP_SIDE, patchOf, placeWords } from "./space.js";
import { CODE_INK, paintMap, paintTable, paintUsage, paintVectors, paintWindow, tableShape } from "./paint.js";

const THUMB_SIZE = 52;
const PATCH_SIZE = 49;
const BIG = 84;
const TABLE = [500, 290]; // at most, wide and high

// Arrow keys, Home and End on a grid of `count` places, `columns` to a row. Returns the new place, or null for other keys.
function stepOnGrid(key, at, columns, count) {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -at, End: count - 1 - at }[key];
  if (step === undefined) return null;
  const sideways = Math.abs(step) === 1 && key.startsWith("Arrow") && columns > 1;
  if (sideways && Math.floor((at + step) / columns) !== Math.floor(at / columns)) return at;
  return at + step >= 0 && at + step < count ? at + step : at;
}

// One stop for the Tab key among several buttons; arrow keys go from one to the next.
function roving(group) {
  const columns = (all) => all.filter((each) => each.offsetTop === all[0].offsetTop).length;
  const buttons = () => [...group.querySelectorAll("button:not([hidden])")];
  group.addEventListener("keydown", (event) => {
    const all = buttons(), at = all.indexOf(event.target);
    const to = at < 0 ? null : stepOnGrid(event.key, at, columns(all), all.length);
    if (to === null || notOurs(event)) return;
    event.preventDefault();
    all[to].focus();
  });
  group.addEventListener("focusin", (event) => { for (const each of buttons()) each.tabIndex = each === event.target ? 0 : -1; });
}

// A canvas whose places the pointer looks at and picks. placeAt(x, y) -> place or null.
function pointing(surface, placeAt, { look, pick }) {
  const at = (event) => placeAt(...position(event, surface));
  surface.node.addEventListener("pointermove", (event) => look(at(event)));
  surface.node.addEventListener("pointerleave", () => look(null));
  surface.node.addEventListener("click", (event) => { const place = at(event); if (place !== null) pick(place); });
}

// x with the receptive field of the cell laid over it, while nobody draws.
export function withWindow(node, surfaceNode, overlay) {
  const holder = element("div", { class: "vq-under" });
  surfaceNode.replaceWith(holder);
  holder.append(surfaceNode, overlay.node);
  return node;
}

const gridPlace = (surface) => (x, y) => {
  const column = Math.floor((x / surface.width) * MAP_SIDE), row = Math.floor((y / surface.height) * MAP_SIDE);
  return column >= 0 && column < MAP_SIDE && row >= 0 && row < MAP_SIDE ? row * MAP_SIDE + column : null;
};

export function mapPanel(space, hand, peek, thumbnail) {
  const surface = canvas(392, 392, {
    class: "vq-codemap", tabindex: 0, role: "application", "aria-roledescription": "code map",
  });
  pointing(surface, gridPlace(surface), { look: (cell) => peek({ cell }), pick: hand.pick });
  surface.node.addEventListener("keydown", (event) => {
    const { cell } = hand.state();
    const to = stepOnGrid(event.key, cell, MAP_SIDE, MAP_SIDE * MAP_SIDE);
    const act = to !== null ? () => hand.pick(to) : { Enter: () => hand.next(cell), Delete: () => hand.putBack(cell), Backspace: () => hand.putBack(cell) }[event.key];
    if (!act || notOurs(event)) return;
    event.preventDefault();
    act();
  });
  const bits = Math.log2(space.K);
  const cost = element("p", { class: "vq-note" }, `49 indices \u00d7 ${Number(bits.toFixed(2))} bits = ${Number((49 * bits).toFixed(1))} bits; x: 6,272 bits`);
  const node = panel("z", "code map, 7 \u00d7 7 indices", "click a cell", CODE_INK, surface.node, cost);
  return {
    node,
    resize(side) { if (side !== surface.width) resize(surface, side, side); node.style.width = `${side}px`; },
    show(view) {
      paintMap(surface, view, thumbnail);
      surface.node.setAttribute("aria-label", `Code map. ${placeWords(view.cell)}: code ${view.indices[view.cell]}. Arrow keys move, Enter puts in the next nearest code, Delete puts the cell's own code back.`);
    },
  };
}

// What the frame on a picture stands for.
export const frameNote = (frame, { size }, words) => element("p", { class: "vq-note vq-frame" }, `${frame}: the ${size} \u00d7 ${size} ${words}.`);

export function decodedPanel(space, hand, peek) {
  const surface = canvas(224, 224, { class: "vq-decoded", role: "img" });
  const overlay = canvas(224, 224, { class: "vq-overlay", "aria-hidden": "true" });
  const line = element("p", { class: "vq-line" });
  const cost = element("p", { class: "vq-line vq-cost" });
  const one = button("Put back cell", () => hand.putBack(hand.state().cell));
  const all = button("Put back all", hand.putAllBack);
  const random = button("49 random codes", hand.random);
  const node = panel("xhat", "x\u0302 = f(z_q)", "decoded", COLORS.decoder, surface.node, line, cost, element("div", { class: "vq-buttons" }, one, all, random), frameNote("Blue frame", space.config.influence, "pixels that the code can change"));
  withWindow(node, surface.node, overlay);
  pointing(surface, gridPlace(surface), { look: (cell) => peek({ cell }), pick: hand.pick });
  return {
    node,
    resize(side) { node.style.width = `${side}px`; for (const each of [surface, overlay]) if (side !== each.width) resize(each, side, side); },
    show(view) {
      paintImage(surface, view.pixels);
      paintWindow(overlay, space.config.influence, view.cell, COLORS.decoder);
      const { swapped, error, ownError } = view;
      line.textContent = `mean squared error ${error.toFixed(4)}`;
      cost.textContent = swapped.length ? `${swapped.length} swapped, before: ${ownError.toFixed(4)}` : "each code is the nearest";
      cost.classList.toggle("vq-changed", swapped.length > 0);
      disable(one, !swapped.includes(view.state.cell));
      disable(all, swapped.length === 0);
      surface.node.setAttribute("aria-label", `Decoded picture; ${line.textContent}; ${cost.textContent}`);
    },
  };
}

// One of the codes near z_e: a bar as long as its squared distance, what it draws, its index. A click puts it in.
function candidate(hand, thumbnail) {
  const bar = element("span", { class: "vq-bar" });
  const picture = canvas(THUMB_SIZE, THUMB_SIZE, { "aria-hidden": "true" });
  const index = element("span", { class: "vq-index" });
  const distance = element("span", { class: "vq-distance" });
  let shown;
  const node = element("button", { type: "button", class: "vq-candidate", onclick: () => hand.swap(hand.state().cell, shown) },
    element("span", { class: "vq-shaft" }, distance, bar), picture.node, index);
  return {
    node,
    show({ k, square, rank }, longest, present) {
      if (k !== shown) thumbnail(picture.pen, (shown = k), 0, 0, THUMB_SIZE);
      bar.style.height = `${Math.max(2, (74 * square) / longest)}px`;
      distance.textContent = square.toFixed(square < 10 ? 2 : 1);
      index.textContent = String(k);
      node.setAttribute("aria-pressed", String(present));
      node.setAttribute("aria-label", `Code ${k}, number ${rank + 1} in distance, squared distance ${square.toFixed(2)}${present ? ", in the cell now" : ""}`);
    },
  };
}

export function cellPanel(space, hand, thumbnail) {
  const { net } = space;
  const vectors = canvas(284, 150, { class: "vq-vectors", role: "img" });
  const place = element("span", { class: "vq-title" });
  const green = element("b", { class: "vq-green" }, "z_e"), purple = element("b", { class: "vq-purple" });
  const caption = element("p", { class: "vq-line" }, green, ` and `, purple, `: D = ${net.D} numbers each`);
  const candidates = Array.from({ length: Math.min(8, space.K) }, () => candidate(hand, thumbnail));
  const row = element("div", { class: "vq-candidates", role: "group", "aria-label": "Nearest codes: choose one for the cell" }, ...candidates.map((each) => each.node));
  roving(row);
  const left = element("div", { class: "vq-panel" }, element("p", { class: "vq-heading" }, place), vectors.node, caption);
  const heading = element("p", { class: "vq-heading" }, element("span", { class: "vq-title" }, "nearest codes"), " ",
    element("span", { class: "vq-note" }, "bars: squared distance |z_e \u2212 e_k|\u00b2; click one to swap it in"));
  const right = element("div", { class: "vq-panel vq-near" }, heading, row);
  return {
    node: element("div", { class: "vq-cell" }, left, right),
    show(view) {
      const { cell, indices, z } = view, k = indices[cell];
      const z_e = Array.from({ length: net.D }, (_, d) => z[d * MAP_SIDE * MAP_SIDE + cell]);
      paintVectors(vectors, z_e, Array.from(net.codebook.subarray(k * net.D, (k + 1) * net.D)));
      place.textContent = `the cell at ${placeWords(cell)}`;
      purple.textContent = `code ${k}`;
      vectors.node.setAttribute("aria-label", `z_e and code ${k}, ${net.D} numbers each; squared distance ${view.squares[k].toFixed(2)}`);
      const longest = Math.max(...view.candidates.map((each) => each.square));
      view.candidates.forEach((each, i) => candidates[i].show(each, longest, each.k === k));
    },
  };
}

// The table of all codes.
function codeTable(space, hand, peek, thumbnail) {
  let shape = tableShape(space.K, ...TABLE);
  const surface = canvas(shape.columns * shape.size, shape.rows * shape.size, {
    class: "vq-codetable", tabindex: 0, role: "application", "aria-roledescription": "table of codes",
  });
  const placeAt = (x, y) => {
    const column = Math.floor(x / shape.size), k = Math.floor(y / shape.size) * shape.columns + column;
    return column >= 0 && column < shape.columns && k >= 0 && k < space.K ? k : null;
  };
  pointing(surface, placeAt, { look: (code) => peek({ code }), pick: hand.pickCode });
  surface.node.addEventListener("keydown", (event) => {
    const { code, cell } = hand.state();
    const to = stepOnGrid(event.key, code, shape.columns, space.K);
    if ((to === null && event.key !== "Enter") || notOurs(event)) return;
    event.preventDefault();
    if (to === null) hand.swap(cell, code);
    else hand.pickCode(to);
  });
  return {
    node: surface.node,
    resize(width) {
      shape = tableShape(space.K, Math.min(width, TABLE[0]), TABLE[1]);
      if (shape.columns * shape.size !== surface.width) resize(surface, shape.columns * shape.size, shape.rows * shape.size);
    },
    show(view) {
      paintTable(surface, shape, view, thumbnail, space.K);
      surface.node.setAttribute("aria-label", `Codebook. Code ${view.code}. Arrow keys move, Enter puts the code into the cell.`);
    },
  };
}

// A patch of x around a cell that uses the code; a click looks at its digit.
function example(space, hand) {
  const picture = canvas(PATCH_SIZE, PATCH_SIZE, { "aria-hidden": "true" });
  let shown, shownCode;
  const node = element("button", { type: "button", class: "vq-patch", tabindex: -1, onclick: () => hand.example(shown, shownCode) }, picture.node);
  return {
    node,
    show(each, code) {
      node.hidden = !each;
      if (!each || (each === shown && code === shownCode)) return;
      shown = each;
      shownCode = code;
      const { field } = space.config, unit = PATCH_SIZE / field.size;
      paintImage(picture, patchOf(space.image(each.digit), field, each.cell), field.size);
      picture.pen.strokeStyle = COLORS.codebook;
      picture.pen.lineWidth = 2;
      picture.pen.strokeRect(-field.start * unit, -field.start * unit, field.stride * unit, field.stride * unit);
      node.setAttribute("aria-label", `Digit ${space.labels[each.digit]}, ${placeWords(each.cell)}: look at it`);
    },
  };
}

const counted = (n) => n.toLocaleString("en-US");

function codeWords({ counts, ranks, usage, K }, code) {
  const share = (100 * counts[code]) / usage.total;
  if (!counts[code]) return `never used in ${counted(usage.total / 49)} digits: a dead code`;
  return `in ${counted(counts[code])} of ${counted(usage.total)} cells, ${share.toFixed(share < 0.1 ? 3 : 2)}%; rank ${ranks[code] + 1} of ${K} by use`;
}

function codeDetail(space, hand, thumbnail) {
  const big = canvas(BIG, BIG, { class: "vq-big", role: "img" });
  const name = element("span", { class: "vq-title vq-purple" });
  const words = element("p", { class: "vq-line" });
  const put = button("", () => hand.swap(hand.state().cell, hand.state().code));
  const patches = Array.from({ length: 24 }, () => example(space, hand));
  const grid = element("div", { class: "vq-patches", role: "group", "aria-label": "Cells of other digits that use the code" }, ...patches.map((each) => each.node));
  roving(grid);
  const caption = element("p", { class: "vq-note" });
  const node = element("div", { class: "vq-panel vq-detail" },
    element("div", { class: "vq-codehead" }, big.node, element("div", { class: "vq-panel" }, element("p", { class: "vq-heading" }, name), words, put)), caption, grid);
  let shown;
  return {
    node,
    show(view) {
      const { code } = view, examples = space.examples(code);
      put.textContent = `Put code ${view.state.code} into the cell`;
      if (code === shown) return;
      shown = code;
      thumbnail(big.pen, code, 0, 0, BIG);
      big.pen.strokeStyle = COLORS.codebook;
      big.pen.lineWidth = 2;
      big.pen.strokeRect(BIG / 3, BIG / 3, BIG / 3, BIG / 3); // its own 4 x 4 pixels, as the code map shows them
      big.node.setAttribute("aria-label", `What code ${code} draws, on average`);
      name.textContent = `code ${code}`;
      words.textContent = codeWords(space, code);
      caption.textContent = examples.length ? `${examples.length} cells that use it, each with its receptive field:` : "No digit shown here uses it.";
      patches.forEach((each, i) => each.show(examples[i], code));
      const stop = patches.find((each) => !each.node.hidden);
      for (const each of patches) each.node.tabIndex = each === stop ? 0 : -1;
    },
  };
}

function usageWords({ usage, K }) {
  const digits = counted(usage.total / 49);
  const all = usage.used === K ? `All ${K} codes are used` : `${usage.used} of ${K} codes are used`;
  return `${all} in ${digits} digits. Perplexity ${usage.perplexity.toFixed(1)}: the entropy of ${usage.perplexity.toFixed(0)} codes used equally often, ${usage.bits.toFixed(2)} bits a cell, not ${Number(Math.log2(K).toFixed(2))}.`;
}

function usageChart(space, hand, peek) {
  const surface = canvas(940, 150, { class: "vq-usage", tabindex: 0, role: "application", "aria-roledescription": "histogram" });
  let f;
  const codeAt = (x) => { const rank = Math.floor(f.valueAt(x)); return rank >= 0 && rank < space.K ? space.order[rank] : null; };
  pointing(surface, codeAt, { look: (code) => peek({ code }), pick: hand.pickCode });
  surface.node.addEventListener("keydown", (event) => {
    const to = stepOnGrid(event.key, space.ranks[hand.state().code], 1, space.K);
    if (to === null || notOurs(event)) return;
    event.preventDefault();
    hand.pickCode(space.order[to]);
  });
  return {
    node: surface.node,
    resize(width) { if (width !== surface.width) resize(surface, width, 150); },
    show(view) {
      f = paintUsage(surface, space, view.code);
      surface.node.setAttribute("aria-label", `Usage of the codes, the most used first. Code ${view.code}: ${codeWords(space, view.code)}. Left and right arrow keys move.`);
    },
  };
}

export function codebookPanel(space, hand, peek, thumbnail) {
  const table = codeTable(space, hand, peek, thumbnail);
  const detail = codeDetail(space, hand, thumbnail);
  const usage = usageChart(space, hand, peek);
  const heading = element("p", { class: "vq-heading" }, element("span", { class: "vq-title vq-purple" }, `the codebook: ${space.K} codes`), " ",
    element("span", { class: "vq-note" }, "what each draws, on average"));
  const key = element("p", { class: "vq-note" }, "Purple frame: in this code map. Point at a code; a click keeps it.");
  const left = element("div", { class: "vq-panel" }, heading, table.node, key);
  const words = element("p", { class: "vq-line vq-usagewords" }, usageWords(space));
  const node = element("div", { class: "vq-codebook" }, element("div", { class: "vq-lookup" }, left, detail.node), words, usage.node);
  return {
    node,
    resize(width) { table.resize(width); usage.resize(width); },
    show(view) { for (const part of [table, detail, usage]) part.show(view); },
  };
}
