// What the words-and-images explorer computes: one sequence of tokens, read or drawn by one model. Nothing touches the page.

import { unpack } from "../page/nn.js";
import { vqvae } from "../page/conv_nets.js";
import { transformer } from "../page/transformer.js";
import { distribution, reader } from "./math.js";
import { BUDGET_MS, drawCodes, partlyDecoded, PLACES } from "./view.js";

const LIKELIEST = 8; // tokens shown of those that may come next
const OPTIONS = 5; // words shown at each place of the answer, at most
const WORTH_SHOWING = 0.0005; // the probability below which they are not

// "A thick purple" -> { known: ["a", "thick"], unknown: ["purple"], problem: a sentence, or null }.
export function parseText(text, words, most) {
  const typed = text.toLowerCase().split(/[^\p{L}]+/u).filter(Boolean);
  const known = typed.filter((word) => words.includes(word)), unknown = typed.filter((word) => !words.includes(word));
  const quoted = unknown.map((word) => `\u201c${word}\u201d`).join(", ");
  let problem = null;
  if (unknown.length) problem = `${quoted} ${unknown.length > 1 ? "are" : "is"} not among the ${words.length} words that the model knows: ${words.join(", ")}.`;
  else if (!known.length) problem = `Write 1 to ${most} of these words: ${words.join(", ")}.`;
  else if (known.length > most) problem = `The model was taught at most ${most} words; these are ${known.length}. Take one away.`;
  return { known, unknown, problem };
}

// Token numbers and what they stand for: codes are 0 .. K - 1, then come the words, then the marks.
function vocabulary({ words, marks }, K) {
  const names = [...words, ...marks];
  return {
    number: (name) => K + names.indexOf(name),
    entry(token) {
      const name = names[token - K];
      return { token, name: name ?? String(token), kind: name === undefined ? "image" : marks.includes(name) ? "mark" : "word" };
    },
  };
}

export function wordsModel(data, config) {
  const arrays = unpack(data, config.arrays);
  const net = vqvae(config.vqvae, arrays);
  const { K } = net, { words, marks, most_words: most } = config;
  const { number, entry } = vocabulary(config, K);
  const model = transformer(config.transformer, arrays);
  const after = reader(model), readBack = reader(model);
  const image = (i) => Float32Array.from(arrays.images.subarray(784 * i, 784 * (i + 1)), (v) => v / 255);
  let encoded = { of: null, codes: null };

  // The picture to read: drawn by hand, picked, or made of codes that the model drew.
  function source({ drawing, digit, codes }) {
    if (codes) return { codes, pixels: null };
    const of = drawing ?? digit;
    if (of === null) return null;
    if (encoded.of !== of) {
      const pixels = drawing ? Float32Array.from(drawing, (v) => v / 255) : image(digit);
      encoded = { of, pixels, codes: Array.from(net.nearest(net.encode(pixels))) };
    }
    return encoded;
  }

  // Word after word the likeliest, or the one that the hand chose, until <end>. null while `until` has passed.
  function say(follow, codes, chosen, until) {
    const tokens = [number("<image>"), ...codes, number("<words>")];
    const steps = [];
    while (steps.length < most) {
      const logits = follow(tokens, until);
      if (!logits) return null;
      const { order, p } = distribution(logits);
      const sayable = order.map(entry).filter((each) => each.kind === "word" || each.name === "<end>");
      const said = chosen[steps.length] ?? sayable[0].name;
      const options = sayable.map((each) => ({ ...each, p: p[each.token] })).slice(0, OPTIONS).filter((each) => each.p >= WORTH_SHOWING || each.name === said);
      steps.push({ options, said, p: p[number(said)] });
      if (said === "<end>") break;
      tokens.push(number(said));
    }
    return steps;
  }

  function seeDrawing(state, until) {
    const { known, problem } = parseText(state.text, words, most);
    const begun = state.drawn !== null && !problem;
    const written = ["<words>", ...known.slice(0, most)];
    while (begun && written.length <= most) written.push("<end>"); // as taught: the places of missing words hold <end>
    const prompt = (begun ? [...written, "<image>"] : written).map(number);
    const { codes } = begun ? drawCodes({ after, prompt, K }, state, until) : { codes: [] };
    const behind = begun && codes.length < state.drawn;
    const awaits = begun && codes.length < PLACES;
    const logits = awaits && !behind ? after([...prompt, ...codes], until) : null;
    const next = logits && distribution(logits);
    const likeliest = next && next.order.slice(0, LIKELIEST).map((token) => ({ ...entry(token), p: next.p[token] }));
    const back = codes.length === PLACES ? say(readBack, codes, [], until) : null;
    return {
      state, problem, begun, codes, likeliest, pixels: partlyDecoded(net, codes), sequence: [...prompt, ...codes].map(entry),
      readBack: back && sentenceOf(back), behind: awaits ? !logits : codes.length === PLACES && !back,
    };
  }

  function seeReading(state, until) {
    const shown = source(state);
    if (!shown) return { state, codes: [], pixels: null, input: null, steps: null, sequence: [], behind: false };
    const steps = say(after, shown.codes, state.said, until);
    const answer = steps ? steps.map(({ said }) => number(said)) : [];
    const sequence = [number("<image>"), ...shown.codes, number("<words>"), ...answer].map(entry);
    return { state, codes: shown.codes, pixels: partlyDecoded(net, shown.codes), input: shown.pixels, steps, sequence, behind: !steps };
  }

  return {
    net, K, words, most, image, labels: Array.from(arrays.labels),
    see(state, budget = BUDGET_MS) {
      const until = performance.now() + budget;
      return state.order === "draw" ? seeDrawing(state, until) : seeReading(state, until);
    },
  };
}

export const sentenceOf = (steps) => steps.map(({ said }) => said).filter((word) => word !== "<end>").join(" ");
