// The codebook: a table of all codes, one of them in detail, and how often each is used.

import { COLORS } from "../page/colors.js";
import { button, canvas, element, fold, paintImage, resize, setAttribute, setText } from "../page/kit.js";
import { layer } from "../page/layer.js";
import { keyed, pointing, roving, squareAt, stepOnGrid } from "./grid.js";
import { paintTable, paintUsage, tableShape } from "./paint.js";
import { EXAMPLES, patchOf, placeWords } from "./space.js";

const PATCH = 49;
const BIG = 84;
const TABLE = [500, 290]; // at most, wide and high
const USAGE_HEIGHT = 150;

function codeTable(space, hand, peek, thumbnail) {
  let shape = tableShape(space.K, ...TABLE);
  const sides = () => [shape.columns * shape.size, shape.rows * shape.size];
  const surface = canvas(...sides(), {
    class: "vq-codetable", tabindex: 0, role: "application", "aria-roledescription": "table of codes",
  });
  const lay = layer();
  const codeAt = (x, y) => squareAt(x, y, shape, space.K);
  pointing(surface, codeAt, { look: (code) => peek({ code }), pick: hand.pickCode });
  keyed(surface.node, (key) => {
    const { code, cell } = hand.state();
    const to = stepOnGrid(key, code, shape.columns, space.K);
    if (to !== null) return () => hand.pickCode(to);
    return key === "Enter" ? () => hand.swap(cell, code) : null;
  });
  return {
    node: surface.node,
    resize(width) {
      shape = tableShape(space.K, Math.min(width, TABLE[0]), TABLE[1]);
      if (sides()[0] !== surface.width) resize(surface, ...sides());
    },
    show(view) {
      paintTable(surface, lay, shape, view, thumbnail, space.K);
      const words = `Codebook. Code ${view.code}. Arrow keys move, Enter puts the code into the cell.`;
      setAttribute(surface.node, "aria-label", words);
    },
  };
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

function strokeSquare(pen, corner, side) {
  pen.strokeStyle = COLORS.codebook;
  pen.lineWidth = 2;
  pen.strokeRect(corner, corner, side, side);
}

// A patch of x around a cell that uses the code; a click looks at its digit.
function example(space, hand) {
  const picture = canvas(PATCH, PATCH, { "aria-hidden": "true" });
  let shown, shownCode;
  const look = () => hand.example(shown, shownCode);
  const node = element("button", { type: "button", class: "vq-patch", tabindex: -1, onclick: look }, picture.node);
  return {
    node,
    show(each, code) {
      node.hidden = !each;
      if (!each || (each === shown && code === shownCode)) return;
      shown = each;
      shownCode = code;
      const { field } = space.config, unit = PATCH / field.size;
      paintImage(picture, patchOf(space.image(each.digit), field, each.cell));
      strokeSquare(picture.pen, -field.start * unit, field.stride * unit);
      const place = placeWords(each.cell, field.columns);
      node.setAttribute("aria-label", `${capital(space.nameOf(each.digit))}, ${place}: show it`);
    },
  };
}

function exampleGrid(space, hand) {
  const all = Array.from({ length: EXAMPLES }, () => example(space, hand));
  const name = `Cells of other ${space.noun}s that use the code`;
  const attributes = { class: "vq-patches", role: "group", "aria-label": name };
  const grid = element("div", attributes, ...all.map((each) => each.node));
  roving(grid);
  const caption = element("p", { class: "vq-note" });
  return {
    nodes: [caption, grid],
    show(code) {
      const found = space.examples(code);
      const words = `${found.length} cells that use it, each with its receptive field:`;
      caption.textContent = found.length ? words : `No ${space.noun} shown here uses it.`;
      all.forEach((each, i) => each.show(found[i], code));
      const stop = all.find((each) => !each.node.hidden);
      for (const each of all) each.node.tabIndex = each === stop ? 0 : -1;
    },
  };
}

const counted = (n) => n.toLocaleString("en-US");
const howMany = ({ usage, net, noun }) => `${counted(usage.total / net.places)} ${noun}s`;

function codeWords(space, code) {
  const { counts, ranks, usage, K } = space;
  const share = (100 * counts[code]) / usage.total;
  if (!counts[code]) return `never used in ${howMany(space)}: a dead code`;
  const cells = `in ${counted(counts[code])} of ${counted(usage.total)} cells, ${share.toFixed(share < 0.1 ? 3 : 2)}%`;
  return `${cells}; rank ${ranks[code] + 1} of ${K} by use`;
}

// What a code draws, how often it is used, and the button that puts it into the cell.
function codeHead(space, hand, thumbnail) {
  const big = canvas(BIG, BIG, { class: "vq-big", role: "img" });
  const name = element("span", { class: "vq-title vq-purple" });
  const words = element("p", { class: "vq-line" });
  const put = button("", () => hand.swap(hand.state().cell, hand.state().code));
  const said = element("div", { class: "vq-panel" }, element("p", { class: "vq-heading" }, name), words, put);
  return {
    node: element("div", { class: "vq-codehead" }, big.node, said),
    offer(code) { setText(put, `Put code ${code} into the cell`); },
    show(code) {
      thumbnail(big.pen, code, 0, 0, BIG);
      strokeSquare(big.pen, BIG / 3, BIG / 3); // its own 4 x 4 pixels, as the code map shows them
      big.node.setAttribute("aria-label", `What code ${code} draws, on average`);
      name.textContent = `code ${code}`;
      words.textContent = codeWords(space, code);
    },
  };
}

function codeDetail(space, hand, thumbnail) {
  const head = codeHead(space, hand, thumbnail), examples = exampleGrid(space, hand);
  let shown;
  return {
    node: element("div", { class: "vq-panel vq-detail" }, head.node, ...examples.nodes),
    show({ code, state }) {
      head.offer(state.code);
      if (code === shown) return;
      shown = code;
      for (const part of [head, examples]) part.show(code);
    },
  };
}

function usageWords(space) {
  const { K } = space, { used, perplexity, bits } = space.usage;
  const all = used === K ? `All ${K} codes are used` : `${used} of ${K} codes are used`;
  const even = `the entropy of ${perplexity.toFixed(0)} equally common codes`;
  const rate = `${bits.toFixed(2)} of ${Number(Math.log2(K).toFixed(2))} bits per cell`;
  return `${all} in ${howMany(space)}. Perplexity ${perplexity.toFixed(1)}: ${even}, ${rate}.`;
}

function usageChart(space, hand, peek) {
  const { K, order, ranks } = space;
  const surface = canvas(940, USAGE_HEIGHT, {
    class: "vq-usage", tabindex: 0, role: "application", "aria-roledescription": "histogram",
  });
  const lay = layer();
  let f;
  const codeAt = (x) => order[Math.floor(f.valueAt(x))] ?? null;
  pointing(surface, codeAt, { look: (code) => peek({ code }), pick: hand.pickCode });
  keyed(surface.node, (key) => {
    const to = stepOnGrid(key, ranks[hand.state().code], 1, K);
    return to === null ? null : () => hand.pickCode(order[to]);
  });
  return {
    node: surface.node,
    resize(width) { if (width !== surface.width) resize(surface, width, USAGE_HEIGHT); },
    show({ code }) {
      f = paintUsage(surface, lay, space, code);
      const words = `Usage of the codes, most used first. Code ${code}: ${codeWords(space, code)}.`;
      setAttribute(surface.node, "aria-label", `${words} Left and right arrow keys move.`);
    },
  };
}

export function codebookPanel(space, hand, peek, thumbnail) {
  const table = codeTable(space, hand, peek, thumbnail);
  const detail = codeDetail(space, hand, thumbnail);
  const usage = usageChart(space, hand, peek);
  const title = element("span", { class: "vq-title vq-purple" }, `${space.K} codes`);
  const hint = element("span", { class: "vq-note" }, "what each draws, on average");
  const heading = element("p", { class: "vq-heading" }, title, " ", hint);
  const note = "Purple frame: used in this map. Point at a code, or click to keep it.";
  const left = element("div", { class: "vq-panel" }, heading, table.node, element("p", { class: "vq-note" }, note));
  const words = element("p", { class: "vq-line vq-usagewords" }, usageWords(space));
  const lookup = element("div", { class: "vq-lookup" }, left, detail.node);
  const summary = `The codebook: what its ${space.K} codes draw, and how often each is used`;
  const node = fold(summary, lookup, words, usage.node);
  node.classList.add("vq-codebook");
  return {
    node,
    resize(width) { for (const part of [table, usage]) part.resize(width); },
    show(view) { for (const part of [table, detail, usage]) part.show(view); },
  };
}
