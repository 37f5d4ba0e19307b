// What predictions and quizzes share: a card with a question, its choices, two buttons, and where the answer is kept.
import { element, button } from "../page/kit.js";

// Text goes in as text nodes; what is between `backticks` becomes code.
export function rich(text) {
  return text.split("`").map((part, i) => (i % 2 ? element("code", {}, part) : document.createTextNode(part)));
}

// The model's state is a table key -> answer. With a kernel the model keeps it; a page of its own asks the browser,
// which may refuse a page from a file.
export function keeper(model, key) {
  const name = `vqedu:${key}`;
  const alone = model.get("kernel") === undefined;
  const read = () => {
    if (!alone) return model.get("state")[key] ?? {};
    try { return JSON.parse(localStorage.getItem(name)) ?? {}; } catch { return {}; }
  };
  const write = (answer) => {
    model.set("state", { ...model.get("state"), [key]: answer });
    model.save_changes();
    if (!alone) return;
    try {
      if (Object.keys(answer).length) localStorage.setItem(name, JSON.stringify(answer));
      else localStorage.removeItem(name);
    } catch { /* the answer lives as long as the page */ }
  };
  return { read, write };
}

// The card of one question: badge and question, then whatever `board` is, then one of two buttons, then what there is
// to say. `onnext` adds a way on to the next card.
export function card(model, { badge, question, key, board, commit, again, oncommit, onagain, onnext }) {
  const first = button(commit, oncommit, { class: "vq-button vq-q-commit" });
  const second = button(again, () => { onagain(); first.focus(); }, { class: "vq-button vq-q-again" });
  const onwards = onnext && button("Next question", onnext, { class: "vq-button vq-q-commit vq-q-next" });
  const said = element("p", { class: "vq-q-said", role: "status" });
  const trouble = element("p", { class: "vq-note vq-q-trouble", role: "status" });
  const complain = () => { trouble.textContent = model.get("trouble") ?? ""; };
  const mark = element("span", { class: "vq-q-badge" }, badge);
  const head = element("p", { class: "vq-q-question" }, mark, " ", ...rich(question));
  const actions = element("div", { class: "vq-q-actions" }, first, ...(onwards ? [onwards] : []), second, said);
  const label = `${badge}: ${question.replaceAll("`", "")}`;
  const attributes = { class: "vq-q-card", role: "group", "aria-label": label, "data-key": key };
  const node = element("div", attributes, head, board, actions, trouble);
  model.on("change:trouble", complain);
  // Once done, the second button (or the way on) takes the first one's place, and the keyboard goes along.
  const show = (done, sentence) => {
    const here = document.activeElement === first;
    first.hidden = done;
    second.hidden = !done;
    if (onwards) onwards.hidden = !done;
    if (done && here) (onwards ?? second).focus();
    said.replaceChildren(...rich(sentence));
  };
  complain();
  return { node, show };
}

// Answers to choose from, one a row: a radio button, a mark at its right, and a line of feedback that is read aloud.
export function choiceRows(choices, onpick) {
  const name = `vq-q-${Math.random().toString(36).slice(2)}`;
  const rows = choices.map((choice) => {
    const input = element("input", { type: "radio", name, onchange: () => onpick?.(choice) });
    const mark = element("span", { class: "vq-q-mark" });
    const feedback = element("p", { class: "vq-q-feedback", role: "status" });
    const label = element("label", {}, input, element("span", { class: "vq-q-text" }, ...rich(choice)), mark);
    return { choice, input, mark, feedback, node: element("div", { class: "vq-q-row" }, label, feedback) };
  });
  const group = { class: "vq-q-rows", role: "radiogroup", "aria-label": "Answers" };
  const node = element("div", group, ...rows.map((row) => row.node));
  const chosen = () => rows.find(({ input }) => input.checked)?.choice;
  // kind: "" (plain), "wrong" or "right"; it sets the look, `mark` and `words` say the same in text.
  const show = (choice, { checked = false, disabled = false, kind = "", mark = "", words = "" }) => {
    const row = rows.find((one) => one.choice === choice);
    Object.assign(row.input, { checked, disabled });
    row.node.dataset.kind = kind;
    row.mark.textContent = mark;
    row.feedback.replaceChildren(...rich(words));
  };
  return { node, chosen, show };
}
