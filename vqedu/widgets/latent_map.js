// The map of the codes: real digits as dots, the hand's z, the walk from A to B, the prior. One drag moves z.

import { canvas, COLORS, position, resize } from "./kit.js";

const MARGIN = { left: 46, right: 8, top: 8, bottom: 44 };
const FONT = "system-ui, sans-serif";

// Round steps (1, 2 or 5 times a power of ten), at most `most` of them between low and high.
export function ticks(low, high, most = 6) {
  const power = 10 ** Math.floor(Math.log10((high - low) / most));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => (high - low) / s <= most);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

// The same scale on both axes, the wanted region in the middle.
function frame(config, { width, height }) {
  const w = width - MARGIN.left - MARGIN.right, h = height - MARGIN.top - MARGIN.bottom;
  const [[u0, v0], [u1, v1]] = [config.low, config.high];
  const equal = Math.min(w / (u1 - u0), h / (v1 - v0));
  const su = config.latent_dim > 1 ? equal : w / (u1 - u0), sv = config.latent_dim > 1 ? equal : h / (v1 - v0);
  const cx = MARGIN.left + w / 2, cy = MARGIN.top + h / 2, cu = (u0 + u1) / 2, cv = (v0 + v1) / 2;
  const inside = (value, low, length) => Math.min(low + length, Math.max(low, value));
  return {
    w, h, su,
    toPage: ([u, v]) => [cx + (u - cu) * su, cy - (v - cv) * sv],
    toMap: ([x, y]) => [(inside(x, MARGIN.left, w) - cx) / su + cu, (cy - inside(y, MARGIN.top, h)) / sv + cv],
    limits: [cu - w / 2 / su, cu + w / 2 / su, cv - h / 2 / sv, cv + h / 2 / sv],
  };
}

const numeral = (v) => String(v).replace("-", "\u2212");

