// One cell: its z_e beside its code, and the nearest codes to choose from.

import { canvas, element, press, resize, setAttribute, setText } from "../page/kit.js";
import { roving } from "./grid.js";
import { paintVectors } from "./paint.js";
import { placeWords } from "./space.js";

const THUMB = 52;
const SHORTEST_BAR = 0.04; // of the longest one
const VECTORS = { width: 284, height: 132, slide: 100 };

function candidateWords({ k, square, rank }, present) {
  const far = `Code ${k}, number ${rank + 1} by distance, squared distance ${square.toFixed(2)}`;
  return present ? `${far}, in the cell now` : far;
}

// One of the codes near z_e: a bar as long as its squared distance, what it draws, its index. A click puts it in.
function candidate(hand, thumbnail) {
  const bar = element("span", { class: "vq-bar" });
  const picture = canvas(THUMB, THUMB, { "aria-hidden": "true" });
  const index = element("span", { class: "vq-index" });
  const distance = element("span", { class: "vq-distance" });
  const shaft = element("span", { class: "vq-shaft" }, distance, bar);
  let shown;
  const putIn = () => hand.swap(hand.state().cell, shown);
  const attributes = { type: "button", class: "vq-candidate", onclick: putIn };
  const node = element("button", attributes, shaft, picture.node, index);
  return {
    node,
    show(each, longest, present) {
      const { k, square } = each;
      if (k !== shown) thumbnail(picture.pen, (shown = k), 0, 0, THUMB);
      bar.style.setProperty("--share", Math.max(square / longest, SHORTEST_BAR).toFixed(3));
      setText(distance, square.toFixed(square < 10 ? 2 : 1));
      setText(index, String(k));
      press(node, present);
      setAttribute(node, "aria-label", candidateWords(each, present));
    },
  };
}

function candidateRow(space, hand, thumbnail) {
  const all = Array.from({ length: Math.min(8, space.K) }, () => candidate(hand, thumbnail));
  const attributes = { class: "vq-candidates", role: "group", "aria-label": "Nearest codes: choose one for the cell" };
  const row = element("div", attributes, ...all.map((each) => each.node));
  roving(row);
  const title = element("span", { class: "vq-title" }, "nearest codes");
  const hint = "bars: squared distance |z_e \u2212 e_k|\u00b2; click one to swap it in";
  const heading = element("p", { class: "vq-heading" }, title, " ", element("span", { class: "vq-note" }, hint));
  return {
    node: element("div", { class: "vq-panel vq-near" }, heading, row),
    show({ candidates, indices, cell }) {
      const longest = Math.max(...candidates.map((each) => each.square));
      candidates.forEach((each, i) => all[i].show(each, longest, each.k === indices[cell]));
    },
  };
}

// The D numbers of z_e at the cell, and those of its code.
function vectorsPanel({ net }) {
  const vectors = canvas(VECTORS.width, VECTORS.height, { class: "vq-vectors", role: "img" });
  let shown = {};
  vectors.node.addEventListener("sharpened", () => { shown = {}; });
  const place = element("span", { class: "vq-title" });
  const green = element("b", { class: "vq-green" }, "z_e"), purple = element("b", { class: "vq-purple" });
  const caption = element("p", { class: "vq-line" }, green, " and ", purple, `: D = ${net.D} numbers each`);
  const heading = element("p", { class: "vq-heading" }, place);
  return {
    node: element("div", { class: "vq-panel" }, heading, vectors.node, caption),
    resize(slide) {
      const height = slide ? VECTORS.slide : VECTORS.height;
      if (height === vectors.height) return;
      resize(vectors, VECTORS.width, height);
      shown = {};
    },
    show({ cell, indices, z, squares }) {
      const k = indices[cell];
      if (shown.cell === cell && shown.k === k && shown.z === z) return;
      shown = { cell, k, z };
      const z_e = Array.from({ length: net.D }, (_, d) => z[d * net.places + cell]);
      paintVectors(vectors, z_e, Array.from(net.codebook.subarray(k * net.D, (k + 1) * net.D)));
      place.textContent = `the cell at ${placeWords(cell, net.columns)}`;
      purple.textContent = `code ${k}`;
      const words = `z_e and code ${k}, ${net.D} numbers each; squared distance ${squares[k].toFixed(2)}`;
      vectors.node.setAttribute("aria-label", words);
    },
  };
}

export function cellPanel(space, hand, thumbnail) {
  const vectors = vectorsPanel(space), nearest = candidateRow(space, hand, thumbnail);
  return {
    node: element("div", { class: "vq-cell" }, vectors.node, nearest.node),
    resize: vectors.resize,
    show(view) { for (const part of [vectors, nearest]) part.show(view); },
  };
}
