"""What every committed notebook must satisfy. Each check returns sentences on what is wrong."""

from __future__ import annotations

import ast
import builtins
import re
import statistics
import symtable
from collections.abc import Iterable, Iterator
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

MAX_CELL_LINES = 25
MAX_MEDIAN_LINES = 8
MAX_CODE_LINES = 350
MAX_BYTES = 3_000_000

KERNEL_NAMES = {*dir(builtins), "__name__", "display", "get_ipython"}
LOCAL_PATH = re.compile(r"""(?<![\w/.:])(?:/(?:home|root|Users|tmp|work|usr|var|opt|mnt|private)/|[A-Za-z]:\\)\w""")
URL = re.compile(r"\b[a-z]+://\S+")
LINK = re.compile(r"""\]\(([^)\s]+)[^)]*\)|\b(?:href|src)=["']([^"']+)["']|^\[[^\]\n]+\]:\s*(\S+)""", re.MULTILINE)
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
FENCE = re.compile(r"```.*?```", re.DOTALL)
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def not_executed(notebook: NotebookNode) -> list[str]:
    """Counts must be 1..N, and a cell that prints, or ends in an expression, must hold what it printed.

    nbval compares nothing in a notebook without outputs, and passes it; so this is what notices.
    """
    problems = []
    for position, cell in enumerate(code_cells(notebook), start=1):
        if cell.execution_count != position:
            problems.append(f"code cell {position} has the execution count {cell.execution_count}")
        if speaks(cell.source) and not cell.outputs:
            problems.append(f"code cell {position} should have an output and has none")
    return problems


def speaks(source: str) -> bool:
    """Whether a cell surely has an output: it prints or displays at its top level, or ends in a value.

    A last line that is a call may return None; a name, an attribute or arithmetic does not.
    """
    body = parse(source).body
    calls = [s.value for s in body if isinstance(s, ast.Expr) and isinstance(s.value, ast.Call)]
    if any(isinstance(call.func, ast.Name) and call.func.id in ("print", "display") for call in calls):
        return True
    last = body[-1] if body else None
    silent = source.rstrip().endswith(";")
    return isinstance(last, ast.Expr) and not isinstance(last.value, ast.Call | ast.Constant) and not silent


def errors(notebook: NotebookNode) -> list[str]:
    """No cell may hold an error, unless its tag says that it raises one to show it."""
    return [
        f"code cell {position} holds the error {output.ename}"
        for position, cell in enumerate(code_cells(notebook), start=1)
        for output in cell.outputs
        if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", [])
    ]


def over_budget(notebook: NotebookNode, size: int) -> list[str]:
    """Cells that a reader takes in at a glance, a notebook that a diff and a browser can take."""
    lines = [code_lines(cell.source) for cell in code_cells(notebook)]
    problems = [
        f"code cell {position} has {count} lines of code, more than {MAX_CELL_LINES}"
        for position, count in enumerate(lines, start=1)
        if count > MAX_CELL_LINES
    ]
    if lines and statistics.median(lines) > MAX_MEDIAN_LINES:
        problems.append(f"the median code cell has {statistics.median(lines)} lines, more than {MAX_MEDIAN_LINES}")
    if sum(lines) > MAX_CODE_LINES:
        problems.append(f"there are {sum(lines)} lines of code, more than {MAX_CODE_LINES}")
    if size > MAX_BYTES:
        problems.append(f"the file has {size} bytes, more than {MAX_BYTES}")
    return problems


def code_lines(source: str) -> int:
    """Lines that hold code: neither empty nor a comment alone."""
    return sum(1 for line in source.splitlines() if line.strip() and not line.strip().startswith("#"))


def local_paths(notebook: NotebookNode) -> list[str]:
    """No path of the machine that wrote the notebook, in its text, its code, or what it printed."""
    return [
        f"cell {position} holds the local path {found.group(0)}..."
        for position, cell in enumerate(notebook.cells, start=1)
        for text in (cell.source, *output_texts(cell))
        if (found := LOCAL_PATH.search(URL.sub("", text)))
    ]


def output_texts(cell: NotebookNode) -> Iterator[str]:
    for output in cell.get("outputs", []):
        yield output.get("text", "")
        yield "\n".join(output.get("traceback", []))
        yield from (data for kind, data in output.get("data", {}).items() if kind.startswith("text/"))


