// How the codebook explorer draws: thumbnails of codes, the code map, windows on pictures, the vectors, the histogram.

import { COLORS } from "../page/colors.js";
import { imageData } from "../page/kit.js";
import { number } from "../page/numbers.js";
import { axisY, dot, frame, haloed, stroke, write } from "../page/plot.js";
import { windowOf } from "./space.js";

export const CODE_INK = "#6B2450"; // the purple of codes, dark enough to be read as text
const PALE = "rgba(204, 121, 167, 0.22)";

// All thumbnails on one sheet, drawn once; paint(pen, k, x, y, size) copies one from it, or its middle `crop` pixels.
export function thumbnailSheet(space) {
  const side = space.config.stroke_side;
  const sheet = new OffscreenCanvas(side * space.K, side);
  const brush = sheet.getContext("2d");
  for (let k = 0; k < space.K; k++) brush.putImageData(imageData(space.stroke(k)), side * k, 0);
  return (pen, k, x, y, size, crop = side) => {
    const edge = (side - crop) / 2;
    pen.imageSmoothingEnabled = false;
    pen.drawImage(sheet, side * k + edge, edge, crop, crop, x, y, size, size);
  };
}

const outline = (pen, x, y, size, color, width) => {
  pen.strokeStyle = color;
  pen.lineWidth = width;
  pen.strokeRect(x + width / 2, y + width / 2, size - width, size - width);
};

// Around what was picked, on any ground.
function heavyOutline(pen, x, y, size) {
  outline(pen, x, y, size, "#fff", 6);
  outline(pen, x, y, size, "#000", 4);
}

// The code map: in each cell what its code draws there, on its own 4 x 4 pixels, and the code's index. The cells that
// use the code in question are painted once more, marked, over the map `lay` keeps.
export function paintMap(surface, lay, { indices, code, cell: chosen, swapped }, thumbnail) {
  const { pen, width } = surface, columns = Math.sqrt(indices.length), size = width / columns;
  const place = (cell) => [(cell % columns) * size, Math.floor(cell / columns) * size];
  const paintCell = (onto, k, cell, marked) => mapCell(onto, place(cell), size, k, thumbnail, marked);
  lay(surface, indices, (ground) => indices.forEach((k, cell) => paintCell(ground, k, cell, false)));
  indices.forEach((k, cell) => { if (k === code) paintCell(pen, k, cell, true); });
  heavyOutline(pen, ...place(chosen), size);
  for (const cell of swapped) corner(pen, ...place(cell), size);
}

function mapCell(pen, [x, y], size, k, thumbnail, marked) {
  thumbnail(pen, k, x, y, size, 4);
  if (marked) { pen.fillStyle = PALE; pen.fillRect(x, y, size, size); }
  outline(pen, x, y, size, marked ? COLORS.codebook : "#dcc3d2", marked ? 3 : 1);
  haloed(pen, String(k), x + size / 2, y + size / 2 + 1, { size: size > 48 ? 18 : 14, color: CODE_INK });
}

// An orange corner marks a cell whose code was swapped.
function corner(pen, left, y, side) {
  const x = left + side, size = 0.3 * side;
  pen.beginPath();
  pen.moveTo(x - size, y);
  pen.lineTo(x, y);
  pen.lineTo(x, y + size);
  pen.fillStyle = COLORS.warning;
  pen.fill();
}

// Over a picture: the pixels of one cell's window, all else veiled, and the cells that use the same code.
export function paintWindow({ pen, width, height }, field, cell, color, same = []) {
  const box = windowOf(field, cell), unit = width / field.side;
  pen.clearRect(0, 0, width, height);
  pen.fillStyle = "rgba(255, 255, 255, 0.5)";
  pen.fillRect(0, 0, width, height);
  const place = [box.left * unit, box.top * unit, box.width * unit, box.height * unit];
  pen.clearRect(...place);
  for (const each of same) cellFrame(pen, unit, field, each, COLORS.codebook, 1.5);
  pen.strokeStyle = color;
  pen.lineWidth = 3;
  pen.strokeRect(place[0] + 1.5, place[1] + 1.5, place[2] - 3, place[3] - 3);
  cellFrame(pen, unit, field, cell, color, 2);
}

// The 4 x 4 pixels that lie where the cell lies.
function cellFrame(pen, unit, { side, columns }, cell, color, width) {
  const size = (side / columns) * unit;
  pen.strokeStyle = color;
  pen.lineWidth = width;
  pen.strokeRect((cell % columns) * size, Math.floor(cell / columns) * size, size, size);
}

