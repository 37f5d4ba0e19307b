// The codebook explorer: x, its 7 x 7 code map, x_hat; one cell with its nearest codes; the codebook and its usage.

import { canvas, COLORS, element, resize } from "../page/kit.js";
import { xPanel } from "../page/pictures.js";
import { liveFigure } from "../page/figure.js";
import { codebookHand, codebookSpace, codebookViewer, codebookWords } from "./space.js";
import { paintWindow, thumbnailSheet } from "./paint.js";
import { cellPanel, codebookPanel, decodedPanel, frameNote, mapPanel, withWindow } from "./parts.js";

const ARROW = 70; // as wide as its words, and some air

// The sizes of the pictures and the map, for a stage that is `width` pixels wide inside.
function codebookSizes(width) {
  const stacked = width < 760; // where kit.js calls the stage narrow
  const side = stacked ? Math.min(224, 28 * Math.floor((width - 16) / 56)) : width >= 900 ? 224 : 196;
  const room = stacked ? width : width - 2 * side - 2 * ARROW;
  return { side, map: 7 * Math.min(56, Math.floor(room / 7)) };
}

// From one picture to the next: what happens in between, and its name.
const arrowBetween = (above, below, name) => element("div", { class: `vq-arrow vq-${name}`, "aria-hidden": "true" },
  element("span", {}, above), element("span", { class: "vq-tip" }, "\u2192"), element("span", {}, below));

// x as a panel of the latent explorers, with the receptive field laid over it while nobody draws.
function inputPanel(space, hand) {
  const picture = xPanel(space, hand);
  picture.node.append(frameNote("Green frame", space.config.field, "pixels that z_e sees"));
  const pad = picture.node.querySelector(".vq-ink");
  const overlay = canvas(224, 224, { class: "vq-overlay", "aria-hidden": "true" });
  withWindow(picture.node, pad, overlay);
  for (const [name, away] of [["pointerdown", true], ["pointerup", false], ["pointercancel", false]]) {
    pad.addEventListener(name, () => overlay.node.classList.toggle("vq-away", away));
  }
  return {
    node: picture.node,
    resize(side) { picture.resize(side); if (side !== overlay.width) resize(overlay, side, side); },
    show(view) {
      picture.show(view);
      const same = Array.from(view.indices.keys()).filter((cell) => view.indices[cell] === view.code);
      paintWindow(overlay, space.config.field, view.cell, COLORS.encoder, same);
    },
  };
}

function render({ model, el }) {
  const space = codebookSpace(model.get("data"), model.get("config"));
  const thumbnail = thumbnailSheet(space);
  const viewNow = codebookViewer(space);
  let looked = { cell: null, code: null };
  const see = (state) => viewNow(state, looked);
  return liveFigure({
    model, el, see, words: codebookWords,
    build(getState, change, repaint) {
      const peek = (patch) => { looked = { ...looked, ...patch }; repaint(); };
      const hand = codebookHand(space, getState, () => see(getState()), change);
      const x = inputPanel(space, hand), map = mapPanel(space, hand, peek, thumbnail), xHat = decodedPanel(space, hand, peek);
      const cell = cellPanel(space, hand, thumbnail), book = codebookPanel(space, hand, peek, thumbnail);
      // While the pointer looks around, the line of words goes along; it speaks of what was picked as soon as it leaves.
      const along = (view) => {
        const line = el.querySelector(".vq-status");
        if (line && (looked.cell !== null || line.dataset.along)) line.textContent = codebookWords(view);
        if (line) line.dataset.along = looked.cell === null ? "" : "yes";
      };
      const row = element("div", { class: "vq-codes" }, x.node, arrowBetween("encode", "z_e", "encodes"), map.node, arrowBetween("decode", "z_q", "decodes"), xHat.node);
      const nodes = [row, cell.node, book.node];
      // Keys act on what was picked, so the figure then shows that and not what the pointer rests on.
      for (const node of nodes) node.addEventListener("keydown", () => peek({ cell: null, code: null }), { capture: true });
      return {
        nodes,
        keys: {},
        playing: () => false,
        show: (view) => { for (const part of [x, map, xHat, cell, book]) part.show(view); along(view); },
        resize(width) {
          const { side, map: mapSide } = codebookSizes(width);
          x.resize(side);
          map.resize(mapSide);
          xHat.resize(side);
          book.resize(width);
        },
      };
    },
  });
}

export default { render };
