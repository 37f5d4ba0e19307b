// The controls under the pictures: the walk from A to B, draws from the prior, the principal directions.

import { COLORS } from "../page/colors.js";
import { button, canvas, element, lessMotion, onceAFrame, paintImage, resize, setText, slider } from "../page/kit.js";
import { number } from "../page/numbers.js";
import { between } from "./space.js";
import { same } from "./view.js";

const FRAMES = 11;
const HANDLE = 16; // the width of a slider's handle in pixels, about the same in every browser
const WALK_MS = 3000;

// The walk as a film: FRAMES pictures from A to B, decoded anew only when A or B moves.
function film(space) {
  const words = "Images decoded along the line from A to B";
  const surface = canvas(700, 48, { class: "vq-film", role: "img", "aria-label": words });
  let shown = "";
  const paint = onceAFrame(() => {
    const { pen, width, height } = surface;
    pen.clearRect(0, 0, width, height);
    const [a, b] = JSON.parse(shown);
    for (let i = 0; i < FRAMES; i++) {
      pen.save();
      pen.translate((i * (width - height)) / (FRAMES - 1), 0);
      paintImage({ pen, width: height, height }, space.decode(between(a, b, i / (FRAMES - 1))).pixels);
      pen.restore();
    }
  });
  surface.node.addEventListener("sharpened", () => { if (shown) paint(); });
  return {
    node: surface.node,
    resize(width) {
      const side = Math.min(48, Math.floor(width / FRAMES) - 2);
      resize(surface, width, side);
      if (shown) paint();
      return side;
    },
    show({ a, b }) {
      const ends = JSON.stringify([a, b]);
      if (ends !== shown) { shown = ends; paint(); }
    },
  };
}

// Plays t from where it is to 1 (from 0, if it is at 1) in WALK_MS at full length.
function player(hand, walkTo) {
  let running = false;
  const control = button("Play", () => (running ? stop() : start()), { class: "vq-button vq-play" });
  function stop() { running = false; control.textContent = "Play"; }
  function start() {
    const from = hand.state().t >= 1 ? 0 : hand.state().t;
    let begin, { z } = hand.state();
    running = true;
    control.textContent = "Pause";
    requestAnimationFrame(function step(now) {
      begin ??= now;
      // A z that is not the last one of the walk: a hand has taken it elsewhere.
      if (!running || !control.isConnected || hand.state().z !== z) return stop();
      const t = Math.min(1, from + (now - begin) / WALK_MS);
      walkTo(lessMotion() ? Math.floor(t * (FRAMES - 1)) / (FRAMES - 1) : t);
      ({ z } = hand.state());
      if (t < 1) requestAnimationFrame(step);
      else stop();
    });
  }
  return { control, stop, running: () => running };
}

export function walkPanel(space, hand) {
  const walkTo = (t) => hand.change({ t, z: between(hand.state().a, hand.state().b, t) });
  const play = player(hand, walkTo);
  const along = slider({
    label: "from A to B", min: 0, max: 1, step: 0.005, value: 0,
    oninput: (t) => { play.stop(); walkTo(t); },
  });
  along.node.classList.add("vq-along");
  const strip = film(space);
  const position = element("span", { class: "vq-t" });
  const here = (name, t) => button(`${name} = here`, () => {
    play.stop();
    hand.change({ [name.toLowerCase()]: hand.state().z, t });
  });
  const buttons = element("div", { class: "vq-buttons" }, here("A", 0), here("B", 1), play.control, position);
  return {
    node: element("div", { class: "vq-walk" }, strip.node, along.node, buttons), buttons,
    playing: play.running,
    resize(width) {
      const first = strip.resize(width); // the slider runs from the middle of the first picture to that of the last
      along.node.style.margin = `0 ${first / 2 - HANDLE / 2}px`;
    },
    show({ state }) {
      const { a, b, t, z } = state;
      const onTheWay = same(between(a, b, t), z);
      along.show(t);
      const where = `t = ${t.toFixed(2)} of the way from A to B`;
      setText(position, onTheWay ? where : "z is not on the line from A to B");
      strip.show(state);
    },
  };
}

// Whether the map shows what the decoder makes of every place, in place of the codes.
export function gridBox(hand) {
  const box = element("input", { type: "checkbox", onchange: () => hand.change({ grid: box.checked }) });
  return {
    node: element("label", { class: "vq-check" }, box, "show what every place decodes to"),
    show({ state }) { box.checked = Boolean(state.grid); },
  };
}

export function priorPanel(hand) {
  const box = element("input", { type: "checkbox", onchange: () => hand.change({ prior: box.checked }) });
  const sample = button("Sample z ~ N(0, I)", () => hand.sample(), { class: "vq-button vq-prior" });
  const count = element("span", {});
  const check = element("label", { class: "vq-check" }, box, "show N(0, I) and its samples");
  const node = element("div", { class: "vq-buttons" }, sample, check, count);
  return {
    node,
    show({ state }) {
      box.checked = state.prior;
      setText(count, state.prior && state.draws ? `${state.draws} drawn` : "");
    },
  };
}

// One slider per principal direction of the codes, in standard deviations of the codes along it.
export function directionsPanel(space, hand) {
  const sliders = space.config.shares.map((share, k) => slider({
    label: `direction ${k + 1} (${Math.round(100 * share)}%)`, min: -3, max: 3, step: 0.05, value: 0,
    color: COLORS.decoder, format: (v) => `${number(v, 2)} sd`,
    oninput: (value) => hand.change({ z: space.withCoordinate(hand.state().z, k, value) }),
  }));
  const heading = "z along the principal directions of the codes (share of their variance)";
  const title = element("p", { class: "vq-title" }, heading);
  const column = element("div", { class: "vq-sliders" }, ...sliders.map((each) => each.node));
  return {
    node: element("div", { class: "vq-directions" }, title, column),
    show({ state }) { sliders.forEach((each, k) => each.show(space.coordinate(state.z, k))); },
  };
}

// The ten classes by color and numeral; a press shows one class alone.
export function legend({ config }, onchoose) {
  let only = null;
  const buttons = config.class_places.map(([label]) => {
    const dot = element("span", { class: "vq-dot" });
    dot.style.background = config.colors[label];
    const said = { "aria-label": `Show only class ${label}`, "aria-pressed": "false" };
    const attributes = { type: "button", class: "vq-class", ...said, onclick: () => choose(label) };
    return { label, node: element("button", attributes, dot, String(label)) };
  });
  function choose(label) {
    only = only === label ? null : label;
    for (const each of buttons) each.node.setAttribute("aria-pressed", String(each.label === only));
    onchoose(only);
  }
  const attributes = { class: "vq-legend", role: "group", "aria-label": "Classes on the map" };
  return element("div", attributes, ...buttons.map((each) => each.node));
}
