// A canvas that is pressed, by mouse, pen or finger. What can be held follows; a finger that swipes anywhere else
// scrolls the page.

import { position } from "./kit.js";

export const FINGER = 30; // CSS pixels around a handle in which a finger takes hold of it
const STILL = 3; // CSS pixels: a press that moves no farther is a tap

// take(place, finger) -> what a press there takes hold of, or null. drag(held, place, moved): the pointer is now there;
// moved: farther than a tap does. tap(place, held, finger): a press that ended where it began.
export function pressable(surface, { take, drag, tap = () => {} }) {
  const { node } = surface;
  let press = null;
  const isOurs = (event) => press?.id === event.pointerId;
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    const start = position(event, surface), finger = event.pointerType === "touch";
    press = { id: event.pointerId, start, finger, moved: false, held: take(start, finger) };
    if (press.held === null) return;
    event.preventDefault();
    node.focus({ focusVisible: false, preventScroll: true });
    node.setPointerCapture(event.pointerId);
  });
  // The browser asks here, after the pointerdown, whether the finger may scroll.
  node.addEventListener("touchstart", (event) => {
    if (press && press.held !== null && event.touches.length === 1) event.preventDefault();
  }, { passive: false });
  node.addEventListener("pointermove", (event) => {
    if (!isOurs(event)) return;
    const place = position(event, surface);
    press.moved ||= Math.hypot(place[0] - press.start[0], place[1] - press.start[1]) > STILL;
    if (press.held !== null) drag(press.held, place, press.moved);
  });
  node.addEventListener("pointerup", (event) => {
    if (!isOurs(event)) return;
    const { start, held, finger, moved } = press;
    press = null;
    if (!moved) tap(start, held, finger);
  });
  node.addEventListener("pointercancel", (event) => { if (isOurs(event)) press = null; });
}
