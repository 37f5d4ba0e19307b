"""Packs the emoji for the package: names made regular, near copies found, two splits drawn.

    python tests/benchmarks/pack_emoji.py FOLDER vqedu/data

FOLDER holds `emoji-32.png` (64 pictures a row, each 32 x 32, on white) and `emoji.tsv` (index, name, category,
subcategory, skin tone, code points). Written are `emoji.webp`, the same sheet without loss, and `emoji.tsv`.
"""

from __future__ import annotations

import collections
import csv
import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

SIDE, COLUMNS = 32, 64
TONES = ("1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff")
NOT_BASE = {*TONES, "fe0f", "200d", "2640", "2642", "27a1"}  # tones, joiners, gender signs, "facing right"
PEOPLE = {"1f468": "man", "1f469": "woman", "1f9d1": "person"}
NEAR = 0.005  # pictures with a smaller squared error per channel go to the same side of the split
LARGEST = 40  # larger groups of near copies stay in training
UNSEEN_SHARE = 0.1
UNSEEN_A_ROLE = 3  # of its 3 x 6 combinations
FIELDS = ("name", "category", "subcategory", "tone", "person", "role", "split", "code_points")


def read(folder: Path) -> tuple[np.ndarray, list[dict[str, str]]]:
    """Return the pictures, uint8 (N, 32, 32, 3), and a row for each."""
    with (folder / "emoji.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    sheet = np.asarray(Image.open(folder / "emoji-32.png").convert("RGB"))
    tiles = sheet.reshape(sheet.shape[0] // SIDE, SIDE, COLUMNS, SIDE, 3).swapaxes(1, 2)
    return tiles.reshape(-1, SIDE, SIDE, 3)[: len(rows)], rows


def base(code_points: str) -> str:
    """Return the code points without tone, gender and direction: what near copies of a picture have in common."""
    points = code_points.split("-")
    kept = ["person" if point in PEOPLE else point for point in points if point not in NOT_BASE]
    return "-".join(kept) or code_points


def person_of(code_points: str) -> str:
    """Return "woman", "man" or "person": by the gender sign, or else by the first code point."""
    points = code_points.split("-")
    return "woman" if "2640" in points else "man" if "2642" in points else PEOPLE.get(points[0], "person")


def role_of(name: str) -> str:
    """Return the role in a man's name: "man: red hair" -> "with red hair", "man cook" -> "cook"."""
    if name == "merman":
        return "merperson"
    if name in ("deaf man", "man: bald"):
        return name.replace("man", "").strip(": ")
    return name.replace("man: ", "with ").removeprefix("man ") if name != "man" else ""


def with_parts(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return a row of FIELDS for each picture; people in a role get `person`, `role` and a regular name."""
    made = [_row(row) for row in rows]
    grids: dict[tuple[str, bool], list[dict[str, str]]] = collections.defaultdict(list)
    for row in made:
        grids[base(row["code_points"]), "27a1" in row["code_points"]].append(row)
    for grid in grids.values():
        people = [person_of(row["code_points"]) for row in grid]
        if len(grid) == 18 and len({(person, row["tone"]) for person, row in zip(people, grid, strict=True)}) == 18:
            role = role_of(next(row["name"] for person, row in zip(people, grid, strict=True) if person == "man"))
            known = {row["name"] for row in grid}
            for person, row in zip(people, grid, strict=True):
                row |= {"person": person, "role": role or "face", "name": named(person, role, row["name"], known)}
    return made


def named(person: str, role: str, name: str, known: set[str]) -> str:
    """Return the regular name of a person in a role; a noun ("cook") alone means a person whose gender is not told."""
    if not role or role in ("bald", "deaf"):
        return f"{role} {person}".strip()
    if role.startswith("with "):
        return f"{person} {role}"
    if person != "person":
        return name
    noun = role in ("guard", "merperson") or (role in known and not role.endswith("ing"))
    return role if noun else f"person {role}"


def _row(row: dict[str, str]) -> dict[str, str]:
    name = row["name"].translate(str.maketrans({"“": None, "”": None, "’": "'"}))
    if row["subcategory"] == "country-flag":
        name = f"flag of {name}"
    elif row["subcategory"] == "flag" and name == "rainbow":
        name = "rainbow flag"
    kept = {"category": row["category"], "subcategory": row["subcategory"], "code_points": row["code points"]}
    return kept | {
        "name": name,
        "tone": row["skin tone"].replace(" + ", " and "),
        "person": "",
        "role": "",
        "split": "train",
    }


def groups(x: np.ndarray, made: list[dict[str, str]]) -> list[list[int]]:
    """Return the groups of near copies: one base, or closer than NEAR, or joined by a chain of such."""
    parent = list(range(len(made)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first: dict[str, int] = {}
    for i, row in enumerate(made):
        parent[root(i)] = root(first.setdefault(base(row["code_points"]), i))
    flat = x.reshape(len(x), -1).astype(np.float32) / 255
    squares = (flat**2).sum(1)
    errors = (squares[:, None] + squares - 2 * flat @ flat.T) / flat.shape[1]
    for i, j in np.argwhere(np.triu(errors < NEAR, 1)):
        parent[root(int(i))] = root(int(j))
    found: dict[int, list[int]] = collections.defaultdict(list)
    for i in range(len(made)):
        found[root(i)].append(i)
    return sorted(found.values())


def draw_splits(x: np.ndarray, made: list[dict[str, str]]) -> None:
    """Write "unseen picture" or "unseen combination" into the split of some rows; the others stay "train"."""
    generator = np.random.default_rng(0)
    found = [group for group in groups(x, made) if len(group) <= LARGEST]
    taken = 0
    for number in generator.permutation(len(found)):
        if taken >= UNSEEN_SHARE * len(made):
            break
        for i in found[number]:
            made[i]["split"] = "unseen picture"
        taken += len(found[number])
    copies = collections.Counter(picture.tobytes() for picture in x)
    cells: dict[str, dict[tuple[str, str], int]] = collections.defaultdict(dict)
    for i, row in enumerate(made):
        if row["role"] not in ("", "face") and row["split"] == "train":
            cells[row["role"]][row["person"], row["tone"]] = i
    tones = sorted({row["tone"] for row in made if row["role"]})
    for role in sorted(cells):
        chosen = generator.choice(tones, UNSEEN_A_ROLE, replace=False)
        for person, tone in zip(("woman", "man", "person"), chosen, strict=True):
            i = cells[role][person, str(tone)]
            if copies[x[i].tobytes()] == 1:
                made[i]["split"] = "unseen combination"


def main(folder: str, to: str) -> None:
    x, rows = read(Path(folder))
    made = with_parts(rows)
    draw_splits(x, made)
    buffer = io.BytesIO()
    Image.open(Path(folder) / "emoji-32.png").convert("RGB").save(buffer, "WEBP", lossless=True, quality=100, method=6)
    (Path(to) / "emoji.webp").write_bytes(buffer.getvalue())
    with (Path(to) / "emoji.tsv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(made)
    print(collections.Counter(row["split"] for row in made), len({row["role"] for row in made}) - 1, "roles")


if __name__ == "__main__":
    main(*sys.argv[1:])
