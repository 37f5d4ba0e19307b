// What the map of the codes shows: axes, real digits as dots, the prior, q(z|x), the walk from A to B, the hand's z.

import { COLORS } from "../page/colors.js";
import { paintImage } from "../page/kit.js";
import { clamp, plain } from "../page/numbers.js";
import { dot, haloed, INK, stroke, ticks, write } from "../page/plot.js";

export const MARGIN = { left: 46, right: 8, top: 8, bottom: 44 };

const TILE = 24; // pixels of a decoded picture on the map, about

const inside = (value, start, length, margin = 0) => clamp(value, [start + margin, start + length - margin]);

// The same scale on both axes, the wanted region in the middle.
export function mapFrame({ low, high, latent_dim: d }, { width, height }) {
  const w = width - MARGIN.left - MARGIN.right, h = height - MARGIN.top - MARGIN.bottom;
  const [[u0, v0], [u1, v1]] = [low, high];
  const equal = Math.min(w / (u1 - u0), h / (v1 - v0));
  const su = d > 1 ? equal : w / (u1 - u0), sv = d > 1 ? equal : h / (v1 - v0);
  const cx = MARGIN.left + w / 2, cy = MARGIN.top + h / 2, cu = (u0 + u1) / 2, cv = (v0 + v1) / 2;
  return {
    w, h, su,
    toPage: ([u, v]) => [cx + (u - cu) * su, cy - (v - cv) * sv],
    toMap: ([x, y]) => [(inside(x, MARGIN.left, w) - cx) / su + cu, (cy - inside(y, MARGIN.top, h)) / sv + cv],
    limits: [cu - w / 2 / su, cu + w / 2 / su, cv - h / 2 / sv, cv + h / 2 / sv],
  };
}

// A grid line at each round number of an axis that is `length` pixels long, the one at 0 darker.
function paintTicks(pen, [low, high], length, show) {
  for (const value of ticks([low, high], Math.max(4, Math.floor(length / 50)))) {
    const [line, x, y, align, baseline] = show(value);
    stroke(pen, line, { color: value === 0 ? "#bdbdbd" : "#ececec", width: 1 });
    write(pen, plain(value), x, y, { size: 14, align, baseline, color: "#444" });
  }
}

export function paintAxes(pen, at, config) {
  const [left, right, low, high] = at.limits;
  const bottom = MARGIN.top + at.h, end = MARGIN.left + at.w;
  paintTicks(pen, [left, right], at.w, (u) => {
    const x = Math.round(at.toPage([u, 0])[0]) + 0.5;
    return [[[x, MARGIN.top], [x, bottom]], Math.min(x, end - 10), bottom + 5, "center", "top"];
  });
  if (config.latent_dim > 1) paintTicks(pen, [low, high], at.h, (v) => {
    const y = Math.round(at.toPage([0, v])[1]) + 0.5;
    return [[[MARGIN.left, y], [end, y]], MARGIN.left - 5, Math.max(y, MARGIN.top + 8), "right", "middle"];
  });
  pen.strokeStyle = "#b8b8b8";
  pen.strokeRect(MARGIN.left + 0.5, MARGIN.top + 0.5, at.w - 1, at.h - 1);
  nameAxes(pen, at, config.axis_labels);
}

function nameAxes(pen, at, [across, up]) {
  const name = { size: 14, align: "center" };
  write(pen, across, MARGIN.left + at.w / 2, MARGIN.top + at.h + 43, { ...name, baseline: "bottom" });
  const reach = pen.measureText(up).width / 2 + 1; // a long name begins at the edge of the picture
  pen.save();
  pen.translate(1, Math.max(MARGIN.top + at.h / 2, reach));
  pen.rotate(-Math.PI / 2);
  write(pen, up, 0, 0, { ...name, baseline: "top" });
  pen.restore();
}

// Push [label, x, y] apart until no two are closer than `gap` pixels, or 40 rounds are over.
function spread(marks, gap = 24) {
  const placed = marks.map((mark) => [...mark]);
  for (let round = 0; round < 40; round++) {
    for (const one of placed) for (const other of placed) if (one !== other) pushApart(one, other, gap);
  }
  return placed;
}

function pushApart(one, other, gap) {
  const dx = one[1] - other[1] || 0.1, dy = one[2] - other[2], distance = Math.hypot(dx, dy);
  if (distance >= gap) return;
  const push = (gap - distance) / distance / 2;
  one[1] += dx * push;
  one[2] += dy * push;
  other[1] -= dx * push;
  other[2] -= dy * push;
}