def undefined_names(notebook: NotebookNode) -> list[str]:
    """Every name a cell uses is defined above its use, in this notebook, not in a cell that has gone.

    What a function uses must be defined by the end of the function's own cell.
    """
    problems = []
    defined = set(KERNEL_NAMES)
    for position, cell in enumerate(code_cells(notebook), start=1):
        inner: set[str] = set()
        for statement in parse(cell.source).body:
            uses, used_inside, defines, deletes = names(statement)
            unknown = uses - defined - set_before_use(statement, defines)
            problems += [f"code cell {position} uses {name} before its definition" for name in sorted(unknown)]
            defined = (defined | defines) - deletes
            inner |= used_inside
        problems += [
            f"a function in code cell {position} uses {name}, not yet defined" for name in sorted(inner - defined)
        ]
    return problems


def names(statement: ast.stmt) -> tuple[set[str], set[str], set[str], set[str]]:
    """Return the global names a statement (uses, uses inside functions, defines, deletes)."""
    table = symtable.symtable(ast.unparse(statement), "cell", "exec")
    symbols = table.get_symbols()
    uses = {symbol.get_name() for symbol in symbols if symbol.is_referenced()}
    defines = {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}
    inside: set[str] = set()
    for scope, later in scopes(table):
        free = {s.get_name() for s in scope.get_symbols() if s.is_global() and s.is_referenced()}
        (inside if later else uses).update(free)
        defines |= {s.get_name() for s in scope.get_symbols() if s.is_declared_global() and s.is_assigned()}
    targets = [statement.target] if isinstance(statement, ast.AugAssign) else []
    uses |= {target.id for target in targets if isinstance(target, ast.Name)}
    gone = statement.targets if isinstance(statement, ast.Delete) else []
    return uses, inside, defines, {target.id for target in gone if isinstance(target, ast.Name)}


def scopes(table: symtable.SymbolTable, later: bool = False) -> Iterator[tuple[symtable.SymbolTable, bool]]:
    """Every scope inside `table`, and whether its code runs later: that of a function does.

    A comprehension and a class body run where they stand.
    """
    at_once = ("genexpr", "listcomp", "setcomp", "dictcomp")
    for child in table.get_children():
        deferred = later or (child.get_type() == "function" and child.get_name() not in at_once)
        yield child, deferred
        yield from scopes(child, deferred)


def set_before_use(statement: ast.stmt, defines: set[str]) -> set[str]:
    """Which of the names it defines a statement may also use: all in a block, := in an assignment."""
    if not isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign):
        return defines
    return {node.target.id for node in ast.walk(statement) if isinstance(node, ast.NamedExpr)}


def parse(source: str) -> ast.Module:
    return ast.parse(TransformerManager().transform_cell(source))


def dead_links(notebook: NotebookNode, file: str, folder: Path, headings: dict[str, set[str]]) -> list[str]:
    """Links of notebook `file` to files that are not there, or to headings that no notebook has.

    `headings` holds the anchors of each notebook, by the name of its file.
    """
    problems = []
    for target in markdown_links(notebook):
        if re.match(r"[a-zA-Z][\w+.-]*:", target):
            continue
        path, _, anchor = target.partition("#")
        if path and not (folder / path).exists():
            problems.append(f"the link {target} leads to no file")
        elif anchor and anchor not in headings.get(path or file, {anchor}):
            problems.append(f"the link {target} leads to no heading")
    return problems


def markdown_links(notebook: NotebookNode) -> Iterator[str]:
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for groups in LINK.findall(CODE.sub("", cell.source)):
                yield next(filter(None, groups))


def anchors(notebook: NotebookNode) -> set[str]:
    """The anchors of the headings as JupyterLab and the exported page form them: spaces become hyphens."""
    texts = (FENCE.sub("", cell.source) for cell in notebook.cells if cell.cell_type == "markdown")
    found: Iterable[str] = (heading for text in texts for heading in HEADING.findall(text))
    return {re.sub(r"[*`]", "", heading).replace(" ", "-") for heading in found}


def disagreements(source: NotebookNode, notebook: NotebookNode) -> list[str]:
    """Where a script and its notebook differ: number, order, type, text, tags or ids of the cells."""
    if len(source.cells) != len(notebook.cells):
        return [f"the script has {len(source.cells)} cells, the notebook {len(notebook.cells)}"]
    return [
        f"cell {position} has another {field} in the notebook than in the script"
        for position, (wanted, found) in enumerate(zip(source.cells, notebook.cells, strict=True), start=1)
        for field in ("cell_type", "source", "metadata", "id")
        if wanted[field] != found[field]
    ]
