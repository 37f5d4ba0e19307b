// What the map of the codes shows: axes, real digits as dots, the prior, q(z|x), the walk from A to B, the hand's z.

import { COLORS } from "../page/kit.js";

export const MARGIN = { left: 46, right: 8, top: 8, bottom: 44 };
export const FONT = "system-ui, sans-serif";

// Round steps (1, 2 or 5 times a power of ten), at most `most` of them between low and high.
export function ticks(low, high, most = 6) {
  const power = 10 ** Math.floor(Math.log10((high - low) / most));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => (high - low) / s <= most);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

// The same scale on both axes, the wanted region in the middle.
export function mapFrame({ low, high, latent_dim: d }, { width, height }) {
  const w = width - MARGIN.left - MARGIN.right, h = height - MARGIN.top - MARGIN.bottom;
  const [[u0, v0], [u1, v1]] = [low, high];
  const equal = Math.min(w / (u1 - u0), h / (v1 - v0));
  const su = d > 1 ? equal : w / (u1 - u0), sv = d > 1 ? equal : h / (v1 - v0);
  const cx = MARGIN.left + w / 2, cy = MARGIN.top + h / 2, cu = (u0 + u1) / 2, cv = (v0 + v1) / 2;
  const inside = (value, start, length) => Math.min(start + length, Math.max(start, value));
  return {
    w, h, su,
    toPage: ([u, v]) => [cx + (u - cu) * su, cy - (v - cv) * sv],
    toMap: ([x, y]) => [(inside(x, MARGIN.left, w) - cx) / su + cu, (cy - inside(y, MARGIN.top, h)) / sv + cv],
    limits: [cu - w / 2 / su, cu + w / 2 / su, cv - h / 2 / sv, cv + h / 2 / sv],
  };
}

const numeral = (v) => String(v).replace("-", "\u2212");

export function paintAxes(pen, at, config) {
  const [left, right, low, high] = at.limits;
  const bottom = MARGIN.top + at.h;
  pen.font = `14px ${FONT}`;
  pen.lineWidth = 1;
  const line = (from, to, zero) => {
    pen.strokeStyle = zero ? "#bdbdbd" : "#ececec";
    pen.beginPath(); pen.moveTo(...from); pen.lineTo(...to); pen.stroke();
  };
  pen.fillStyle = "#444";
  pen.textAlign = "center"; pen.textBaseline = "top";
  for (const u of ticks(left, right, Math.max(4, Math.floor(at.w / 50)))) {
    const x = Math.round(at.toPage([u, 0])[0]) + 0.5;
    line([x, MARGIN.top], [x, bottom], u === 0);
    pen.fillText(numeral(u), Math.min(x, MARGIN.left + at.w - 10), bottom + 5);
  }
  pen.textAlign = "right"; pen.textBaseline = "middle";
  if (config.latent_dim > 1) {
    for (const v of ticks(low, high, Math.max(4, Math.floor(at.h / 50)))) {
      const y = Math.round(at.toPage([0, v])[1]) + 0.5;
      line([MARGIN.left, y], [MARGIN.left + at.w, y], v === 0);
      pen.fillText(numeral(v), MARGIN.left - 5, Math.max(y, MARGIN.top + 8));
    }
  }
  pen.strokeStyle = "#b8b8b8";
  pen.strokeRect(MARGIN.left + 0.5, MARGIN.top + 0.5, at.w - 1, at.h - 1);
  pen.fillStyle = "#1a1a1a";
  pen.textAlign = "center"; pen.textBaseline = "bottom";
  pen.fillText(config.axis_labels[0], MARGIN.left + at.w / 2, bottom + 43);
  pen.save();
  pen.translate(1, MARGIN.top + at.h / 2);
  pen.rotate(-Math.PI / 2);
  pen.textBaseline = "top";
  pen.fillText(config.axis_labels[1], 0, 0);
  pen.restore();
}

export function haloed(pen, text, x, y, color, size = 16) {
  pen.font = `700 ${size}px ${FONT}`;
  pen.textAlign = "center"; pen.textBaseline = "middle";
  pen.lineJoin = "round"; pen.lineWidth = 5; pen.strokeStyle = "rgba(255, 255, 255, .92)";
  pen.strokeText(text, x, y);
  pen.fillStyle = color;
  pen.fillText(text, x, y);
}

// Push [label, x, y] apart until no two are closer than `gap` pixels, or 40 rounds are over.
function spread(marks, gap = 24) {
  const placed = marks.map((mark) => [...mark]);
  for (let round = 0; round < 40; round++) {
    for (const one of placed) {
      for (const other of placed) {
        const dx = one[1] - other[1] || 0.1, dy = one[2] - other[2], distance = Math.hypot(dx, dy);
        if (one === other || distance >= gap) continue;
        const push = (gap - distance) / distance / 2;
        one[1] += dx * push; one[2] += dy * push;
        other[1] -= dx * push; other[2] -= dy * push;
      }
    }
  }
  return placed;
}