// The codes as dots in the colors of their classes; those of class `only`, if it is one, before all others.
export function paintDots(pen, at, { places, labels, count, config }, only) {
  for (const front of [false, true]) {
    pen.globalAlpha = front ? 0.75 : 0.25;
    for (let i = 0; i < count; i++) {
      if ((only === null || labels[i] === only) !== front) continue;
      const [x, y] = at.toPage([places[2 * i], places[2 * i + 1]]);
      const fill = front ? config.colors[labels[i]] : "#c4c4c4";
      dot(pen, x, y, only === labels[i] ? 3.2 : 2.6, { fill });
    }
  }
  pen.globalAlpha = 1;
  nameClasses(pen, at, config, only);
}

function nameClasses(pen, at, { class_places: classPlaces, colors }, only) {
  for (const [label, x, y] of spread(classPlaces.map(([label, u, v]) => [label, ...at.toPage([u, v])]))) {
    // Darker than the dots they lie on, so that they can be read from the last row.
    const color = `color-mix(in srgb, ${colors[label]}, black 50%)`;
    if (only === null || only === label) haloed(pen, String(label), x, y, { color, size: 22 });
  }
}

// The map as the decoder sees it: every tile is the picture that the z in its middle decodes to.
export function paintTiles(pen, at, { decode, moveTo, d }) {
  const count = Math.max(1, Math.round(at.w / TILE)), side = at.w / count, rows = Math.ceil(at.h / side);
  const zero = new Array(d).fill(0);
  for (let row = 0; row < rows; row++) for (let column = 0; column < count; column++) {
    const x = MARGIN.left + column * side, y = MARGIN.top + row * side;
    const { pixels } = decode(moveTo(zero, ...at.toMap([x + side / 2, y + side / 2])));
    pen.save();
    pen.translate(x, y);
    paintImage({ pen, width: side, height: side }, pixels);
    pen.restore();
  }
}

export function paintPrior(pen, at, { config, project, d }, samples) {
  pen.strokeStyle = pen.fillStyle = COLORS.prior;
  pen.globalAlpha = 0.8;
  for (const z of samples) {
    const [x, y] = at.toPage(project(z));
    pen.fillRect(x - 2.5, y - 2.5, 5, 5);
  }
  pen.globalAlpha = 1;
  const center = d > 1 ? project(new Array(d).fill(0)) : [0, (config.low[1] + config.high[1]) / 2];
  paintTwoSigma(pen, at, at.toPage(center), d);
}

// Where 95 of 100 numbers of N(0, 1) lie: a circle of radius 2, or a band on the map of a 1-D code.
function paintTwoSigma(pen, at, [x, y], d) {
  const radius = 2 * at.su;
  pen.lineWidth = 2.5;
  pen.setLineDash([7, 5]);
  pen.beginPath();
  if (d > 1) pen.arc(x, y, radius, 0, 2 * Math.PI);
  else pen.rect(x - radius, MARGIN.top, 2 * radius, at.h);
  pen.stroke();
  pen.setLineDash([]);
  const [tx, ty] = d > 1 ? [x - 0.71 * radius - 32, y + 0.71 * radius + 12] : [x - radius - 34, MARGIN.top + 14];
  const name = [Math.max(tx, MARGIN.left + 32), Math.min(ty, MARGIN.top + at.h - 14)];
  haloed(pen, "N(0, I)", ...name, { color: COLORS.prior, size: 17 });
}

function disc(pen, [x, y], radius, fill, text) {
  dot(pen, x, y, radius, { fill, color: "#fff", width: 2.5 });
  write(pen, text, x, y + 0.5, { size: 14, bold: true, align: "center", baseline: "middle", color: "#fff" });
}

// The ellipses of one and two sigma around `center`; `scale`: pixels per unit of z. A 1-D code gets a flat one.
export function paintEllipses(pen, [x, y], { long, narrow, angle }, scale) {
  for (const [sigmas, fill, width] of [[2, "rgba(0, 158, 115, .14)", 1.5], [1, "rgba(0, 158, 115, .22)", 2.5]]) {
    pen.beginPath();
    pen.ellipse(x, y, sigmas * long * scale, Math.max(sigmas * narrow * scale, 3), -angle, 0, 2 * Math.PI);
    pen.fillStyle = fill;
    pen.fill();
    for (const [color, wide] of [["rgba(255, 255, 255, .8)", width + 2], [COLORS.encoder, width]]) {
      pen.strokeStyle = color;
      pen.lineWidth = wide;
      pen.stroke();
    }
  }
}

// mu as an upright cross.
export function paintMean(pen, [x, y], arm = 7) {
  for (const [color, width] of [["#fff", 5], [COLORS.encoder, 2.5]]) {
    stroke(pen, [[x - arm, y], [x + arm, y]], { color, width });
    stroke(pen, [[x, y - arm], [x, y + arm]], { color, width });
  }
}