function paintAxes(pen, at, config) {
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
  for (const u of ticks(left, right, Math.max(3, Math.floor(at.w / 50)))) {
    const x = Math.round(at.toPage([u, 0])[0]) + 0.5;
    line([x, MARGIN.top], [x, bottom], u === 0);
    pen.fillText(numeral(u), Math.min(x, MARGIN.left + at.w - 10), bottom + 5);
  }
  pen.textAlign = "right"; pen.textBaseline = "middle";
  if (config.latent_dim > 1) {
    for (const v of ticks(low, high, Math.max(2, Math.floor(at.h / 50)))) {
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

function haloed(pen, text, x, y, color, size = 16) {
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

function paintDots(pen, at, { places, labels, count, config }, only) {
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
    if (only === null || only === label) haloed(pen, String(label), x, y, `color-mix(in srgb, ${config.colors[label]}, black 35%)`, 22);
  }
}

function paintPrior(pen, at, { config, project, d }, samples) {
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

function paintHand(pen, at, space, { state, code }) {
  const [a, b, z] = [state.a, state.b, state.z].map((point) => at.toPage(space.project(point)));
  if (space.config.view === "all") {
    pen.lineWidth = 2; pen.strokeStyle = "#1a1a1a"; pen.setLineDash([3, 4]);
    pen.beginPath(); pen.moveTo(...a); pen.lineTo(...b); pen.stroke(); pen.setLineDash([]);
    disc(pen, a, 10, "#1a1a1a", "A");
    disc(pen, b, 10, "#1a1a1a", "B");
  }
  pen.lineWidth = 1.5; pen.strokeStyle = "rgba(0, 114, 178, .55)";
  pen.beginPath();
  pen.moveTo(z[0], MARGIN.top); pen.lineTo(z[0], MARGIN.top + at.h);
  if (space.d > 1) { pen.moveTo(MARGIN.left, z[1]); pen.lineTo(MARGIN.left + at.w, z[1]); }
  pen.stroke();
  disc(pen, z, 11, COLORS.decoder, "z");
  if (!code) return;
  const [x, y] = at.toPage(space.project(code));
  pen.lineWidth = 3.5; pen.strokeStyle = COLORS.encoder;
  pen.beginPath(); pen.arc(x, y, 15, 0, 7); pen.stroke();
  if (Math.hypot(x - z[0], y - z[1]) > 30) haloed(pen, "code of x", Math.min(Math.max(x, MARGIN.left + 42), MARGIN.left + at.w - 42), y - 27 < MARGIN.top ? y + 27 : y - 27, COLORS.encoder);
}

// Drag: z follows the pointer. A click that does not move and hits a dot picks that digit.
function listen(surface, space, at, place, { onmove, onpick }) {
  let press = null;
  const to = (event) => {
    const [x, y] = position(event, surface);
    onmove(at().toMap([x - press.grip[0], y - press.grip[1]]));
  };
  surface.node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    surface.node.focus({ focusVisible: false });
    surface.node.setPointerCapture(event.pointerId);
    const [x, y] = position(event, surface), [zx, zy] = at().toPage(place());
    const onHandle = Math.hypot(x - zx, y - zy) < 14;
    press = { x, y, grip: onHandle ? [x - zx, y - zy] : [0, 0], still: !onHandle };
    if (!onHandle) to(event);
  });
  surface.node.addEventListener("pointermove", (event) => {
    if (!press) return;
    const [x, y] = position(event, surface);
    if (Math.hypot(x - press.x, y - press.y) > 3) press.still = false;
    if (!press.still) to(event);
  });
  surface.node.addEventListener("pointercancel", () => { press = null; });
  surface.node.addEventListener("pointerup", () => {
    const hit = press?.still ? dotAt([press.x, press.y], space, at()) : null;
    press = null;
    if (hit !== null) onpick(hit);
  });
}

function dotAt([x, y], { places, count }, at, reach = 6) {
  let best = null;
  for (let i = 0; i < count; i++) {
    const [px, py] = at.toPage([places[2 * i], places[2 * i + 1]]);
    const distance = Math.hypot(px - x, py - y);
    if (distance < reach) { best = i; reach = distance; }
  }
  return best;
}

// place(): where z is on the map, also between two frames; onmove([u, v]), onpick(index of a digit), onhome(): what the hand does here.
export function latentMap(space, { place, onmove, onpick, onhome }) {
  const surface = canvas(466, 400, {
    class: "vq-map", tabindex: 0, role: "application", "aria-roledescription": "map",
    "aria-label": "Map of the codes. Arrow keys move z, with Shift in big steps; Home goes to the code of x.",
  });
  const layer = canvas(466, 400);
  let at = frame(space.config, surface), stale = true, only = null;
  listen(surface, space, () => at, place, { onmove, onpick });
  surface.node.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if ((!step && event.key !== "Home") || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (!step) return onhome();
    const size = (at.limits[1] - at.limits[0]) * (event.shiftKey ? 0.05 : 0.005);
    const [u, v] = place();
    onmove(at.toMap(at.toPage([u + step[0] * size, v + step[1] * size])));
  });
  function repaintLayer() {
    layer.pen.clearRect(0, 0, layer.width, layer.height);
    paintAxes(layer.pen, at, space.config);
    layer.pen.save();
    layer.pen.beginPath(); layer.pen.rect(MARGIN.left, MARGIN.top, at.w, at.h); layer.pen.clip();
    paintDots(layer.pen, at, space, only);
    layer.pen.restore();
    stale = false;
  }
  return {
    node: surface.node,
    resize(width, height) {
      if (width === surface.width && height === surface.height) return;
      for (const one of [surface, layer]) resize(one, width, height);
      at = frame(space.config, surface);
      stale = true;
    },
    highlight(label) { only = label; stale = true; },
    show(view) {
      if (stale) repaintLayer();
      const { pen, width, height } = surface;
      pen.clearRect(0, 0, width, height);
      pen.drawImage(layer.node, 0, 0, width, height);
      pen.save();
      pen.beginPath(); pen.rect(MARGIN.left, MARGIN.top, at.w, at.h); pen.clip();
      if (view.state.prior) paintPrior(pen, at, space, view.samples);
      paintHand(pen, at, space, view);
      pen.restore();
    },
  };
}
