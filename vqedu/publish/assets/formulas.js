// What is wider than the page is scrolled by keys as well.
const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.setAttribute("tabindex", "0");
    else target.removeAttribute("tabindex");
  }
});

// Typesets the formulas that Sphinx has marked, each as \\(...\\) or \\[...\\], as MathML.
for (const node of document.querySelectorAll(".math")) {
  const [, open, formula] = node.textContent.match(/^\s*\\([([])([\s\S]*)\\[)\]]\s*$/) ?? [];
  if (!open) continue;
  // TeX leaves a space before \left that \! takes back. Temml leaves none, and the bracket would lie on the letter.
  const spaced = formula.replaceAll(/\\!\s*\\left\b/g, "\\left");
  temml.render(spaced, node, { displayMode: open === "[", throwOnError: false });
  if (open === "(") keepPunctuation(node);
  else sizes.observe(node);
}

// A line may begin with what follows a formula, but not with its comma: the comma moves into the formula's span.
function keepPunctuation(node) {
  const next = node.nextSibling;
  const [mark] = next?.nodeType === Node.TEXT_NODE ? next.data.match(/^[.,:;!?)\u2019]+/) ?? [] : [];
  if (!mark) return;
  node.append(mark);
  node.style.whiteSpace = "nowrap";
  next.data = next.data.slice(mark.length);
}