// The draws from q as small squares, the last the darkest.
export function paintTrail(pen, points, side = 5) {
  pen.fillStyle = COLORS.encoder;
  pen.strokeStyle = "#fff";
  pen.lineWidth = 1;
  points.forEach(([x, y], i) => {
    pen.globalAlpha = 0.35 + (0.65 * (i + 1)) / points.length;
    pen.fillRect(x - side / 2, y - side / 2, side, side);
    pen.strokeRect(x - side / 2, y - side / 2, side, side);
  });
  pen.globalAlpha = 1;
}

// A disc that hides little of the ellipse under it, and beside it, in the direction `side`, its letter.
export function paintPoint(pen, [x, y], color, letter, { radius = 6, side = [1, -1] } = {}) {
  dot(pen, x, y, radius, { fill: color, color: "#fff" });
  haloed(pen, letter, x + side[0] * (radius + 8), y + side[1] * (radius + 7), { color, size: 18 });
}

// The way from `from` to `to`, as signs; to the upper right where they coincide.
export const awayFrom = (from, to) => [to[0] < from[0] - 1 ? -1 : 1, to[1] > from[1] + 1 ? 1 : -1];

// Where a place lies beyond the edge of the map: an arrow at the edge that points to it, with its letter.
function paintBeyond(pen, at, [x, y], color, letter) {
  const ex = inside(x, MARGIN.left, at.w, 12), ey = inside(y, MARGIN.top, at.h, 12);
  const angle = Math.atan2(y - ey, x - ex);
  pen.save();
  pen.translate(ex, ey);
  pen.rotate(angle);
  pen.beginPath();
  for (const corner of [[11, 0], [-8, -9], [-8, 9]]) pen.lineTo(...corner);
  pen.closePath();
  pen.fillStyle = color;
  pen.fill();
  pen.strokeStyle = "#fff";
  pen.lineWidth = 2;
  pen.stroke();
  pen.restore();
  haloed(pen, letter, ex - 22 * Math.cos(angle), ey - 22 * Math.sin(angle), { color, size: 18 });
}

const beyond = (at, [x, y]) => x !== inside(x, MARGIN.left, at.w) || y !== inside(y, MARGIN.top, at.h);

function paintCross(pen, at, [x, y], d) {
  const look = { color: "rgba(0, 114, 178, .55)", width: 1.5 };
  stroke(pen, [[x, MARGIN.top], [x, MARGIN.top + at.h]], look);
  if (d > 1) stroke(pen, [[MARGIN.left, y], [MARGIN.left + at.w, y]], look);
}

// The code of x, or mu, by name, where z does not lie on it.
function nameCode(pen, at, [x, y], z, text) {
  if (Math.hypot(x - z[0], y - z[1]) <= 30) return;
  const above = y - 27 < MARGIN.top ? y + 27 : y - 27;
  haloed(pen, text, inside(x, MARGIN.left, at.w, text.length > 1 ? 42 : 10), above, { color: COLORS.encoder });
}

// An autoencoder's hand: large discs, and a ring around the code of x.
function paintCodes(pen, at, { a, b, z, home, walk }) {
  if (walk) for (const [place, letter] of [[a, "A"], [b, "B"]]) disc(pen, place, 10, INK, letter);
  if (!beyond(at, z)) disc(pen, z, 11, COLORS.decoder, "z");
  if (home) dot(pen, ...home, 15, { color: COLORS.encoder, width: 3.5 });
}

// A VAE's hand: small discs, so that the ellipse of q(z|x) and the draws from it stay in view.
function paintPosterior(pen, at, { a, b, z, home, walk, draws, q }) {
  const end = { radius: 4, side: [-1, 1] };
  if (q) paintEllipses(pen, home, q.ellipse, at.su);
  if (walk) for (const [place, letter] of [[a, "A"], [b, "B"]]) paintPoint(pen, place, INK, letter, end);
  paintTrail(pen, draws);
  if (q) paintMean(pen, home);
  paintPoint(pen, z, COLORS.decoder, "z", { side: home ? awayFrom(home, z) : [1, -1] });
}

export function paintHand(pen, at, space, { state, code, q, trail }) {
  const { view, variational } = space.config;
  const place = (point) => at.toPage(space.project(point));
  const walk = view === "all";
  const [a, b] = walk ? [place(state.a), place(state.b)] : [];
  const z = place(state.z), home = code && place(code);
  if (walk) stroke(pen, [a, b], { color: INK, width: 2, dash: [3, 4] });
  paintCross(pen, at, z, space.d);
  if (variational) paintPosterior(pen, at, { a, b, z, home, walk, q, draws: trail.map(place) });
  else paintCodes(pen, at, { a, b, z, home, walk });
  if (beyond(at, z)) paintBeyond(pen, at, z, COLORS.decoder, "z");
  else if (home && beyond(at, home)) paintBeyond(pen, at, home, COLORS.encoder, "x");
  else if (home) nameCode(pen, at, home, z, variational ? "\u03bc" : "code of x");
}
