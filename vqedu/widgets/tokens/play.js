// The clock that draws code after code.

import { lessMotion } from "../page/kit.js";

const PLAY_MS = 140; // between two codes: slow enough to see the bars change
const CALM_MS = 600; // for those who have asked for less motion

// Counts state.drawn up to all places: "play" at a pace to watch, "fill" with one code a frame.
export function player(places, getState, advanceTo) {
  let mode = null, turn = 0;
  const advance = (mine) => {
    if (mine !== turn) return;
    const { drawn } = getState();
    if (drawn >= places) return stop();
    if (drawn + 1 === places) mode = null;
    advanceTo(drawn + 1);
    schedule(mine);
  };
  const schedule = (mine) => {
    if (mode === "play") setTimeout(() => advance(mine), lessMotion() ? CALM_MS : PLAY_MS);
    else requestAnimationFrame(() => advance(mine));
  };
  function stop() { turn += 1; mode = null; }
  return { stop, mode: () => mode, go(how) { stop(); mode = how; advance(turn); } };
}
