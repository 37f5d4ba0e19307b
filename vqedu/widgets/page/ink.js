// Drawing a digit: strokes are kept as lines, so that they can be scaled and centred without blur, as MNIST was.

import { canvas, notOurs, paintImage, position } from "./kit.js";

const SIDE = 28;
const PEN = 1.75; // grey = PEN - distance to the stroke, in pixels, cut to 0..1: about as broad as MNIST's pen

function distanceToSegment(x, y, [x0, y0], [x1, y1]) {
  const dx = x1 - x0, dy = y1 - y0;
  const along = dx || dy ? Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy))) : 0;
  return Math.hypot(x - x0 - along * dx, y - y0 - along * dy);
}

// Strokes (lists of points in pixels) -> 784 grey levels, 1 is ink. The centre of pixel (row, column) is at its index + 0.5.
export function rasterize(strokes) {
  const pixels = new Float32Array(SIDE * SIDE);
  const range = (a, b) => [Math.max(0, Math.floor(Math.min(a, b) - PEN - 0.5)), Math.min(SIDE - 1, Math.ceil(Math.max(a, b) + PEN - 0.5))];
  for (const stroke of strokes) {
    stroke.forEach((end, i) => {
      const start = stroke[Math.max(i - 1, 0)];
      const [left, right] = range(start[0], end[0]);
      const [top, bottom] = range(start[1], end[1]);
      for (let row = top; row <= bottom; row++) {
        for (let column = left; column <= right; column++) {
          const ink = Math.min(1, PEN - distanceToSegment(column + 0.5, row + 0.5, start, end));
          pixels[row * SIDE + column] = Math.max(pixels[row * SIDE + column], ink);
        }
      }
    });
  }
  return pixels;
}

const moved = (strokes, scale, dx, dy) => strokes.map((stroke) => stroke.map(([x, y]) => [x * scale + dx, y * scale + dy]));

// As LeCun et al. 1998 made MNIST: the digit fits a box of 20 x 20 pixels, its centre of mass in the middle of 28 x 28.
export function likeMnist(strokes) {
  const xs = strokes.flat().map(([x]) => x), ys = strokes.flat().map(([, y]) => y);
  const extent = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
  const scale = extent > 3 ? (20 - 2 * PEN) / extent : 1;
  const boxed = moved(strokes, scale, 14 - (scale * (Math.max(...xs) + Math.min(...xs))) / 2, 14 - (scale * (Math.max(...ys) + Math.min(...ys))) / 2);
  let mass = 0, x = 0, y = 0;
  rasterize(boxed).forEach((ink, i) => { mass += ink; x += ink * ((i % SIDE) + 0.5); y += ink * (Math.floor(i / SIDE) + 0.5); });
  return rasterize(moved(boxed, 1, 14 - x / mass, 14 - y / mass));
}

function penKeys(node, { move, toggle, clear }) {
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  node.addEventListener("keydown", (event) => {
    if (notOurs(event)) return;
    const { key } = event;
    const act = steps[key] ? () => move(steps[key]) : { " ": toggle, Delete: clear, Backspace: clear }[key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

// The picture x, on which one draws. onink(strokes) is called at each change; an empty list means: cleared.
export function inkPad(onink) {
  const surface = canvas(224, 224, {
    class: "vq-ink", tabindex: 0, role: "application", "aria-roledescription": "drawing area",
    "aria-label": "Picture x. Arrow keys move the pen, Space puts it down or lifts it, Delete clears the picture.",
  });
  let strokes = [], shown = new Float32Array(SIDE * SIDE), pen = [14, 14], penDown = false, drawing = false;

  function paint() {
    paintImage(surface, shown);
    if (surface.node !== surface.node.getRootNode().activeElement || drawing) return;
    const cell = surface.width / SIDE;
    surface.pen.strokeStyle = penDown ? "#0072B2" : "#767676";
    surface.pen.lineWidth = 3;
    surface.pen.strokeRect((pen[0] - 1.5) * cell, (pen[1] - 1.5) * cell, 3 * cell, 3 * cell);
  }
  function draw() {
    shown = rasterize(strokes);
    paint();
    onink(strokes);
  }
  const toPixels = (event) => position(event, surface).map((v) => (v / surface.width) * SIDE);
  const add = (point) => strokes.at(-1).push(point);
  const clear = () => { strokes = []; penDown = false; draw(); };

  surface.node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    surface.node.focus({ focusVisible: false });
    surface.node.setPointerCapture(event.pointerId);
    drawing = true;
    penDown = false;
    strokes.push([toPixels(event)]);
    draw();
  });
  surface.node.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) add(toPixels(each));
    draw();
  });
  for (const end of ["pointerup", "pointercancel"]) surface.node.addEventListener(end, () => { drawing = false; });

  penKeys(surface.node, {
    move([dx, dy]) {
      pen = [pen[0] + dx, pen[1] + dy].map((v) => Math.min(26, Math.max(2, v)));
      if (!penDown) return paint();
      add(pen);
      draw();
    },
    toggle() {
      penDown = !penDown;
      if (!penDown) return paint();
      strokes.push([pen]);
      draw();
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
