// What the words-and-images explorer computes: one sequence of tokens, read or drawn. Nothing here touches the page.

import { unpack } from "../page/nn.js";
import { vqvae } from "../page/conv_nets.js";
import { transformer } from "../page/transformer.js";
import { distribution, once, reader } from "./math.js";
import { BUDGET_MS, drawCodes, pictures } from "./view.js";

export const LIKELIEST = 8; // tokens shown of those that may come next
export const OPTIONS = 5; // words shown at each place of the answer, at most
const WORTH_SHOWING = 0.0005; // the probability below which they are not

const MARKS = /[,:;.!?()"\u201c\u201d]/g; // as in vqedu/data/tokenizer.py

// A word as pieces, each the longest that fits; null where a letter is among none of them.
function piecesOf(word, { numbers, longest }) {
  const found = [];
  for (let rest = `${word} `; rest; rest = rest.slice(found.at(-1).length)) {
    let count = Math.min(longest, rest.length);
    while (count && !numbers.has(rest.slice(0, count))) count -= 1;
    if (!count) return null;
    found.push(rest.slice(0, count));
  }
  return found;
}

function problemOf({ known, unknown }, { words, open, most }) {
  const quoted = unknown.map((word) => `\u201c${word}\u201d`).join(", ");
  if (open) {
    if (unknown.length) return `There are letters in ${quoted} that the model was never taught.`;
    if (!known.length) return "Write what it should draw.";
    return known.length <= most ? null : `A name may have ${most} pieces; these are ${known.length}. Make it shorter.`;
  }
  const all = words.join(", ");
  if (unknown.length) {
    const are = unknown.length > 1 ? "are" : "is";
    return `${quoted} ${are} not among the model's ${words.length} words: ${all}.`;
  }
  if (!known.length) return `Write 1 to ${most} of these words: ${all}.`;
  if (known.length <= most) return null;
  return `A request has at most ${most} words, and this one has ${known.length}. Shorten it.`;
}

// "A thick purple" -> { known: ["a", "thick"], unknown: ["purple"], problem: a sentence, or null }; of an open
// vocabulary `known` are the pieces.
export function parseText(text, model) {
  const typed = text.toLowerCase().replace(MARKS, " ").split(/\s+/).filter(Boolean);
  const split = typed.map((word) => piecesOf(word, model));
  const known = split.flatMap((found) => found ?? []).map((piece) => model.words[model.numbers.get(piece)]);
  const unknown = typed.filter((_, i) => !split[i]);
  return { known, unknown, problem: problemOf({ known, unknown }, model) };
}

// Token numbers and what they mean: codes are 0 .. K - 1, then come the words or the pieces of words, then the marks.
// A piece that ends a word ends in a space.
function vocabulary({ words, pieces, marks }, K) {
  const names = [...words, ...marks], places = new Map(names.map((name, i) => [name, i]));
  const texts = [...pieces, ...marks.map(() => "")];
  const labelOf = (i) => (!texts[i] || texts[i].endsWith(" ") ? names[i].trim() : `${names[i]}\u2011`);
  return {
    words, numbers: new Map(pieces.map((piece, i) => [piece, i])), open: pieces.some((piece) => !piece.endsWith(" ")),
    longest: Math.max(...pieces.map((piece) => piece.length)),
    number: (name) => K + places.get(name),
    entry(token) {
      const i = token - K, name = names[i];
      if (name === undefined) return { token, name: String(token), label: String(token), text: "", kind: "image" };
      return { token, name, label: labelOf(i), text: texts[i], kind: i < words.length ? "word" : "mark" };
    },
  };
}

// The logits of a code, given what was asked for and what was drawn: none + guidance (asked - none), where `none` are
// those without a request. As WordsAndCodes.draw has it.
function guided({ after, unasked }, nothing, guidance) {
  if (guidance === 1) return after;
  const mixture = once(() => ({})); // of the logits of a request: what guidance makes of them
  return (tokens, until) => {
    const asked = after(tokens, until), none = unasked([...nothing, ...tokens.slice(nothing.length)], until);
    return asked && none && (mixture(asked).logits ??= asked.map((v, i) => none[i] + guidance * (v - none[i])));
  };
}

// source(state): the picture to read, drawn by hand, picked, or made of codes that the model drew.
function reading(net, image) {
  let encoded = { of: null, codes: null };
  return ({ drawing, digit, codes }) => {
    if (codes) return { codes, pixels: null };
    const of = drawing ?? digit;
    if (of === null) return null;
    if (encoded.of !== of) {
      const pixels = drawing ? Float32Array.from(drawing, (v) => v / 255) : image(digit);
      encoded = { of, pixels, codes: Array.from(net.nearest(net.encode(pixels))) };
    }
    return encoded;
  };
}

// The words that may come next, the likeliest first: those to show of them, and the one that is said.
function nextWord({ number, entry }, logits, chosen) {
  const { order, p } = distribution(logits);
  const sayable = order.map(entry).filter((each) => each.kind === "word" || each.name === "<end>");
  const said = chosen ?? sayable[0].name, { text } = entry(number(said));
  const shown = sayable.slice(0, OPTIONS).map((each) => ({ ...each, p: p[each.token] }));
  const options = shown.filter((each) => each.p >= WORTH_SHOWING || each.name === said);
  return { options, said, text, p: p[number(said)] };
}

// Word after word the likeliest, or the one that the hand chose, until <end>. null while `until` has passed.
function say(model, follow, codes, chosen, until) {
  const { number, most } = model;
  const tokens = [number("<image>"), ...codes, number("<words>")];
  const steps = [];
  while (steps.length < most && steps.at(-1)?.said !== "<end>") {
    const logits = follow(tokens, until);
    if (!logits) return null;
    steps.push(nextWord(model, logits, chosen[steps.length]));
    tokens.push(number(steps.at(-1).said));
  }
  return steps;
}

// The tokens before the codes: the words so far or, once it draws, as many as were taught, with <end> for missing ones.
function promptOf({ number, most }, known, begun) {
  const written = ["<words>", ...known.slice(0, most)];
  while (begun && written.length <= most) written.push("<end>");
  return (begun ? [...written, "<image>"] : written).map(number);
}

function likeliestOf({ entry }, logits) {
  const { order, p } = distribution(logits);
  return order.slice(0, LIKELIEST).map((token) => ({ ...entry(token), p: p[token] }));
}

function seeDrawing(model, state, until) {
  const { picture, K, places, entry, drawing: after } = model;
  const { known, problem } = parseText(state.text, model);
  const begun = state.drawn !== null && !problem;
  const prompt = promptOf(model, known, begun);
  const { codes } = begun ? drawCodes({ after, prompt, K, places }, state, until) : { codes: [] };
  const complete = codes.length === places, waiting = begun && !complete;
  const logits = waiting && codes.length >= state.drawn ? after([...prompt, ...codes], until) : null;
  const back = complete ? say(model, model.readBack, codes, [], until) : null;
  return {
    state, problem, begun, codes, likeliest: logits && likeliestOf(model, logits),
    pixels: picture.paced(codes, waiting && !logits),
    sequence: [...prompt, ...codes].map(entry),
    readBack: back && sentenceOf(back), behind: waiting ? !logits : complete && !back,
  };
}

const NOTHING_TO_READ = { codes: [], pixels: null, input: null, steps: null, sequence: [], behind: false };

function seeReading(model, state, until) {
  const { picture, number, entry } = model;
  const shown = model.source(state);
  if (!shown) return { state, ...NOTHING_TO_READ };
  const { codes, pixels: input } = shown;
  const steps = say(model, model.after, codes, state.said, until);
  const answer = steps ? steps.map(({ said }) => number(said)) : [];
  const sequence = [number("<image>"), ...codes, number("<words>"), ...answer].map(entry);
  return { state, codes, pixels: picture.paced(codes, false), input, steps, sequence, behind: !steps };
}

export function wordsModel(data, config) {
  const arrays = unpack(data, config.arrays);
  const net = vqvae(config.vqvae, arrays), network = transformer(config.transformer, arrays);
  const { K, size, places, columns } = net, { most_words: most, noun, names } = config;
  const image = (i) => Float32Array.from(arrays.images.subarray(size * i, size * (i + 1)), (v) => v / 255);
  const readers = { after: reader(network), unasked: reader(network), readBack: reader(network) };
  const known = { K, places, most, ...vocabulary(config, K) };
  const drawing = guided(readers, promptOf(known, [], true), config.guidance);
  const model = { picture: pictures(net), ...known, ...readers, drawing, source: reading(net, image) };
  return {
    net, ...known, columns, noun, names, paper: net.paper(), image, labels: Array.from(arrays.labels),
    chips: config.chips,
    see(state, budget = BUDGET_MS) {
      const until = performance.now() + budget;
      return (state.order === "draw" ? seeDrawing : seeReading)(model, state, until);
    },
  };
}

export const sentenceOf = (steps) => steps.map(({ text }) => text).join("").trim();
