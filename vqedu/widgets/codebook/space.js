// What the codebook explorer computes: digits, their codes, what a swap changes. Nothing here touches the page.

import { unpack } from "../page/nn.js";
import { vqvae } from "../page/conv_nets.js";

const NEAREST_SHOWN = 8;
export const EXAMPLES = 24;

// Codes from the most used to the least; equally used ones by their index.
const byUse = (counts) => Array.from(counts.keys()).sort((a, b) => counts[b] - counts[a] || a - b);

// How unevenly the codes are used: the entropy of their shares in bits, and 2 to that power, the perplexity.
export function usageOf(counts) {
  const total = counts.reduce((a, b) => a + b, 0);
  let bits = 0;
  for (const count of counts) if (count) bits -= (count / total) * Math.log2(count / total);
  return { total, used: counts.filter((count) => count > 0).length, bits, perplexity: 2 ** bits };
}

// Up to 24 cells that use code k, as { digit, cell }: from as many digits as there are, then second cells of these.
function examplesOf(maps, places, k) {
  const groups = [];
  for (let digit = 0; digit * places < maps.length; digit++) {
    const cells = [];
    for (let cell = 0; cell < places; cell++) if (maps[digit * places + cell] === k) cells.push({ digit, cell });
    // Not always the first one: background, say, is used all over the map.
    if (cells.length) groups.push(cells.map((_, i) => cells[(i + digit * 31) % cells.length]));
  }
  const found = [];
  for (let round = 0; round < places && found.length < EXAMPLES; round++) {
    for (const cells of groups) if (cells.length > round && found.length < EXAMPLES) found.push(cells[round]);
  }
  return found;
}

export function codebookSpace(data, config) {
  const arrays = unpack(data, config.arrays);
  const { images, labels, maps, counts, strokes } = arrays;
  const net = vqvae(config.net, arrays);
  const order = byUse(counts);
  const ranks = new Uint16Array(net.K);
  order.forEach((k, rank) => { ranks[k] = rank; });
  const { size, places } = net, area = net.channels * config.stroke_side ** 2;
  const { noun, names } = config;
  const known = new Map();
  return {
    config, net, K: net.K, labels, names, noun, paper: net.paper(), counts, order, ranks, usage: usageOf(counts),
    nameOf: (i) => names?.[i] ?? `${noun} ${labels[i]}`,
    image: (i) => Float32Array.from(images.subarray(i * size, (i + 1) * size), (v) => v / 255),
    // What a code draws: the mean patch of x_hat around the cells that use it.
    stroke: (k) => Float32Array.from(strokes.subarray(k * area, (k + 1) * area), (v) => v / 255),
    examples(k) {
      if (!known.has(k)) known.set(k, examplesOf(maps, places, k));
      return known.get(k);
    },
  };
}

// The pixels first .. last that belong to position i of the map, one axis at a time, cut at the edges of the picture.
export function pixelRange({ start, stride, size, side }, i) {
  const first = start + stride * i;
  return [Math.max(first, 0), Math.min(first + size, side) - 1];
}

// Both axes at a cell: { left, top, width, height } in pixels.
export function windowOf(field, cell) {
  const [left, right] = pixelRange(field, cell % field.columns);
  const [top, bottom] = pixelRange(field, Math.floor(cell / field.columns));
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

// The pixels size x size of a picture around a cell; those beyond its edges count as paper.
export function patchOf(pixels, { start, stride, size, side, columns }, cell) {
  const left = start + stride * (cell % columns), top = start + stride * Math.floor(cell / columns);
  const channels = pixels.length / side ** 2;
  const patch = new Float32Array(channels * size * size).fill(channels > 1 ? 1 : 0);
  for (let c = 0; c < channels; c++) {
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const y = top + row, x = left + column, inside = x >= 0 && x < side && y >= 0 && y < side;
        if (inside) patch[(c * size + row) * size + column] = pixels[(c * side + y) * side + x];
      }
    }
  }
  return patch;
}

const meanSquare = (a, b) => a.reduce((sum, v, i) => sum + (v - b[i]) ** 2, 0) / a.length;

// All codes from the nearest to the farthest.
const byDistance = (squares) => Array.from(squares.keys()).sort((a, b) => squares[a] - squares[b] || a - b);

