"""The small wrong changes to a Python file: other operators, signs, constants, reductions, bounds; what is left out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import singledispatch

from tests.mutation.mutant import Mutant, Span, changed

OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/",
    ast.Div: "*",
    ast.FloorDiv: "/",
    ast.Mod: "*",
    ast.Pow: "*",
}
COMPARISONS: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Lt: ("<=", ">="),
    ast.LtE: ("<", ">"),
    ast.Gt: (">=", "<="),
    ast.GtE: (">", "<"),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
}
PAIRS = ("sum mean", "argmin argmax", "min max", "amin amax", "zeros ones", "new_zeros new_ones", "randn rand")
PAIRS += ("tril triu", "no_grad enable_grad", "exp expm1", "log log1p", "floor ceil", "square abs", "any all")
SWAPPED = {a: b for pair in PAIRS for a, b in (pair.split(), pair.split()[::-1])}
# Calls that keep the shape: without one of them the code still runs.
REMOVED = {"detach", "square", "clamp", "round", "exp", "log", "abs", "clone", "sigmoid", "add_", "masked_fill_"}
SILENT = {"extra_repr", "__repr__"}


def of_python(source: str, names: frozenset[str] | None = None) -> Iterator[Mutant]:
    """Yield the mutants of a file, or of the functions and classes at its top that have these names."""
    tree = ast.parse(source)
    if names is not None:
        tree.body = [node for node in tree.body if getattr(node, "name", None) in names]
    data = source.encode()
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    others = _others(tree)
    for node, scope, span in _nodes(tree):
        own = [(node, text) for text in changes(node)]
        for place, text in own + _conditions(node) + _defaults(node, others):
            first, last = (
                starts[place.lineno - 1] + place.col_offset,
                starts[place.end_lineno - 1] + place.end_col_offset,
            )
            yield changed(data, (first, last), text.encode(), scope, span)


def _nodes(node: ast.AST, scope: str = "", span: Span | None = None) -> Iterator[tuple[ast.AST, str, Span | None]]:
    """Yield every node that computes something, with its scope and span.

    Left alone are messages, annotations, and zip's `strict`, which asserts that lengths are equal and changes nothing.
    """
    if isinstance(node, ast.FunctionDef):
        scope = node.name
    if isinstance(node, ast.FunctionDef) or (isinstance(node, ast.stmt) and span is not None):
        span = (node.lineno, node.end_lineno or node.lineno)
    yield node, scope, span
    if isinstance(node, ast.Raise | ast.JoinedStr | ast.Import | ast.ImportFrom) or getattr(node, "name", "") in SILENT:
        return
    if isinstance(node, ast.keyword) and node.arg == "strict":
        return
    for field, value in ast.iter_fields(node):
        if field not in ("annotation", "returns"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _nodes(child, scope, span)


def _conditions(node: ast.AST) -> list[tuple[ast.expr, str]]:
    """A condition that is a value alone is negated; comparisons and `not` are changed where they stand."""
    if not isinstance(node, ast.If | ast.IfExp) or isinstance(node.test, ast.Compare | ast.UnaryOp | ast.BoolOp):
        return []
    return [(node.test, f"(not ({ast.unparse(node.test)}))")]


def _defaults(node: ast.AST, others: dict[str, str]) -> list[tuple[ast.expr, str]]:
    """A default that is one of several names becomes another of them."""
    if not isinstance(node, ast.arguments):
        return []
    values = [default for default in [*node.defaults, *node.kw_defaults] if isinstance(default, ast.Constant)]
    return [(value, repr(others[value.value])) for value in values if value.value in others]


def _others(tree: ast.Module) -> dict[str, str]:
    """Return for each name in a tuple of names, such as that of a Literal, the one that follows it."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple):
            names = [each.value for each in node.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            found |= dict(zip(names, names[1:] + names[:1], strict=True)) if len(names) > 1 else {}
    return found


@singledispatch
def changes(node: ast.AST) -> Iterator[str]:
    """Yield what may stand in place of this node."""
    yield from ()


@changes.register
def _(node: ast.BinOp) -> Iterator[str]:
    left, right = ast.unparse(node.left), ast.unparse(node.right)
    if type(node.op) in OPERATORS:
        yield f"(({left}) {OPERATORS[type(node.op)]} ({right}))"
    if isinstance(node.op, ast.Add | ast.Sub):  # a term of the sum is dropped
        yield f"({left})"
        yield f"({right})" if isinstance(node.op, ast.Add) else f"(-({right}))"


@changes.register
def _(node: ast.UnaryOp) -> Iterator[str]:
    yield f"({ast.unparse(node.operand)})"


@changes.register
def _(node: ast.Compare) -> Iterator[str]:
    for place, operator in enumerate(node.ops):
        for other in COMPARISONS[type(operator)]:
            operators = [_symbol(each) for each in node.ops]
            operators[place] = other
            parts = [f"{o} ({ast.unparse(c)})" for o, c in zip(operators, node.comparators, strict=True)]
            yield f"(({ast.unparse(node.left)}) {' '.join(parts)})"


def _symbol(operator: ast.cmpop) -> str:
    return ast.unparse(ast.Compare(ast.Name("a"), [operator], [ast.Name("b")]))[2:-2]


@changes.register
def _(node: ast.BoolOp) -> Iterator[str]:
    yield (
        "("
        + (" or " if isinstance(node.op, ast.And) else " and ").join(f"({ast.unparse(v)})" for v in node.values)
        + ")"
    )


@changes.register
def _(node: ast.Constant) -> Iterator[str]:
    if isinstance(node.value, bool):
        yield str(not node.value)
    elif isinstance(node.value, int):
        yield str(node.value + 1)
    elif isinstance(node.value, float):
        yield str(2 * node.value or 1.0)


@changes.register
def _(node: ast.Call) -> Iterator[str]:
    if isinstance(node.func, ast.Attribute):
        receiver, name = ast.unparse(node.func.value), node.func.attr
        rest = ast.unparse(ast.Call(ast.Name(""), node.args, node.keywords))
        if name in SWAPPED:
            yield f"({receiver}).{SWAPPED[name]}{rest}"
        if name in REMOVED:
            yield ast.unparse(node.args[0]) if receiver in ("torch", "F", "math") else f"({receiver})"
        if name == "where" and len(node.args) == 3:
            condition, yes, no = map(ast.unparse, node.args)
            yield f"{receiver}.where({condition}, {no}, {yes})"
    elif isinstance(node.func, ast.Name) and node.func.id in ("min", "max"):
        yield ast.unparse(ast.Call(ast.Name(SWAPPED[node.func.id]), node.args, node.keywords))


@changes.register
def _(node: ast.keyword) -> Iterator[str]:
    if node.arg in ("min", "max"):  # the other bound of a clamp
        yield f"{SWAPPED[node.arg]}={ast.unparse(node.value)}"


@changes.register(ast.Raise)
@changes.register(ast.AugAssign)
def _(node: ast.stmt) -> Iterator[str]:
    yield "pass"
    if isinstance(node, ast.AugAssign):
        yield f"{ast.unparse(node.target)} {OPERATORS[type(node.op)]}= {ast.unparse(node.value)}"


@changes.register
def _(node: ast.Expr) -> Iterator[str]:
    if isinstance(node.value, ast.Call):
        yield "pass"


@changes.register
def _(node: ast.Assign) -> Iterator[str]:
    if all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets):
        yield "pass"
