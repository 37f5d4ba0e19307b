// Typesets the formulas that Sphinx has marked, each as \\(...\\) or \\[...\\], as MathML.
for (const node of document.querySelectorAll(".math")) {
  const [, open, formula] = node.textContent.match(/^\s*\\([([])([\s\S]*)\\[)\]]\s*$/) ?? [];
  if (open) temml.render(formula, node, { displayMode: open === "[", throwOnError: false });
}