// The nearest codes, and the one that the cell has now.
function candidatesOf(squares, present) {
  const sorted = byDistance(squares);
  const shown = sorted.slice(0, NEAREST_SHOWN);
  if (!shown.includes(present)) shown[shown.length - 1] = present;
  return shown.map((k) => ({ k, square: squares[k], rank: sorted.indexOf(k) }));
}

// The picture x of a state: drawn, picked, or empty paper.
function pictureOf(space, { drawing, digit }) {
  if (drawing) return Float32Array.from(drawing, (v) => v / 255);
  return digit === null ? space.paper : space.image(digit);
}

// From the state, and what the pointer only looks at (peek), to everything that the parts show.
export function codebookViewer(space) {
  const { net } = space;
  let key, x, z, own, ownError, swapsKey, decoded;
  return (state, peek) => {
    const now = state.drawing ?? state.digit;
    if (now !== key) {
      key = now;
      x = pictureOf(space, state);
      z = net.encode(x);
      own = net.nearest(z);
      ownError = meanSquare(net.decode(own), x);
      swapsKey = null;
    }
    if (state.swaps !== swapsKey) {
      swapsKey = state.swaps;
      const indices = Uint16Array.from(own);
      for (const [cell, k] of state.swaps) indices[cell] = k;
      const pixels = net.decode(indices);
      decoded = { indices, pixels, error: meanSquare(pixels, x), swapped: state.swaps.map(([at]) => at) };
    }
    const { indices } = decoded;
    const cell = peek.cell ?? state.cell;
    const code = peek.code ?? (peek.cell === null ? state.code : indices[cell]);
    const squares = net.distances(z, cell);
    return {
      state, x, z, own, cell, code, squares, ownError, ...decoded,
      candidates: candidatesOf(squares, indices[cell]),
    };
  };
}

export const placeWords = (cell, columns) => `row ${Math.floor(cell / columns) + 1}, column ${(cell % columns) + 1}`;

// What is true of the figure now, in one line that is also spoken.
export function codebookWords(view) {
  const { cell, own, indices, squares, error, ownError, swapped } = view;
  const far = (k) => squares[k].toFixed(2);
  const here = placeWords(cell, Math.sqrt(own.length));
  const nearest = `At ${here}, z_e is nearest to code ${own[cell]} (squared distance ${far(own[cell])})`;
  const put = indices[cell] === own[cell] ? "" : `; you put in code ${indices[cell]} (${far(indices[cell])})`;
  const cost = swapped.length ? `; error ${ownError.toFixed(4)} \u2192 ${error.toFixed(4)}` : "";
  return `${nearest}${put}${cost}.`;
}

// What a hand does, whichever part it does it in.
export function codebookHand(space, getState, getView, change) {
  const without = (cell) => getState().swaps.filter(([at]) => at !== cell);
  // Put code k into a cell; its own code once more is no swap.
  function swap(cell, k) {
    const swaps = k === getView().own[cell] ? without(cell) : [...without(cell), [cell, k]];
    change({ cell, code: k, swaps });
  }
  return {
    state: getState,
    swap,
    look: ({ digit = null, drawing = null }) => change({ digit, drawing, swaps: [] }),
    pick: (cell) => change({ cell, code: getView().indices[cell] }),
    pickCode: (code) => change({ code }),
    example: ({ digit, cell }, code) => change({ digit, drawing: null, swaps: [], cell, code }),
    putBack: (cell) => change({ swaps: without(cell), code: getView().own[cell] }),
    // A code for each cell, all of them equally likely.
    random() {
      const { own } = getView();
      const drawn = Array.from(own, (_, at) => [at, Math.floor(Math.random() * space.K)]);
      change({ swaps: drawn.filter(([at, k]) => k !== own[at]), code: drawn[getState().cell][1] });
    },
    putAllBack: () => change({ swaps: [], code: getView().own[getState().cell] }),
    // The code that is next nearest to z_e after the present one; after the farthest the nearest again.
    next(cell) {
      const { z, indices } = getView();
      const sorted = byDistance(space.net.distances(z, cell));
      swap(cell, sorted[(sorted.indexOf(indices[cell]) + 1) % sorted.length]);
    },
  };
}