export function paintDots(pen, at, { places, labels, count, config }, only) {
  for (const front of [false, true]) {
    for (let i = 0; i < count; i++) {
      if ((only === null || labels[i] === only) !== front) continue;
      const [x, y] = at.toPage([places[2 * i], places[2 * i + 1]]);
      pen.globalAlpha = front ? 0.75 : 0.25;
      pen.fillStyle = front ? config.colors[labels[i]] : "#c4c4c4";
      pen.beginPath(); pen.arc(x, y, only === labels[i] ? 3.2 : 2.6, 0, 7); pen.fill();
    }
  }
  pen.globalAlpha = 1;
  for (const [label, x, y] of spread(config.class_places.map(([label, u, v]) => [label, ...at.toPage([u, v])]))) {
    // Darker than the dots they stand on, so that they read from the last row.
    if (only === null || only === label) haloed(pen, String(label), x, y, `color-mix(in srgb, ${config.colors[label]}, black 50%)`, 22);
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
  const centre = d > 1 ? project(new Array(d).fill(0)) : [0, (config.low[1] + config.high[1]) / 2];
  const [x, y] = at.toPage(centre);
  const radius = 2 * at.su;
  pen.lineWidth = 2.5; pen.setLineDash([7, 5]);
  pen.beginPath();
  if (d > 1) pen.arc(x, y, radius, 0, 7);
  else pen.rect(x - radius, MARGIN.top, 2 * radius, at.h);
  pen.stroke();
  pen.setLineDash([]);
  const [tx, ty] = d > 1 ? [x - 0.71 * radius - 32, y + 0.71 * radius + 12] : [x - radius - 34, MARGIN.top + 14];
  haloed(pen, "N(0, I)", Math.max(tx, MARGIN.left + 32), Math.min(ty, MARGIN.top + at.h - 14), COLORS.prior, 17);
}

function disc(pen, [x, y], radius, fill, text) {
  pen.lineWidth = 2.5;
  pen.fillStyle = fill; pen.strokeStyle = "#fff";
  pen.beginPath(); pen.arc(x, y, radius, 0, 7); pen.fill(); pen.stroke();
  pen.fillStyle = "#fff"; pen.font = `700 14px ${FONT}`; pen.textAlign = "center"; pen.textBaseline = "middle";
  pen.fillText(text, x, y + 0.5);
}

// The ellipses of one and two sigma around `centre`; `scale`: pixels per unit of z. A 1-D code gets a flat one.
export function paintEllipses(pen, [x, y], { long, narrow, angle }, scale) {
  for (const [sigmas, fill, width] of [[2, "rgba(0, 158, 115, .14)", 1.5], [1, "rgba(0, 158, 115, .22)", 2.5]]) {
    pen.beginPath();
    pen.ellipse(x, y, sigmas * long * scale, Math.max(sigmas * narrow * scale, 3), -angle, 0, 7);
    pen.fillStyle = fill; pen.fill();
    pen.lineWidth = width + 2; pen.strokeStyle = "rgba(255, 255, 255, .8)"; pen.stroke();
    pen.lineWidth = width; pen.strokeStyle = COLORS.encoder; pen.stroke();
  }
}

// mu as an upright cross, the draws from q as small squares, the last the darkest.
export function paintMean(pen, [x, y], arm = 7) {
  for (const [color, width] of [["#fff", 5], [COLORS.encoder, 2.5]]) {
    pen.strokeStyle = color; pen.lineWidth = width;
    pen.beginPath(); pen.moveTo(x - arm, y); pen.lineTo(x + arm, y); pen.moveTo(x, y - arm); pen.lineTo(x, y + arm); pen.stroke();
  }
}

export function paintTrail(pen, points, side = 5) {
  pen.fillStyle = COLORS.encoder; pen.strokeStyle = "#fff"; pen.lineWidth = 1;
  points.forEach(([x, y], i) => {
    pen.globalAlpha = 0.35 + (0.65 * (i + 1)) / points.length;
    pen.fillRect(x - side / 2, y - side / 2, side, side);
    pen.strokeRect(x - side / 2, y - side / 2, side, side);
  });
  pen.globalAlpha = 1;
}

// A small disc that hides little of the ellipse under it, its letter beside it: `side` is the way from the disc to the letter.
export function paintPoint(pen, [x, y], color, letter, { radius = 6, side = [1, -1] } = {}) {
  pen.lineWidth = 2; pen.fillStyle = color; pen.strokeStyle = "#fff";
  pen.beginPath(); pen.arc(x, y, radius, 0, 7); pen.fill(); pen.stroke();
  haloed(pen, letter, x + side[0] * (radius + 8), y + side[1] * (radius + 7), color, 18);
}

// The way from `from` to `to`, as signs; to the upper right where they coincide.
export const awayFrom = (from, to) => [to[0] < from[0] - 1 ? -1 : 1, to[1] > from[1] + 1 ? 1 : -1];

function paintWalk(pen, a, b) {
  pen.lineWidth = 2; pen.strokeStyle = "#1a1a1a"; pen.setLineDash([3, 4]);
  pen.beginPath(); pen.moveTo(...a); pen.lineTo(...b); pen.stroke(); pen.setLineDash([]);
}

// Where a place lies beyond the edge of the map: an arrow at the edge that points to it, with its letter.
function paintBeyond(pen, at, [x, y], color, letter) {
  const edge = (value, start, length) => Math.min(start + length - 12, Math.max(start + 12, value));
  const ex = edge(x, MARGIN.left, at.w), ey = edge(y, MARGIN.top, at.h), angle = Math.atan2(y - ey, x - ex);
  pen.save();
  pen.translate(ex, ey); pen.rotate(angle);
  pen.fillStyle = color; pen.strokeStyle = "#fff"; pen.lineWidth = 2;
  pen.beginPath(); pen.moveTo(11, 0); pen.lineTo(-8, -9); pen.lineTo(-8, 9); pen.closePath(); pen.fill(); pen.stroke();
  pen.restore();
  haloed(pen, letter, ex - 22 * Math.cos(angle), ey - 22 * Math.sin(angle), color, 18);
}

const beyond = (at, [x, y]) => x < MARGIN.left || x > MARGIN.left + at.w || y < MARGIN.top || y > MARGIN.top + at.h;

function paintCross(pen, at, [x, y], d) {
  pen.lineWidth = 1.5; pen.strokeStyle = "rgba(0, 114, 178, .55)";
  pen.beginPath();
  pen.moveTo(x, MARGIN.top); pen.lineTo(x, MARGIN.top + at.h);
  if (d > 1) { pen.moveTo(MARGIN.left, y); pen.lineTo(MARGIN.left + at.w, y); }
  pen.stroke();
}

// The code of x, or mu, by name, where z does not stand on it.
function nameCode(pen, at, [x, y], z, text) {
  if (Math.hypot(x - z[0], y - z[1]) <= 30) return;
  const half = text.length > 1 ? 42 : 10;
  haloed(pen, text, Math.min(Math.max(x, MARGIN.left + half), MARGIN.left + at.w - half), y - 27 < MARGIN.top ? y + 27 : y - 27, COLORS.encoder);
}

// An autoencoder's hand: large discs, and a ring around the code of x.
function paintCodes(pen, at, { a, b, z, home, walk }) {
  if (walk) { disc(pen, a, 10, "#1a1a1a", "A"); disc(pen, b, 10, "#1a1a1a", "B"); }
  if (!beyond(at, z)) disc(pen, z, 11, COLORS.decoder, "z");
  if (!home) return;
  pen.lineWidth = 3.5; pen.strokeStyle = COLORS.encoder;
  pen.beginPath(); pen.arc(...home, 15, 0, 7); pen.stroke();
}

// A VAE's hand: small discs, so that the ellipse of q(z|x) and the draws from it stay in view.
function paintPosterior(pen, at, { a, b, z, home, walk, draws, q }) {
  if (q) paintEllipses(pen, home, q.ellipse, at.su);
  if (walk) { paintPoint(pen, a, "#1a1a1a", "A", { radius: 4, side: [-1, 1] }); paintPoint(pen, b, "#1a1a1a", "B", { radius: 4, side: [-1, 1] }); }
  paintTrail(pen, draws);
  if (q) paintMean(pen, home);
  paintPoint(pen, z, COLORS.decoder, "z", { side: home ? awayFrom(home, z) : [1, -1] });
}

export function paintHand(pen, at, space, { state, code, q, trail }) {
  const place = (point) => at.toPage(space.project(point));
  const walk = space.config.view === "all";
  const [a, b] = walk ? [place(state.a), place(state.b)] : [];
  const z = place(state.z), home = code && place(code);
  if (walk) paintWalk(pen, a, b);
  paintCross(pen, at, z, space.d);
  const variational = space.config.variational;
  if (variational) paintPosterior(pen, at, { a, b, z, home, walk, q, draws: trail.map(place) });
  else paintCodes(pen, at, { a, b, z, home, walk });
  if (beyond(at, z)) paintBeyond(pen, at, z, COLORS.decoder, "z");
  else if (home && beyond(at, home)) paintBeyond(pen, at, home, COLORS.encoder, "x");
  else if (home) nameCode(pen, at, home, z, variational ? "\u03bc" : "code of x");
}
