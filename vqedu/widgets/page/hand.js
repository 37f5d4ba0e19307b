// A Gaussian that a hand can hold: its peak moves the mean, its shoulders the width; the arrow keys do the same.
import { COLORS } from "./colors.js";
import { notOurs } from "./kit.js";
import { FINGER, pressable } from "./press.js";
import { stroke, dot, clip } from "./plot.js";

const hundredths = (value) => Math.round(value * 100) / 100;

// Where it can be held in a frame of densities: the peak, and the curve one sigma to either side.
function handles({ mu, sigma }, f) {
  const peak = 1 / (sigma * Math.sqrt(2 * Math.PI));
  const side = f.Y(peak * Math.exp(-0.5));
  return { mean: [f.X(mu), f.Y(peak)], left: [f.X(mu - sigma), side], right: [f.X(mu + sigma), side] };
}

export function drawHandles(f, state) {
  const { mean, left, right } = handles(state, f);
  f.pen.save();
  clip({ ...f, top: 0, height: f.bottom });
  stroke(f.pen, [[mean[0], f.bottom], mean], { color: COLORS.encoder, width: 1.5, dash: [4, 4] });
  stroke(f.pen, [left, right], { color: COLORS.encoder, width: 1.5 });
  for (const [x, y] of [left, right]) dot(f.pen, x, y, 7, { fill: "#fff", color: COLORS.encoder, width: 3 });
  dot(f.pen, ...mean, 9, { fill: COLORS.encoder, color: "#fff" });
  f.pen.restore();
}

// sheet: a canvas of kit.js; getState() has mu and sigma; currentFrame(): the frame of the densities as last drawn.
export function holdGaussian(sheet, getState, change, currentFrame) {
  holdByPointer(sheet, getState, change, currentFrame);
  holdByKeys(sheet, getState, change);
}

// What a press takes hold of: the width at a shoulder, else the mean. Away from every handle the whole Gaussian moves
// along, without a jump.
function grip(state, f, [x, y]) {
  const { left, right, mean } = handles(state, f);
  const distance = ([hx, hy]) => Math.hypot(hx - x, hy - y);
  const side = Math.min(distance(left), distance(right));
  return side < 18 && side < distance(mean) ? { width: true } : { offset: state.mu - f.valueAt(x) };
}

// Whether a finger that begins there means the page, not the Gaussian.
function awayFromHandles(state, f, [x, y]) {
  return Object.values(handles(state, f)).every(([hx, hy]) => Math.hypot(hx - x, hy - y) > FINGER);
}

function holdByPointer(sheet, getState, change, currentFrame) {
  const take = (place, finger) => {
    const f = currentFrame();
    if (place[1] < f.top - 20 || place[1] > f.bottom) return null;
    return finger && awayFromHandles(getState(), f, place) ? null : grip(getState(), f, place);
  };
  const drag = (held, [x]) => {
    const z = currentFrame().valueAt(x);
    if (held.width) change({ sigma: hundredths(Math.abs(z - getState().mu)) });
    else change({ mu: hundredths(z + held.offset) });
  };
  pressable(sheet, { take, drag });
}

const STEPS = { ArrowLeft: ["mu", -1], ArrowRight: ["mu", 1], ArrowUp: ["sigma", 1], ArrowDown: ["sigma", -1] };

function holdByKeys(sheet, getState, change) {
  sheet.node.addEventListener("keydown", (event) => {
    const [name, way] = STEPS[event.key] ?? [];
    if (!name || notOurs(event)) return;
    event.preventDefault();
    change({ [name]: hundredths(getState()[name] + way * (event.shiftKey ? 0.5 : 0.05)) });
  });
}
