// Drawing a digit: strokes are kept as lines, so that they can be scaled and centered without blur, as MNIST was.

import { COLORS } from "./colors.js";
import { canvas, notOurs, paintImage, position } from "./kit.js";
import { clamp } from "./numbers.js";

const SIDE = 28;
const PEN = 1.75; // gray = PEN - distance to the stroke, in pixels, cut to 0..1: about as broad as MNIST's pen

function distanceToSegment(x, y, [x0, y0], [x1, y1]) {
  const dx = x1 - x0, dy = y1 - y0;
  const along = dx || dy ? Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy))) : 0;
  return Math.hypot(x - x0 - along * dx, y - y0 - along * dy);
}

// Strokes (lists of points in pixels) -> 784 gray levels, 1 is ink. The center of pixel (row, column) is at its index
// + 0.5.
export function rasterize(strokes) {
  const pixels = new Float32Array(SIDE * SIDE);
  for (const stroke of strokes) stroke.forEach((end, i) => drawSegment(pixels, stroke[Math.max(i - 1, 0)], end));
  return pixels;
}

// The first and the last pixel, along one axis, that ink from a to b may touch.
function reach(a, b) {
  const first = Math.floor(Math.min(a, b) - PEN - 0.5), last = Math.ceil(Math.max(a, b) + PEN - 0.5);
  return [Math.max(0, first), Math.min(SIDE - 1, last)];
}

function drawSegment(pixels, start, end) {
  const [left, right] = reach(start[0], end[0]), [top, bottom] = reach(start[1], end[1]);
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const ink = Math.min(1, PEN - distanceToSegment(column + 0.5, row + 0.5, start, end));
      pixels[row * SIDE + column] = Math.max(pixels[row * SIDE + column], ink);
    }
  }
}

const moved = (strokes, scale, dx, dy) =>
  strokes.map((stroke) => stroke.map(([x, y]) => [x * scale + dx, y * scale + dy]));

// As LeCun et al. 1998 made MNIST: the digit fits a box of 20 x 20 pixels, its center of mass in the middle of 28 x 28.
export function likeMnist(strokes) {
  const [x, y] = [0, 1].map((axis) => {
    const values = strokes.flat().map((point) => point[axis]);
    const low = Math.min(...values), high = Math.max(...values);
    return { middle: (low + high) / 2, extent: high - low };
  });
  const extent = Math.max(x.extent, y.extent);
  const scale = extent > 3 ? (20 - 2 * PEN) / extent : 1;
  const boxed = moved(strokes, scale, 14 - scale * x.middle, 14 - scale * y.middle);
  const center = centreOfMass(rasterize(boxed));
  return rasterize(moved(boxed, 1, 14 - center[0], 14 - center[1]));
}

function centreOfMass(pixels) {
  let mass = 0, x = 0, y = 0;
  pixels.forEach((ink, i) => {
    mass += ink;
    x += ink * ((i % SIDE) + 0.5);
    y += ink * (Math.floor(i / SIDE) + 0.5);
  });
  return [x / mass, y / mass];
}

const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function penKeys(node, { move, toggle, clear }) {
  node.addEventListener("keydown", (event) => {
    if (notOurs(event)) return;
    const { key } = event;
    const act = KEYS[key] ? () => move(KEYS[key]) : { " ": toggle, Delete: clear, Backspace: clear }[key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

// A pointer draws: start(point), then add(points) for the places that it passes, then end(); in pixels of the picture.
function penPointer(surface, { start, add, end }) {
  let down = false;
  const toPixels = (event) => position(event, surface).map((v) => (v / surface.width) * SIDE);
  surface.node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    surface.node.focus({ focusVisible: false });
    surface.node.setPointerCapture(event.pointerId);
    down = true;
    start(toPixels(event));
  });
  surface.node.addEventListener("pointermove", (event) => {
    if (!down) return;
    const events = event.getCoalescedEvents?.() ?? [];
    add((events.length ? events : [event]).map(toPixels));
  });
  const up = () => { down = false; end(); };
  for (const kind of ["pointerup", "pointercancel"]) surface.node.addEventListener(kind, up);
}

// The pen of the keyboard: where it is, and whether it is down.
function paintPen({ pen, width }, [x, y], down) {
  const cell = width / SIDE;
  pen.strokeStyle = down ? COLORS.decoder : "#767676";
  pen.lineWidth = 3;
  pen.strokeRect((x - 1.5) * cell, (y - 1.5) * cell, 3 * cell, 3 * cell);
}

// The picture x, on which one draws. onink(strokes) is called at each change; an empty list means: cleared.
export function inkPad(onink) {
  const surface = canvas(224, 224, {
    class: "vq-ink", tabindex: 0, role: "application", "aria-roledescription": "drawing area",
    "aria-label": "Picture x. Arrow keys move the pen, Space puts it down or lifts it, Delete clears the picture.",
  });
  let strokes = [], shown = new Float32Array(SIDE * SIDE), pen = [14, 14], penDown = false, drawing = false;
  const hasFocus = () => surface.node === surface.node.getRootNode().activeElement;
  const paint = () => {
    paintImage(surface, shown);
    if (hasFocus() && !drawing) paintPen(surface, pen, penDown);
  };
  const draw = () => {
    shown = rasterize(strokes);
    paint();
    onink(strokes);
  };
  const begin = (point) => { strokes.push([point]); draw(); };
  const add = (points) => { strokes.at(-1).push(...points); draw(); };
  const clear = () => { strokes = []; penDown = false; draw(); };

  penPointer(surface, {
    start(point) { drawing = true; penDown = false; begin(point); },
    add,
    end() { drawing = false; },
  });
  penKeys(surface.node, {
    move([dx, dy]) {
      pen = [pen[0] + dx, pen[1] + dy].map((v) => clamp(v, [2, 26]));
      if (penDown) add([pen]);
      else paint();
    },
    toggle() {
      penDown = !penDown;
      if (penDown) begin(pen);
      else paint();
    },
    clear,
  });
  for (const change of ["focus", "blur", "sharpened"]) surface.node.addEventListener(change, paint);

  return {
    surface, paint, clear,
    // Show a picture that was not drawn here; the next stroke starts on empty paper.
    show(pixels) { strokes = []; penDown = false; shown = pixels; paint(); },
    strokes: () => strokes,
  };
}
