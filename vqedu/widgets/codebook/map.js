// The two pictures of a code map: the map itself with its indices, and x_hat that it decodes to.

import { COLORS } from "../page/colors.js";
import { button, canvas, disable, element, paintImage, resize, setAttribute, setText } from "../page/kit.js";
import { layer } from "../page/layer.js";
import { panel } from "../page/pictures.js";
import { keyed, pointing, squareAt, stepOnGrid } from "./grid.js";
import { CODE_INK, paintMap, paintWindow } from "./paint.js";
import { placeWords } from "./space.js";

const KEY_WORDS = "Arrow keys move, Enter puts in the next-nearest code, Delete brings back the cell's own code.";

const cellAt = (surface, { columns, places }) => (x, y) =>
  squareAt(x, y, { columns, size: surface.width / columns }, places);

// A canvas with another one laid over it, which the pointer does not feel.
export function layered(node, overlay) {
  const holder = element("div", { class: "vq-under" });
  node.replaceWith(holder);
  holder.append(node, overlay.node);
}

// What the frame on a picture means.
export const frameNote = (frame, { size }, words) =>
  element("p", { class: "vq-note vq-frame" }, `${frame}: the ${size} \u00d7 ${size} ${words}.`);

function mapKeys(node, hand, { columns, places }) {
  keyed(node, (key) => {
    const { cell } = hand.state();
    const to = stepOnGrid(key, cell, columns, places);
    if (to !== null) return () => hand.pick(to);
    const back = () => hand.putBack(cell);
    return { Enter: () => hand.next(cell), Delete: back, Backspace: back }[key];
  });
}

function rateWords({ K, places, size }) {
  const bits = Math.log2(K), total = Number((places * bits).toFixed(1));
  const raw = (8 * size).toLocaleString("en-US");
  return `${places} indices \u00d7 ${Number(bits.toFixed(2))} bits = ${total} bits; x: ${raw} bits`;
}

export function mapPanel(space, hand, peek, thumbnail) {
  const surface = canvas(392, 392, {
    class: "vq-codemap", tabindex: 0, role: "application", "aria-roledescription": "code map",
  });
  const lay = layer();
  pointing(surface, cellAt(surface, space.net), { look: (cell) => peek({ cell }), pick: hand.pick });
  mapKeys(surface.node, hand, space.net);
  const rate = element("p", { class: "vq-note" }, rateWords(space.net));
  const { columns } = space.net;
  const title = `code map, ${columns} \u00d7 ${columns} indices`;
  const node = panel("z", title, "click a cell", CODE_INK, surface.node, rate);
  return {
    node,
    resize(side) {
      if (side !== surface.width) resize(surface, side, side);
      node.style.width = `${side}px`;
    },
    show(view) {
      paintMap(surface, lay, view, thumbnail);
      const words = `Code map. ${placeWords(view.cell, columns)}: code ${view.indices[view.cell]}. ${KEY_WORDS}`;
      setAttribute(surface.node, "aria-label", words);
    },
  };
}

function putBackButtons(hand, { places }) {
  const one = button("Reset cell", () => hand.putBack(hand.state().cell));
  const all = button("Reset all", hand.putAllBack);
  const random = button(`${places} random codes`, hand.random);
  return {
    node: element("div", { class: "vq-buttons" }, one, all, random),
    show({ swapped, state }) {
      disable(one, !swapped.includes(state.cell));
      disable(all, swapped.length === 0);
    },
  };
}

function errorLines() {
  const line = element("p", { class: "vq-line" });
  const cost = element("p", { class: "vq-line vq-cost" });
  return {
    nodes: [line, cost],
    text: () => `${line.textContent}; ${cost.textContent}`,
    show({ swapped, error, ownError }) {
      const before = `${swapped.length} swapped, before: ${ownError.toFixed(4)}`;
      setText(line, `mean squared error ${error.toFixed(4)}`);
      setText(cost, swapped.length ? before : "no code swapped");
      cost.classList.toggle("vq-changed", swapped.length > 0);
    },
  };
}

export function decodedPanel(space, hand, peek) {
  const { influence } = space.config;
  const surface = canvas(224, 224, { class: "vq-decoded", role: "img" });
  const overlay = canvas(224, 224, { class: "vq-overlay", "aria-hidden": "true" });
  let shown = null; // what the canvas shows
  surface.node.addEventListener("sharpened", () => { shown = null; });
  const errors = errorLines(), buttons = putBackButtons(hand, space.net);
  const note = frameNote("Blue frame", influence, "pixels that the code can change");
  const parts = [surface.node, ...errors.nodes, buttons.node, note];
  const node = panel("xhat", "x\u0302 = f(z_q)", "decoded", COLORS.decoder, ...parts);
  layered(surface.node, overlay);
  pointing(surface, cellAt(surface, space.net), { look: (cell) => peek({ cell }), pick: hand.pick });
  return {
    node,
    resize(side, width) {
      node.style.width = `${width}px`;
      for (const each of [surface, overlay]) if (side !== each.width) resize(each, side, side);
      shown = null;
    },
    show(view) {
      if (shown !== view.pixels) paintImage(surface, shown = view.pixels);
      paintWindow(overlay, influence, view.cell, COLORS.decoder);
      for (const part of [errors, buttons]) part.show(view);
      setAttribute(surface.node, "aria-label", `Decoded picture; ${errors.text()}`);
    },
  };
}
