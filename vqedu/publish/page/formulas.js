// Typesets the formulas of the text. nbconvert has found them already, and wrote each as $...$, $$...$$ or an environment.
const environments = ["equation", "align", "alignat", "gather"].flatMap((name) => [name, `${name}*`]);
const delimiters = [
  { left: "$$", right: "$$", display: true },
  { left: "$", right: "$", display: false },
  ...environments.map((name) => ({ left: `\\begin{${name}}`, right: `\\end{${name}}`, display: true })),
];
for (const text of document.querySelectorAll(".jp-RenderedMarkdown, .jp-RenderedLatex")) {
  temml.renderMathInElement(text, { delimiters });
}
