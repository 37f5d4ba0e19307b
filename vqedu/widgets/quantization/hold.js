// Pointer and keys on the board: take hold of a code or of the target, and move it.

import { notOurs } from "../page/kit.js";
import { clamp } from "../page/numbers.js";
import { FINGER, pressable } from "../page/press.js";
import { boardFrame, markerPlace } from "./board.js";
import { BOARD_LIMIT, onBoard, TARGET } from "./view.js";

const inBoard = (values) => values.map((value) => clamp(value, [-BOARD_LIMIT, BOARD_LIMIT]));
const placeOf = ({ target, codes }, what) => (what === TARGET ? target : codes[what]);

function toData([px, py], sheet) {
  const f = boardFrame(sheet);
  return [f.valueAt(px), f.y[1] - ((py - f.top) / f.height) * (f.y[1] - f.y[0])];
}

// The code, or the target, whose mark is nearest to the place; null where none is within reach.
function nearestMark([px, py], sheet, state) {
  const f = boardFrame(sheet);
  const distance = (what) => {
    const [x, y] = markerPlace(f, placeOf(state, what));
    return Math.hypot(x - px, y - py);
  };
  const all = [...(state.arrows ? [TARGET] : []), ...state.codes.keys()];
  const nearest = all.reduce((a, b) => (distance(b) < distance(a) ? b : a));
  return distance(nearest) > FINGER ? null : nearest;
}

export function dragCodes(sheet, hand) {
  const take = (place) => {
    const mark = nearestMark(place, sheet, hand.state());
    if (mark === null) return null;
    const at = placeOf(hand.state(), mark), pointer = toData(place, sheet);
    hand.select(mark);
    return onBoard(at) ? at.map((value, d) => value - pointer[d]) : [0, 0];
  };
  const drag = (held, place) => hand.moveTo(inBoard(toData(place, sheet).map((value, d) => value + held[d])));
  pressable(sheet, { take, drag });
}

// What a key does on the board, as a function; undefined for keys that do nothing there.
function actOf({ key, shiftKey }, hand) {
  const state = hand.state(), K = state.codes.length;
  const by = shiftKey ? 0.5 : 0.05;
  const move = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, by], ArrowDown: [0, -by] }[key];
  if (move) return () => hand.moveTo(inBoard(placeOf(state, state.selected).map((value, d) => value + move[d])));
  const turn = { ",": -1, ".": 1 }[key];
  if (turn) return () => hand.select(state.selected === TARGET ? 0 : (state.selected + turn + K) % K);
  if (/^\d$/.test(key) && Number(key) < K) return () => hand.select(Number(key));
  if (key.toLowerCase() === "t" && state.arrows) return () => hand.select(TARGET);
  return { Delete: hand.kill, Backspace: hand.kill, " ": () => hand.step(state.method) }[key];
}

export function listenOnBoard(sheet, hand) {
  sheet.node.addEventListener("keydown", (event) => {
    const act = notOurs(event) ? undefined : actOf(event, hand);
    if (!act) return;
    event.preventDefault();
    act();
  });
}
