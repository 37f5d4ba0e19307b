// The map of the codes under a hand: one drag moves z, a click on a dot picks its digit.

import { canvas, notOurs, resize } from "../page/kit.js";
import { layer } from "../page/layer.js";
import { FINGER, pressable } from "../page/press.js";
import { MARGIN, mapFrame, paintAxes, paintDots, paintHand, paintPrior, paintTiles } from "./paint.js";

const REACH = { handle: 14, dot: 6 }; // CSS pixels that a mouse may miss by
const FINGER_DOT = 12; // that a finger may miss a dot by

// Drag: z follows the pointer, and a finger that begins at z. A press without a move that hits a dot picks its digit.
function listen(surface, space, at, place, { onmove, onpick }) {
  const to = ([x, y], [gx, gy] = [0, 0]) => onmove(at().toMap([x - gx, y - gy]));
  const take = ([x, y], finger) => {
    const [zx, zy] = at().toPage(place()), grip = [x - zx, y - zy];
    const onHandle = Math.hypot(...grip) < (finger ? FINGER : REACH.handle);
    if (onHandle) return { onHandle, grip };
    if (finger) return null;
    to([x, y]);
    return { onHandle, grip: [0, 0] };
  };
  pressable(surface, {
    take,
    drag({ onHandle, grip }, now, moved) { if (onHandle || moved) to(now, grip); },
    tap(now, held, finger) {
      if (held?.onHandle) return;
      const hit = dotAt(now, space, at(), finger ? FINGER_DOT : REACH.dot);
      if (hit !== null) onpick(hit);
      else if (finger) to(now);
    },
  });
}

function dotAt([x, y], { places, count }, at, reach) {
  let best = null;
  for (let i = 0; i < count; i++) {
    const [px, py] = at.toPage([places[2 * i], places[2 * i + 1]]);
    const distance = Math.hypot(px - x, py - y);
    if (distance < reach) { best = i; reach = distance; }
  }
  return best;
}

function listenForKeys(surface, frame, place, { onmove, onhome }) {
  surface.node.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if ((!step && event.key !== "Home") || notOurs(event)) return;
    event.preventDefault();
    if (!step) return onhome();
    const at = frame(), size = (at.limits[1] - at.limits[0]) * (event.shiftKey ? 0.05 : 0.005);
    const [u, v] = place();
    onmove(at.toMap(at.toPage([u + step[0] * size, v + step[1] * size])));
  });
}

// place(): where z is on the map, also between two frames; onmove([u, v]), onpick(index of a digit), onhome(): what the
// hand does here.
export function latentMap(space, { place, onmove, onpick, onhome }) {
  const surface = canvas(466, 400, {
    class: "vq-map", tabindex: 0, role: "application", "aria-roledescription": "map",
    "aria-label": "Map of the codes. Arrow keys move z, with Shift in big steps; Home goes to the code of x.",
  });
  const lay = layer();
  let limits = space.config, at = mapFrame(limits, surface), only = null, tiles = false;
  // Where the map shows decoded pictures there are no dots to pick.
  listen(surface, space, () => at, place, { onmove, onpick: (digit) => { if (!tiles) onpick(digit); } });
  listenForKeys(surface, () => at, place, { onmove, onhome });
  const inside = (pen, paint) => {
    pen.save();
    pen.beginPath(); pen.rect(MARGIN.left, MARGIN.top, at.w, at.h); pen.clip();
    paint();
    pen.restore();
  };
  const paintGround = (pen) => {
    paintAxes(pen, at, space.config);
    inside(pen, () => (tiles ? paintTiles(pen, at, space) : paintDots(pen, at, space, only)));
  };
  return {
    node: surface.node,
    // Show the rectangle from `low` to `high` instead of the one of the configuration.
    window({ low, high }) {
      if (low === limits.low) return;
      limits = { ...limits, low, high };
      at = mapFrame(limits, surface);
    },
    resize(width, height) {
      if (width === surface.width && height === surface.height) return;
      resize(surface, width, height);
      at = mapFrame(limits, surface);
    },
    highlight(label) { only = label; },
    show(view) {
      const { pen } = surface;
      tiles = Boolean(view.state.grid);
      lay(surface, [limits.low, limits.high, tiles, only], paintGround);
      inside(pen, () => {
        if (view.state.prior) paintPrior(pen, at, space, view.samples);
        paintHand(pen, at, space, view);
      });
    },
  };
}
