// Axes, curves and arrows for canvases: a frame maps data to pixels, and everything is drawn through it.

const INK = "#1a1a1a";

export const font = (size = 15, bold = false) => `${bold ? "600 " : ""}${size}px system-ui, sans-serif`;

// A number with a real minus sign, and none before a zero.
export function number(value, decimals = 3) {
  return value.toFixed(decimals).replace(/^-(?=[0.]*$)/, "").replace("-", "\u2212");
}

export function write(pen, text, x, y, { color = INK, size = 15, bold = false, align = "left", baseline = "alphabetic" } = {}) {
  pen.font = font(size, bold);
  pen.fillStyle = color;
  pen.textAlign = align;
  pen.textBaseline = baseline;
  pen.fillText(text, x, y);
  return pen.measureText(text).width;
}

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

const plain = (value) => String(value).replace("-", "\u2212");

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
    stroke(f.pen, [[f.left, f.Y(value)], [f.right, f.Y(value)]], { color: "#e6e6e6", width: 1 });
    write(f.pen, format(value), f.left - 6, f.Y(value), { size: 14, align: "right", baseline: "middle", color: "#444" });
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
  pen.setLineDash(dash);
  pen.stroke();
  pen.setLineDash([]);
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

// Swatch and name for each curve, in a row from (x, y); wraps nothing.
export function legend(pen, entries, x, y, { gap = 20 } = {}) {
  for (const { name, color, dash = [], fill } of entries) {
    if (fill) { pen.fillStyle = fill; pen.fillRect(x, y - 12, 22, 14); }
    stroke(pen, fill ? [[x, y - 12], [x + 22, y - 12]] : [[x, y - 5], [x + 22, y - 5]], { color, width: 3, dash });
    x += 28 + write(pen, name, x + 28, y) + gap;
  }
}
