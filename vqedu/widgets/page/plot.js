// Axes, curves and arrows for canvases: a frame maps data to pixels, and everything is drawn through it.

import { plain } from "./numbers.js";

export const INK = "#1a1a1a";

const font = (size = 15, bold = false) => `${bold ? "600 " : ""}${size}px system-ui, sans-serif`;

// Writes text and returns its width. With a halo, a white rim that wide, it can be read on any ground.
export function write(pen, text, x, y, style = {}) {
  const { color = INK, size = 15, bold = false, align = "left", baseline = "alphabetic", halo = 0 } = style;
  pen.font = font(size, bold);
  pen.fillStyle = color;
  pen.textAlign = align;
  pen.textBaseline = baseline;
  if (halo) rim(pen, text, x, y, halo);
  pen.fillText(text, x, y);
  return pen.measureText(text).width;
}

function rim(pen, text, x, y, width) {
  pen.save(); // round joins are for these letters alone, not for the curves of the next frame
  pen.lineJoin = "round";
  pen.lineWidth = width;
  pen.strokeStyle = "rgba(255, 255, 255, 0.92)";
  pen.strokeText(text, x, y);
  pen.restore();
}

// Bold, centered on (x, y), with a halo: a name on a picture.
export const haloed = (pen, text, x, y, style = {}) =>
  write(pen, text, x, y, { size: 16, bold: true, align: "center", baseline: "middle", halo: 5, ...style });

// x and y: [from, to] of the data; left, top, width, height: where it lies, in CSS pixels.
export function frame(pen, { left, top, width, height, x, y }) {
  return {
    pen, left, top, width, height, x, y, right: left + width, bottom: top + height,
    X: (value) => left + ((value - x[0]) / (x[1] - x[0])) * width,
    Y: (value) => top + ((y[1] - value) / (y[1] - y[0])) * height,
    valueAt: (pixel) => x[0] + ((pixel - left) / width) * (x[1] - x[0]),
  };
}

// Round numbers from `from` to `to`, about `count` of them.
export function ticks([from, to], count = 5) {
  const raw = (to - from) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((m) => m * power >= raw * 0.999) * power;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

// The first of these levels that is at least `value`: a scale that jumps seldom. Beyond them all, the value itself.
export const roundUp = (value, levels) => levels.find((level) => level >= value) ?? value;

export function axisX(f, { values = ticks(f.x), label, format = plain } = {}) {
  stroke(f.pen, [[f.left, f.bottom], [f.right, f.bottom]], { color: "#555", width: 1 });
  for (const value of values) {
    stroke(f.pen, [[f.X(value), f.bottom], [f.X(value), f.bottom + 5]], { color: "#555", width: 1 });
    write(f.pen, format(value), f.X(value), f.bottom + 19, { size: 14, align: "center", color: "#444" });
  }
  if (label) write(f.pen, label, f.left + f.width / 2, f.bottom + 37, { align: "center" });
}

export function axisY(f, { values = ticks(f.y, 4), label, format = plain } = {}) {
  for (const value of values) {
    const y = f.Y(value);
    stroke(f.pen, [[f.left, y], [f.right, y]], { color: "#e6e6e6", width: 1 });
    write(f.pen, format(value), f.left - 6, y, { size: 14, align: "right", baseline: "middle", color: "#444" });
  }
  if (!label) return;
  f.pen.save();
  f.pen.translate(14, f.top + f.height / 2);
  f.pen.rotate(-Math.PI / 2);
  write(f.pen, label, 0, 0, { align: "center" });
  f.pen.restore();
}

export function stroke(pen, points, { color = INK, width = 2, dash = [] } = {}) {
  pen.beginPath();
  points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.strokeStyle = color;
  pen.lineWidth = width;
  if (dash.length) pen.setLineDash(dash);
  pen.stroke();
  if (dash.length) pen.setLineDash([]);
}

// The graph of g, cut off at the edges of the frame; `fill` paints the area down to the value `base`.
export function curve(f, g, { color = INK, width = 2.5, dash = [], fill, base = f.y[0] } = {}) {
  const { pen } = f;
  const points = Array.from({ length: f.width + 1 }, (_, i) => [f.left + i, f.Y(g(f.valueAt(f.left + i)))]);
  pen.save();
  clip(f);
  if (fill) {
    pen.beginPath();
    pen.moveTo(f.left, f.Y(base));
    for (const [x, y] of points) pen.lineTo(x, y);
    pen.lineTo(f.right, f.Y(base));
    pen.fillStyle = fill;
    pen.fill();
  }
  stroke(pen, points, { color, width, dash });
  pen.restore();
}

// Restricts drawing to the frame until pen.restore(); call pen.save() before.
export function clip({ pen, left, top, width, height }) {
  pen.beginPath();
  pen.rect(left, top, width, height);
  pen.clip();
}

export function dot(pen, x, y, radius, { fill, color, width = 2 } = {}) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  if (fill) { pen.fillStyle = fill; pen.fill(); }
  if (color) { pen.strokeStyle = color; pen.lineWidth = width; pen.stroke(); }
}

// Many lines, or many dots, of one look as one path: to draw them singly takes three times as long.
export function strokeAll(pen, lines, { color = INK, width = 2 } = {}) {
  pen.beginPath();
  for (const [[x0, y0], [x1, y1]] of lines) { pen.moveTo(x0, y0); pen.lineTo(x1, y1); }
  pen.strokeStyle = color;
  pen.lineWidth = width;
  pen.stroke();
}

export function dots(pen, places, radius, fill) {
  pen.beginPath();
  for (const [x, y] of places) { pen.moveTo(x + radius, y); pen.arc(x, y, radius, 0, 2 * Math.PI); }
  pen.fillStyle = fill;
  pen.fill();
}

// An arrow; one shorter than its own head shows a smaller head.
export function arrow(pen, [x0, y0], [x1, y1], { color = INK, width = 2, head = 9 } = {}) {
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (length < 0.5) return;
  const size = Math.min(head, length);
  const [ux, uy] = [(x1 - x0) / length, (y1 - y0) / length];
  stroke(pen, [[x0, y0], [x1 - ux * size * 0.8, y1 - uy * size * 0.8]], { color, width });
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(x1 - ux * size - uy * size * 0.45, y1 - uy * size + ux * size * 0.45);
  pen.lineTo(x1 - ux * size + uy * size * 0.45, y1 - uy * size - ux * size * 0.45);
  pen.fillStyle = color;
  pen.fill();
}

// Swatch and name for each curve, in a row from (x, y) and, beyond `right`, in further rows. Returns the last row's y.
export function legend(pen, entries, x, y, { gap = 20, right = Infinity } = {}) {
  const start = x;
  for (const { name, color, dash = [], fill } of entries) {
    pen.font = font();
    if (x > start && x + 28 + pen.measureText(name).width > right) [x, y] = [start, y + 20];
    if (fill) { pen.fillStyle = fill; pen.fillRect(x, y - 12, 22, 14); }
    const height = fill ? y - 12 : y - 5;
    stroke(pen, [[x, height], [x + 22, height]], { color, width: 3, dash });
    x += 28 + write(pen, name, x + 28, y) + gap;
  }
  return y;
}
