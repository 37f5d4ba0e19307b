// The codebook explorer: x, its 7 x 7 code map, x_hat; one cell with its nearest codes; the codebook and its usage.

import { COLORS } from "../page/colors.js";
import { canvas, element, resize } from "../page/kit.js";
import { xPanel } from "../page/pictures.js";
import { liveFigure } from "../page/figure.js";
import { codebookPanel } from "./book.js";
import { cellPanel } from "./cell.js";
import { decodedPanel, frameNote, layered, mapPanel } from "./map.js";
import { paintWindow, thumbnailSheet } from "./paint.js";
import { codebookHand, codebookSpace, codebookViewer, codebookWords } from "./space.js";

const ARROW = 70; // as wide as its words, and some air
const STACKED = 760; // CSS pixels: below, the map goes below x and x_hat
// The picture is as large as lets everything that answers the hand on the map fit a screen of 720 pixels, the map at
// most so large, and beside: the width of x_hat's words and buttons.
const PAGE = { picture: 168, map: 336, beside: 224 };
const SLIDE = { picture: 168, map: 280, beside: 304 };

// The sizes of the pictures, of `side` x `side` pixels, and the map, for a stage that is `width` pixels wide inside.
function codebookSizes(width, { side: pixels, columns }, slide) {
  const stacked = width < STACKED;
  const { picture, map: most, beside } = slide ? SLIDE : PAGE;
  const side = pixels * Math.floor((stacked ? Math.min(196, (width - 16) / 2) : picture) / pixels);
  const room = stacked ? width : width - side - beside - 2 * ARROW;
  return { side, words: stacked ? side : beside, map: columns * Math.floor(Math.min(most, room) / columns) };
}

// From one picture to the next: what happens in between, and its name.
function arrowBetween(above, below, name) {
  const words = [above, "\u2192", below];
  const lines = words.map((text, i) => element("span", i === 1 ? { class: "vq-tip" } : {}, text));
  return element("div", { class: `vq-arrow vq-${name}`, "aria-hidden": "true" }, ...lines);
}

// x as a panel of the latent explorers, with the receptive field laid over it while nobody draws.
function inputPanel(space, hand) {
  const { field } = space.config;
  const picture = xPanel(space, hand);
  picture.node.append(frameNote("Green frame", field, "pixels that z_e depends on"));
  const pad = picture.node.querySelector(".vq-ink, .vq-shown");
  const overlay = canvas(224, 224, { class: "vq-overlay", "aria-hidden": "true" });
  layered(pad, overlay);
  for (const [name, away] of [["pointerdown", true], ["pointerup", false], ["pointercancel", false]]) {
    pad.addEventListener(name, () => overlay.node.classList.toggle("vq-away", away));
  }
  return {
    node: picture.node,
    resize(side) {
      picture.resize(side);
      if (side !== overlay.width) resize(overlay, side, side);
    },
    show(view) {
      picture.show(view);
      const same = Array.from(view.indices.keys()).filter((cell) => view.indices[cell] === view.code);
      paintWindow(overlay, field, view.cell, COLORS.encoder, same);
    },
  };
}

// While the pointer looks around, the line of words goes along; once it leaves, the line is of what was picked again.
function wordsAlong(el, looked) {
  return (view) => {
    const line = el.querySelector(".vq-status");
    if (!line) return;
    const looking = looked().cell !== null;
    if (looking || line.dataset.along) line.textContent = codebookWords(view);
    line.dataset.along = looking ? "yes" : "";
  };
}

function build(space, hand, peek, along) {
  const thumbnail = thumbnailSheet(space);
  const x = inputPanel(space, hand);
  const map = mapPanel(space, hand, peek, thumbnail), xHat = decodedPanel(space, hand, peek);
  const cell = cellPanel(space, hand, thumbnail), book = codebookPanel(space, hand, peek, thumbnail);
  const encode = arrowBetween("encode", "z_e", "encodes"), decode = arrowBetween("decode", "z_q", "decodes");
  const row = element("div", { class: "vq-codes" }, x.node, encode, map.node, decode, xHat.node);
  const nodes = [row, cell.node, book.node];
  // Keys act on what was picked, so the figure then shows that and not what the pointer rests on.
  for (const node of nodes) node.addEventListener("keydown", () => peek({ cell: null, code: null }), { capture: true });
  return {
    nodes,
    show(view) {
      for (const part of [x, map, xHat, cell, book]) part.show(view);
      along(view);
    },
    resize(width, slide) {
      const { side, words, map: mapSide } = codebookSizes(width, space.net, slide);
      x.resize(side);
      xHat.resize(side, words);
      map.resize(mapSide);
      cell.resize(slide);
      book.resize(width);
    },
  };
}

function render({ model, el }) {
  const space = codebookSpace(model.get("data"), model.get("config"));
  const viewNow = codebookViewer(space);
  let looked = { cell: null, code: null };
  const see = (state) => viewNow(state, looked);
  return liveFigure({
    model, el, see, words: codebookWords,
    build(getState, change, repaint) {
      const peek = (patch) => { looked = { ...looked, ...patch }; repaint(); };
      const hand = codebookHand(space, getState, () => see(getState()), change);
      return build(space, hand, peek, wordsAlong(el, () => looked));
    },
  });
}

export default { render };
