// The palette, by the names of what its colors show.

import { colors, words } from "../../palette.json";

export const COLORS = colors;
const nameOf = (color) => Object.keys(colors).find((name) => colors[name] === color);

// The same hue, dark enough to be read as words on white.
export const wordColor = (color) => words[nameOf(color)] ?? color;

// A color of which `share` is `color` and the rest white.
export function tint(color, share) {
  const channels = [1, 3, 5].map((start) => parseInt(color.slice(start, start + 2), 16));
  return `rgb(${channels.map((channel) => Math.round(255 + share * (channel - 255))).join(", ")})`;
}
