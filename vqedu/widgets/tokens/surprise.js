// The surprise of each code as a bar; a click selects its place.

import { COLORS } from "../page/colors.js";
import { canvas, position, resize } from "../page/kit.js";
import { axisY, frame, stroke, ticks, write } from "../page/plot.js";

const ROOM = 56; // CSS pixels for "row 2" and the air beside it

// No bar is cut off: codes drawn at a high temperature cost 15 bits and more.
const highestTick = (uniform, highest) => Math.max(Math.ceil(uniform) + 4, 5 * Math.ceil(highest / 5));

function drawBars({ pen, X, Y, width, bottom }, { bits, where }, places) {
  bits.forEach((value, p) => {
    pen.fillStyle = p === where ? "#8f3f00" : COLORS.prior;
    pen.fillRect(X(p) + 2, Y(value), width / places - 4, bottom - Y(value));
  });
}

// Below the bars, where each row of the map begins.
function drawRows({ pen, X, bottom }, columns) {
  for (let row = 0; row <= columns; row++) {
    const x = X(row * columns);
    stroke(pen, [[x, bottom - 2], [x, bottom + 6]], { color: "#777", width: 1 });
  }
  for (let row = 0; row < columns; row++) {
    const name = row && X(columns) - X(0) < ROOM ? String(row + 1) : `row ${row + 1}`;
    write(pen, name, X((row + 0.5) * columns), bottom + 19, { size: 14, align: "center", color: "#444" });
  }
}

function drawSurprises({ pen, width, height }, view, { uniform, places, columns }) {
  pen.clearRect(0, 0, width, height);
  const top = highestTick(uniform, Math.max(0, ...view.bits));
  const f = frame(pen, { left: 40, top: 12, width: width - 44, height: height - 38, x: [0, places], y: [0, top] });
  axisY(f, { values: ticks(f.y, f.height < 50 ? 1 : 3) });
  drawBars(f, view, places);
  const y = f.Y(uniform);
  stroke(pen, [[f.left, y], [f.right, y]], { color: COLORS.codebook, width: 2, dash: [6, 4] });
  drawRows(f, columns);
  return f;
}

function chartWords({ bits, total }) {
  const most = Math.max(0, ...bits).toFixed(1);
  const sum = `${bits.length} codes, ${total.toFixed(1)} bits together, at most ${most} for one`;
  return `Surprise of each code in bits. ${sum}.`;
}

export function surpriseChart(hand, model) {
  const surface = canvas(946, 100, { role: "img", class: "vq-tok-surprise" });
  let f;
  surface.node.addEventListener("click", (event) => {
    const p = Math.floor(f.valueAt(position(event, surface)[0]));
    if (p >= 0 && p < model.places) hand.select(p);
  });
  return {
    node: surface.node,
    resize(width, height) {
      if (width !== surface.width || height !== surface.height) resize(surface, width, height);
    },
    show(view) {
      f = drawSurprises(surface, view, model);
      surface.node.setAttribute("aria-label", chartWords(view));
    },
  };
}