// The D numbers of z_e at a cell as green dots on stems, those of a code as purple ones beside them.
export function paintVectors({ pen, width, height }, z_e, e_k) {
  const reach = Math.max(1, ...z_e.map(Math.abs), ...e_k.map(Math.abs)) * 1.1;
  pen.clearRect(0, 0, width, height);
  const inner = { left: 30, top: 6, width: width - 36, height: height - 12 };
  const f = frame(pen, { ...inner, x: [0, z_e.length], y: [-reach, reach] });
  axisY(f, { values: reach < 2 ? [-1, 0, 1] : [-2, 0, 2] });
  stroke(pen, [[f.left, f.Y(0)], [f.right, f.Y(0)]], { color: "#777", width: 1 });
  const stem = (value, x, color) => {
    stroke(pen, [[f.X(x), f.Y(0)], [f.X(x), f.Y(value)]], { color, width: 3 });
    dot(pen, f.X(x), f.Y(value), 3.5, { fill: color });
  };
  z_e.forEach((value, d) => stem(value, d + 0.35, COLORS.encoder));
  e_k.forEach((value, d) => stem(value, d + 0.65, COLORS.codebook));
}

// How the codes lie in the table: as large as they can be, but rather a little smaller than with a last row half empty.
export function tableShape(K, width, height) {
  let best = { worth: 0 };
  for (let columns = 1; columns <= K; columns++) {
    const rows = Math.ceil(K / columns), size = Math.floor(Math.min(width / columns, height / rows));
    const worth = K === columns * rows ? size : 0.9 * size;
    if (worth > best.worth) best = { columns, rows, size, worth };
  }
  return best;
}

// Every code of the table; a frame around those that the present map uses, a heavy one around the code in question.
export function paintTable(surface, lay, { columns, size }, { indices, code }, thumbnail, K) {
  const place = (k) => [(k % columns) * size, Math.floor(k / columns) * size];
  lay(surface, indices, (pen) => {
    for (let k = 0; k < K; k++) {
      thumbnail(pen, k, ...place(k), size);
      outline(pen, ...place(k), size, "#d9d9d9", 1);
    }
    for (const k of new Set(indices)) outline(pen, ...place(k), size, COLORS.codebook, 2.5);
  });
  heavyOutline(surface.pen, ...place(code), size);
}

const SHARE_FLOOR = 1e-5;

// Shares from 1 down to the least that occurs, on a logarithmic scale.
function usageFrame({ pen, width, height }, { counts, usage, K }) {
  const least = Math.max(SHARE_FLOOR, Math.min(...counts.filter((count) => count > 0)) / usage.total);
  const range = [Math.floor(Math.log10(least)), 0];
  return frame(pen, { left: 62, top: 8, width: width - 68, height: height - 34, x: [0, K], y: range });
}

function usageAxis(f) {
  const powers = Array.from({ length: -f.y[0] + 1 }, (_, i) => -i);
  axisY(f, { values: powers, format: (p) => `${Number((100 * 10 ** p).toPrecision(1))}%` });
}

function usageBar(f, rank, share, color) {
  if (!share) return;
  const wide = f.X(1) - f.X(0), y = f.Y(Math.log10(share));
  f.pen.fillStyle = color;
  f.pen.fillRect(f.X(rank), y, Math.max(wide - (wide > 3 ? 1 : 0), 1), f.bottom - y);
}

function uniformLine(f, K) {
  const y = f.Y(Math.log10(1 / K)), text = `uniform prior 1/K = ${number(100 / K, 2)}%`;
  stroke(f.pen, [[f.left, y], [f.right, y]], { color: COLORS.prior, width: 2, dash: [7, 5] });
  write(f.pen, text, f.right - 4, y - 6, { size: 14, align: "right", color: "#9c4400", bold: true });
}

// The share of each code, from the most used to the least, and the uniform prior 1/K. Returns the frame.
export function paintUsage(surface, lay, space, code) {
  const { counts, order, ranks, usage, K } = space;
  const f = usageFrame(surface, space);
  const share = (rank) => counts[order[rank]] / usage.total;
  lay(surface, "", (pen) => {
    const ground = { ...f, pen };
    usageAxis(ground);
    order.forEach((_, rank) => usageBar(ground, rank, share(rank), COLORS.codebook));
    uniformLine(ground, K);
    stroke(pen, [[f.left, f.bottom], [f.right, f.bottom]], { color: "#555", width: 1 });
    const below = [f.left + f.width / 2, surface.height - 6];
    write(pen, `the ${K} codes, most used first`, ...below, { size: 14, align: "center" });
  });
  usageBar(f, ranks[code], share(ranks[code]), "#000");
  return f;
}
