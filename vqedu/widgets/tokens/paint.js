// What both explorers of tokens show: pictures that fill place by place, colored headings, the temperature.

import { COLORS, wordColor } from "../page/colors.js";
import { element, paintImage, slider } from "../page/kit.js";
import { PLACES } from "./view.js";

export const GRID = 7; // places a row

// x_hat with the places gray that have no code yet, and a frame around place `marked`.
export function paintPartly(surface, pixels, filled, marked = null) {
  const { pen, width } = surface;
  const cell = width / GRID;
  paintImage(surface, pixels);
  for (let p = filled; p < PLACES; p++) {
    pen.fillStyle = "#d9d9d9";
    pen.fillRect((p % GRID) * cell, Math.floor(p / GRID) * cell, cell + 0.5, cell + 0.5);
  }
  if (marked === null) return;
  pen.strokeStyle = COLORS.codebook;
  pen.lineWidth = width > 100 ? 3 : 2;
  pen.strokeRect((marked % GRID) * cell + 1, Math.floor(marked / GRID) * cell + 1, cell - 2, cell - 2);
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
