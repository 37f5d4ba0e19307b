// The effective-beta calculator: the loss as a learner writes it, the two factors hidden in it, and the beta they make.

import { element } from "../page/kit.js";
import { liveFigure } from "../page/figure.js";
import { answer, betaScale, codeBoard } from "./board.js";
import { inputs, recipeButtons } from "./fields.js";
import { verdict, viewOf } from "./math.js";

// What is in the fields: the state and, on top of it, what has been typed and is not a state yet. A wrong number stays
// in its field until it is corrected, or until a new state comes from elsewhere.
function drafts() {
  let draft = { on: null, typed: {} };
  const typed = (state) => (draft.on === state ? draft.typed : {});
  return {
    values: (state) => ({ ...state, ...typed(state) }),
    keep(state, values) { draft = { on: state, typed: { ...typed(state), ...values } }; },
  };
}

function build({ recipes }, see, draft, getState, change, repaint) {
  const onset = (values) => {
    const state = getState();
    draft.keep(state, values);
    const { wrong, values: all } = see(state);
    if (wrong) return repaint();
    // A variance that does not count may still be a wrong number.
    change({ ...all, variance: all.variance > 0 ? all.variance : state.variance });
  };
  const recipe = recipeButtons(recipes, onset), fields = inputs(onset);
  const board = codeBoard(), result = answer(), scale = betaScale();
  const right = element("div", { class: "vq-beta-right" }, board.node, result.node);
  return {
    nodes: [recipe.node, element("div", { class: "vq-beta-board" }, fields.node, right), scale.node],
    resize: scale.resize,
    show(view) {
      for (const part of [recipe, fields, result]) part.show(view);
      if (!view.wrong) for (const part of [board, scale]) part.show(view);
    },
  };
}

function render({ model, el }) {
  const config = model.get("config");
  const draft = drafts();
  const see = (state) => viewOf(config.code, draft.values(state));
  return liveFigure({
    model, el, see, title: "What is the \u03B2 of this code, really?", name: "Effective-beta calculator", heard: true,
    words: ({ wrong, value }) => (wrong ? wrong[1] : verdict(value)),
    build: (...live) => build(config, see, draft, ...live),
  });
}

export default { render };
