"""Makes one ES module, and one style sheet, of a JavaScript file and everything that it imports.

Front ends load a widget's module from a string, where a relative import cannot work.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from vqedu import palette

# The imports and exports as our files write them: import { a, b as c } from "../page/kit.js"; export function a() {}
_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[\w./]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:(?:async )?function\*?|const|class) (\w+))", re.MULTILINE)
_DEFAULT = re.compile(r"^export default ", re.MULTILINE)
_LEFT_OVER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def digest() -> str:
    """Return what tells one version of the code of all explorers from another."""
    files = sorted(path for path in Path(__file__).parent.rglob("*") if path.suffix in (".js", ".css"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def files_of(entry: Path) -> list[Path]:
    """Return `entry` and the files it imports, directly or not, each once and after all that it needs.

    Raises ValueError for files that import each other in a circle, FileNotFoundError for a missing one.
    """
    ordered: list[Path] = []
    _visit(entry.resolve(), ordered, ())
    return ordered


def bundle(entry: Path) -> str:
    """Return one ES module with the exports of `entry`. Every file keeps a scope of its own, so names may repeat."""
    files = files_of(entry)
    scopes = {path: f"$file{number}" for number, path in enumerate(files)}
    parts = [_scope(path, scopes) for path in files]
    last = scopes[files[-1]]
    names = _exports(files[-1])
    parts += [f"export const {{ {', '.join(names)} }} = {last};"] * bool(names)
    parts += [f"export default {last}.default;"] * bool(_DEFAULT.search(_read(files[-1])))
    return "\n".join(parts)


def stylesheet(entry: Path, home: str) -> str:
    """Return the rules for what lies within an element of the class `home`: the X.css beside each X.js of the bundle.

    The colors of the palette are variables there, such as var(--vq-prior).

    Every widget brings its own copy of the shared rules to the page. Without a home, the copy that came last would
    undo what the other widgets have changed of them.
    """
    files = files_of(entry)
    rules = [palette.css_variables()] * (palette.FILE in files)
    rules += [_read(sheet) for sheet in (path.with_suffix(".css") for path in files) if sheet.exists()]
    return f".{home} {{\n{chr(10).join(rules)}\n}}"


def _visit(path: Path, ordered: list[Path], above: tuple[Path, ...]) -> None:
    if path in above:
        raise ValueError(f"{path.name} imports itself by way of {', '.join(p.name for p in above)}. Cut the circle.")
    if path in ordered:
        return
    for _, target in _IMPORT.findall(_read(path)):
        _visit((path.parent / target).resolve(), ordered, (*above, path))
    ordered.append(path)


def _scope(path: Path, scopes: dict[Path, str]) -> str:
    """Return a file as a constant: the object of its exports, made inside a function that hides everything else."""

    def imported(found: re.Match[str]) -> str:
        target = (path.parent / found[2]).resolve()
        for name in re.findall(r"(\w+)(?: as \w+)?", found[1]):
            if name not in _exports(target):
                raise ValueError(f"{path.name} imports {name}, which {target.name} does not export.")
        return f"const {{{found[1].replace(' as ', ': ')}}} = {scopes[target]};"

    source = _read(path)
    if path.suffix == ".json":
        return f"const {scopes[path]} = {source.strip()};"
    names = [*_EXPORT.findall(source), *["default"] * bool(_DEFAULT.search(source))]
    body = _DEFAULT.sub("const $default = ", _EXPORT.sub("", _IMPORT.sub(imported, source)))
    if left := _LEFT_OVER.search(body):
        raise ValueError(f"{path.name}: the bundler does not know how to read {left[0]!r}. See _IMPORT and _EXPORT.")
    exports = ", ".join("default: $default" if name == "default" else name for name in names)
    return f"const {scopes[path]} = (() => {{\n{body}\nreturn {{ {exports} }};\n}})();"


def _exports(path: Path) -> list[str]:
    """Return the names that a file exports: those of a JSON file are its keys."""
    return list(json.loads(_read(path))) if path.suffix == ".json" else _EXPORT.findall(_read(path))


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
