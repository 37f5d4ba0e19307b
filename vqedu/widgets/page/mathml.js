// Formulas as MathML, built node by node: the browser sets them, a screen reader reads them, no library is needed.

const MATHML = "http://www.w3.org/1998/Math/MathML";

export function part(tag, children, style) {
  const node = document.createElementNS(MATHML, tag);
  if (style) node.setAttribute("style", style);
  node.append(...children);
  return node;
}

function space(width) {
  const node = part("mspace", []);
  node.setAttribute("width", width);
  return node;
}

export const mi = (name) => part("mi", [name]);
const BRACKETS = {
  "(": ["prefix", "0"], ")": ["postfix", "0"], "|": ["infix", "0.22em"], "\u2016": ["infix", "0.22em"],
};

// Brackets and bars keep the size of the letters; unless told so, a browser stretches them or spaces them as signs.
export function mo(sign) {
  const node = part("mo", [sign]);
  if (!(sign in BRACKETS)) return node;
  const [form, space] = BRACKETS[sign];
  for (const [name, value] of Object.entries({ form, lspace: space, rspace: space, stretchy: "false" })) {
    node.setAttribute(name, value);
  }
  return node;
}
export const thin = () => space("0.17em");
export const log = () => part("mrow", [space("0.2em"), mi("log"), space("0.17em")]);
export const row = (...children) => part("mrow", children);
export const frac = (over, under) => part("mfrac", [over, under]);
export const colored = (color, ...children) => part("mrow", children, `color: ${color}`);
const MARK = "background: #FBE0A6; padding: 2px 3px; border-radius: 4px";
export const marked = (...children) => part("mrow", children, MARK);
export const formula = (...children) => part("math", [part("mstyle", [row(...children)], "math-style: normal")]);

// p(x|z) and its like: call("p", "x", "|", "z").
export const call = (name, ...inside) => row(mi(name), mo("("), ...inside.map(argument), mo(")"));
const argument = (sign) => (/^[,|\u2016]$/.test(sign) ? mo(sign) : mi(sign));
