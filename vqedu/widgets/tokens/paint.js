// What both explorers of tokens show: pictures that fill place by place, colored headings, the temperature.

import { COLORS, wordColor } from "../page/colors.js";
import { element, paintImage, slider } from "../page/kit.js";

// x_hat of columns x columns codes, with the places gray that have no code yet, and a frame around place `marked`.
export function paintPartly(surface, columns, pixels, filled, marked = null) {
  const { pen, width } = surface;
  const cell = width / columns;
  paintImage(surface, pixels);
  for (let p = filled; p < columns * columns; p++) {
    pen.fillStyle = "#d9d9d9";
    pen.fillRect((p % columns) * cell, Math.floor(p / columns) * cell, cell + 0.5, cell + 0.5);
  }
  if (marked === null) return;
  pen.strokeStyle = COLORS.codebook;
  pen.lineWidth = width > 100 ? 3 : 2;
  pen.strokeRect((marked % columns) * cell + 1, Math.floor(marked / columns) * cell + 1, cell - 2, cell - 2);
}

export function heading(text, color, note = "") {
  const title = element("span", { class: "vq-title" }, text);
  if (color) title.style.color = wordColor(color);
  return element("p", { class: "vq-tok-heading" }, title, " ", element("span", { class: "vq-note" }, note));
}

export function temperatureSlider(hand) {
  const { node, show } = slider({
    label: "temperature", min: 0.1, max: 2, step: 0.05, value: 1, color: COLORS.prior,
    oninput: (v) => hand.set({ temperature: v }),
  });
  return { node, show: ({ state }) => show(state.temperature) };
}
