// The picture x_hat at the right, with what is true of it in words.

import { canvas, element, paintImage, resize, setAttribute, setText } from "../page/kit.js";
import { panel, thumbnail } from "../page/pictures.js";
import { nearestWords, sourceWords } from "./view.js";

// What the words on the nearest code count in.
const GAP_WORDS = "Typical gap: the median distance from a code to its nearest other code.";
export const gapNote = () => element("p", { class: "vq-note vq-gap" }, GAP_WORDS);

// The real digit whose code is nearest to z, and how far it is.
function neighbor(space) {
  const near = thumbnail(null, 56);
  const words = element("span", {});
  const node = element("div", { class: "vq-neighbour" }, near.node, words);
  let shown = -1;
  return {
    node,
    // Returns the words.
    show({ near: found }) {
      const { far, text } = nearestWords(space, found);
      setText(words, text);
      node.classList.toggle("vq-far", far);
      if (found.index !== shown) paintImage(near, space.image((shown = found.index)));
      return text;
    },
  };
}

export function xHatPanel(space, color) {
  const surface = canvas(224, 224, { class: "vq-decoded", role: "img" });
  const source = element("p", { class: "vq-line" });
  const nats = element("p", { class: "vq-line" });
  const nearest = neighbor(space);
  const said = element("div", { class: "vq-said" }, source, nats, nearest.node);
  const pictured = element("div", { class: "vq-pictured" }, surface.node, said);
  const node = panel("xhat", "x\u0302 = f(z)", "decoded", color, pictured);
  return {
    node,
    // The picture is `side` pixels wide, the panel as wide as that or, with the words beside the picture, `width`.
    resize(side, width = side) {
      node.style.width = `${width}px`;
      node.classList.toggle("vq-small", side < 200);
      if (side !== surface.width) resize(surface, side, side);
    },
    show(view) {
      paintImage(surface, view.pixels);
      source.hidden = nats.hidden = view.x === null;
      setText(source, sourceWords(view));
      setText(nats, `\u2212log p(x|z): ${view.nats.toFixed(0)} nats`);
      setAttribute(surface.node, "aria-label", `Decoded image; ${nearest.show(view)}`);
    },
  };
}
