// The 2-D quantization explorer: drag codes among points, and move them by k-means, moving averages or gradients.

import { canvas, element, resize, setText, sideBySide } from "../page/kit.js";
import { liveFigure } from "../page/figure.js";
import { unpack } from "../page/nn.js";
import { boardHeight, drawBoard } from "./board.js";
import { CHARTS, chartsPanel, scoreTable } from "./charts.js";
import { clockwork, DATA_SETS, sideControls, startControls } from "./controls.js";
import { dragCodes, listenOnBoard } from "./hold.js";
import { codesHand, headline, selectedWords, spoken, viewer } from "./view.js";

const WIDTHS = { board: 546, charts: CHARTS.width }; // CSS pixels
const GAP = 14;
const BOARD_ON_SLIDE = 408; // the width there
const KEY_WORDS = "Digits, comma and full stop select a code, arrow keys move it, with shift in large steps; "
  + "T selects the target, Delete kills the code, space is a step.";

// The rows of a table of n x 2 numbers.
const rowsOf = (flat) => Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);

function boardPanel(hand) {
  const attributes = { tabindex: 0, role: "application", "aria-label": `The points and codes. ${KEY_WORDS}` };
  const surface = canvas(WIDTHS.board, boardHeight(WIDTHS.board), attributes);
  dragCodes(surface, hand);
  listenOnBoard(surface, hand);
  return {
    node: surface.node,
    resize(width) { if (width !== surface.width) resize(surface, width, boardHeight(width)); },
    show(view) { drawBoard(surface, view); },
  };
}

function build(hand, repaint) {
  const board = boardPanel(hand), scores = scoreTable(), charts = chartsPanel(), starts = startControls(hand);
  const chosen = element("p", { class: "vq-status" });
  const clock = clockwork(board.node, () => hand.step(hand.state().method));
  const toggleRun = () => { clock[clock.running ? "stop" : "start"](); repaint(); };
  const controls = sideControls(hand, clock, toggleRun);
  const side = element("div", { class: "vq-panel vq-q2-side" }, scores.node, charts.node, chosen, controls.node);
  return {
    nodes: [element("div", { class: "vq-row vq-q2-figure" }, board.node, side), starts.node],
    playing: () => clock.running,
    show(view) {
      for (const part of [board, scores, charts, controls, starts]) part.show(view);
      setText(chosen, selectedWords(view));
    },
    resize(width, slide) {
      const onSlide = { board: BOARD_ON_SLIDE, charts: width - BOARD_ON_SLIDE - GAP };
      const fitted = slide ? onSlide : sideBySide(width, WIDTHS, GAP);
      board.resize(fitted.board);
      charts.resize(fitted.charts, slide);
    },
  };
}

function render({ model, el }) {
  const { table, wide, title } = model.get("config");
  const arrays = unpack(model.get("data"), table);
  const see = viewer(Object.fromEntries(DATA_SETS.map((name) => [name, rowsOf(arrays[name])])));
  return liveFigure({
    model, el, see, words: spoken, title: headline, name: title, heard: true,
    build: (getState, change, repaint) => build(codesHand(getState, see, change, wide), repaint),
  });
}

export default { render };
