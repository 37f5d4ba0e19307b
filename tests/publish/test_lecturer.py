"""The lecturer's notebooks: solutions in place, speaker notes shown, and the learners' notebooks without them."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from vqedu import __main__
from vqedu.publish import lecturer, notebooks

FOLDER = Path(__file__).parents[2] / "notebooks"
SCRIPTS = notebooks.sources(FOLDER)
TAUGHT = [name for name in SCRIPTS if name[:2] < "10"]
NOTE = re.compile(r"> \*\*For the lecturer · (\d+) minutes\.\*\*")
SMALL = """\
# %% [markdown]
# # A small notebook

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 3 minutes.** **Ask:** "Why?"

# %% [markdown] tags=["exercise"]
# ### Exercise 1

# %% tags=["starter"]
def my_double(x):
    return ...


# %%
print(my_double(2))

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_double(x):
#     return 2 * x
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 2

# %% tags=["starter"]
my_answer = None

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# my_answer = 42
# ```
#
# A remark that is worth reading.
#
# </details>

# %%
print(my_answer)
"""


def folder_of(home: Path, source: str = SMALL) -> Path:
    """A folder of notebooks with one source, 01_small."""
    (home / "source").mkdir(parents=True)
    (home / "source" / "01_small.py").write_text(source, encoding="utf-8")
    return home


def test_the_lecturers_build_runs_with_its_solutions_and_notes(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "notebooks")
    (path,) = lecturer.build([], tmp_path / "lecturer", folder, report=lambda line: None)
    notebook = nbformat.read(path, as_version=4)
    texts = "\n".join(cell.source for cell in notebook.cells)
    assert "For the lecturer" in texts
    assert "A remark that is worth reading." in texts
    assert texts.count("return 2 * x") == 1  # the fold that holds only the code is gone
    assert not any("starter" in notebooks.tags(cell) for cell in notebook.cells)
    printed = [cell.outputs[0].text for cell in notebook.cells if cell.get("outputs")]
    assert printed == ["4\n", "42\n"]
    assert [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"] == [1, 2, 3, 4]


def test_the_learners_build_has_starters_and_no_notes(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "notebooks")
    (path,) = notebooks.build([], folder, report=lambda line: None)
    notebook = nbformat.read(path, as_version=4)
    assert "For the lecturer" not in str(notebook)
    assert sum("starter" in notebooks.tags(cell) for cell in notebook.cells) == 2
    assert [cell.outputs[0].text for cell in notebook.cells if cell.get("outputs")] == ["Ellipsis\n", "None\n"]


def test_two_lecturers_builds_are_the_same_and_leave_the_sources_alone(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "notebooks")
    made = [lecturer.build([], tmp_path / name, folder, report=lambda line: None)[0].read_bytes() for name in "ab"]
    assert made[0] == made[1]
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["01_small.py"]


@pytest.mark.parametrize(("text", "other"), [("```python", "```text"), ('tags=["solution"]', "")])
def test_a_starter_without_a_solution_is_an_error_that_says_where(tmp_path: Path, text: str, other: str) -> None:
    folder = folder_of(tmp_path, SMALL.replace(text, other, 1))
    with pytest.raises(ValueError, match="01_small: cell 4 is a starter"):
        lecturer.read(folder / "source" / "01_small.py")


def test_the_command_says_what_is_wrong_and_ends_with_two(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert __main__.main(["lecturer", "01_autoencodr", "--to", str(tmp_path / "out")]) == 2
    assert "Did you mean '01_autoencoder'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


# The notebooks of the course.


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_starter_is_left_and_every_note_is_shown(name: str) -> None:
    notebook = lecturer.read(SCRIPTS[name])
    assert not any("starter" in notebooks.tags(cell) for cell in notebook.cells)
    source = SCRIPTS[name].read_text(encoding="utf-8")
    shown = [cell for cell in notebook.cells if "lecturer" in notebooks.tags(cell)]
    assert len(shown) == source.count('tags=["lecturer"]')
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_committed_notebook_holds_no_note(name: str) -> None:
    assert "For the lecturer" not in (FOLDER / f"{name}.ipynb").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TAUGHT)
def test_the_notes_say_minutes_what_to_ask_what_is_answered_and_what_to_show(name: str) -> None:
    notes = [cell.source for cell in lecturer.read(SCRIPTS[name]).cells if "lecturer" in notebooks.tags(cell)]
    assert len(notes) >= (2 if name[:2] == "00" else 4)
    assert all(NOTE.match(note) for note in notes)
    together = "\n".join(notes)
    for part in ("**Ask:**", "**Usually answered:**", "**Show:**"):
        assert part in together
    stated = re.search(r"\*\*Time:\*\* (\d+) minutes", SCRIPTS[name].read_text(encoding="utf-8"))
    assert stated
    assert sum(int(NOTE.match(note)[1]) for note in notes) <= int(stated[1]) + 5  # type: ignore[index]
