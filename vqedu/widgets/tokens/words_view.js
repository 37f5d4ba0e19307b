// What the words-and-images explorer computes: one sequence of tokens, read or drawn. Nothing here touches the page.

import { unpack } from "../page/nn.js";
import { vqvae } from "../page/conv_nets.js";
import { transformer } from "../page/transformer.js";
import { distribution, reader } from "./math.js";
import { BUDGET_MS, drawCodes, pictures, PLACES } from "./view.js";

export const LIKELIEST = 8; // tokens shown of those that may come next
export const OPTIONS = 5; // words shown at each place of the answer, at most
const WORTH_SHOWING = 0.0005; // the probability below which they are not

function problemOf({ known, unknown }, words, most) {
  const quoted = unknown.map((word) => `\u201c${word}\u201d`).join(", ");
  const all = words.join(", ");
  if (unknown.length) {
    const are = unknown.length > 1 ? "are" : "is";
    return `${quoted} ${are} not among the model's ${words.length} words: ${all}.`;
  }
  if (!known.length) return `Write 1 to ${most} of these words: ${all}.`;
  if (known.length <= most) return null;
  return `A request has at most ${most} words, and this one has ${known.length}. Shorten it.`;
}

// "A thick purple" -> { known: ["a", "thick"], unknown: ["purple"], problem: a sentence, or null }.
export function parseText(text, words, most) {
  const typed = text.toLowerCase().split(/[^\p{L}]+/u).filter(Boolean);
  const known = typed.filter((word) => words.includes(word)), unknown = typed.filter((word) => !words.includes(word));
  return { known, unknown, problem: problemOf({ known, unknown }, words, most) };
}

// Token numbers and what they mean: codes are 0 .. K - 1, then come the words, then the marks.
function vocabulary({ words, marks }, K) {
  const names = [...words, ...marks];
  const kindOf = (name) => (marks.includes(name) ? "mark" : "word");
  return {
    number: (name) => K + names.indexOf(name),
    entry(token) {
      const name = names[token - K];
      return { token, name: name ?? String(token), kind: name === undefined ? "image" : kindOf(name) };
    },
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
  const said = chosen ?? sayable[0].name;
  const shown = sayable.slice(0, OPTIONS).map((each) => ({ ...each, p: p[each.token] }));
  const options = shown.filter((each) => each.p >= WORTH_SHOWING || each.name === said);
  return { options, said, p: p[number(said)] };
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
  const { picture, K, after, entry } = model;
  const { known, problem } = parseText(state.text, model.words, model.most);
  const begun = state.drawn !== null && !problem;
  const prompt = promptOf(model, known, begun);
  const { codes } = begun ? drawCodes({ after, prompt, K }, state, until) : { codes: [] };
  const complete = codes.length === PLACES, waiting = begun && !complete;
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
  const { K } = net, { words, most_words: most } = config;
  const image = (i) => Float32Array.from(arrays.images.subarray(784 * i, 784 * (i + 1)), (v) => v / 255);
  const readers = { after: reader(network), readBack: reader(network) };
  const model = { net, picture: pictures(net), K, words, most, ...vocabulary(config, K), ...readers, source: reading(net, image) };
  return {
    net, K, words, most, image, labels: Array.from(arrays.labels),
    see(state, budget = BUDGET_MS) {
      const until = performance.now() + budget;
      return (state.order === "draw" ? seeDrawing : seeReading)(model, state, until);
    },
  };
}

export const sentenceOf = (steps) => steps.map(({ said }) => said).filter((word) => word !== "<end>").join(" ");
