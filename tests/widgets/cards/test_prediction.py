"""Predictions: what a question must be, what is shown before the answer, where the answer is kept."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from vqedu import checks, questions
from vqedu.pretrained import sweeps
from vqedu.questions import Choice, Curve, Number, answers
from vqedu.widgets import Prediction, Quiz
from vqedu.widgets.base import BUILD_VARIABLE, PAGE_HTML
from vqedu.widgets.cards import overview

FOLDER = Path(__file__).parents[3] / "notebooks"

NUMBERS = [f"{number:02}" for number in range(1, 11)]  # the notebooks with sections and questions

CHOICE: dict[str, Any] = {"choices": ("one", "two", "three"), "answer": "two", "sentence": "There are two."}
NUMBER: dict[str, Any] = {"kind": "number", "low": 0, "high": 10, "truth": 3, "sentence": "There are three."}
CURVE: dict[str, Any] = {
    "kind": "curve", "x": (1, 10, 100), "truth": (3, 2, 1), "y": (0, 4), "x_label": "samples", "y_label": "error",
    "sentence": "It falls.", "log": True,
}  # fmt: skip


def predictions() -> dict[str, Any]:
    return {
        key: question
        for topic in questions.TOPICS
        for key, question in questions.of_topic(topic).items()
        if not isinstance(question, questions.Recall)
    }


@pytest.mark.parametrize("settings", [CHOICE, NUMBER, CURVE], ids=["choice", "number", "curve"])
def test_the_text_has_the_question_and_not_the_answer(settings: dict[str, Any]) -> None:
    data, _ = Prediction("my.key", "How many are there?", **settings)._repr_mimebundle_()
    assert data["text/plain"] == "Guess first: How many are there?"


def test_an_answer_is_kept_and_removed(answer_file: Path) -> None:
    first = Prediction("my.key", "How many?", **NUMBER)
    assert first.state == {}
    assert not answer_file.exists()  # looking alone writes nothing
    first.state = {"my.key": {"guess": 4}}
    Prediction("other.key", "How many?", **NUMBER).state = {"other.key": {"guess": 5}}
    assert json.loads(answer_file.read_text(encoding="utf-8")) == {
        "answers": {"my.key": {"guess": 4}, "other.key": {"guess": 5}}
    }
    assert Prediction("my.key", "How many?", **NUMBER).state == {"my.key": {"guess": 4}}
    first.state = {}
    assert answers.read_all() == {"other.key": {"guess": 5}}
    answers.forget()
    assert answers.read_all() == {}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"answers": 3}', '{"answers": {"a": 3}}', "\x00"])
def test_a_damaged_file_counts_as_empty_and_is_set_aside(answer_file: Path, content: str) -> None:
    answer_file.parent.mkdir(parents=True, exist_ok=True)
    answer_file.write_text(content, encoding="utf-8")
    assert answers.read_all() == {}
    assert answer_file.with_name("progress.damaged.json").read_text(encoding="utf-8") == content
    answers.write("my.key", {"guess": 1})
    assert answers.read_all().get("my.key") == {"guess": 1}


def test_an_answer_that_cannot_be_kept_still_counts_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "occupied").touch()
    monkeypatch.setenv(answers.VARIABLE, str(tmp_path / "occupied" / "below"))
    prediction = Prediction("my.key", "How many?", **NUMBER)
    prediction.state = {"my.key": {"guess": 4}}
    assert "could not be kept" in prediction.trouble
    assert answers.VARIABLE in prediction.trouble


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (CHOICE | {"answer": "four"}, "one of the choices"),
        (CHOICE | {"choices": ("two",)}, "at least two different"),
        (CHOICE | {"choices": ("two", "two")}, "at least two different"),
        (CHOICE | {"sentence": " "}, "sentence"),
        (NUMBER | {"truth": 11}, r"\[0, 10\]"),
        (NUMBER | {"low": 10}, "first below the second"),
        (NUMBER | {"log": True}, "above 0"),
        (NUMBER | {"step": 0}, "step must be above 0"),
        (CURVE | {"truth": (1, 2)}, "as many numbers"),
        (CURVE | {"x": (1, 10, 10)}, "must grow"),
        (CURVE | {"x": (0, 1, 2)}, "above 0"),
        (CURVE | {"truth": (3, 2, 9)}, "Widen y"),
        (CURVE | {"y": (4, 0)}, "first below the second"),
    ],
)
def test_a_question_that_cannot_be_asked_says_why(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Prediction("my.key", "How many?", **settings)


def test_wrong_keys_and_kinds_say_what_was_expected() -> None:
    with pytest.raises(ValueError, match=r"Did you mean 'autoencoder\.threes'"):
        Prediction("autoencoder.threse")
    with pytest.raises(ValueError, match="There is no question"):
        Prediction("77.threes")
    with pytest.raises(ValueError, match="letters, digits"):
        Prediction("a key", "How many?", **NUMBER)
    with pytest.raises(ValueError, match="kind of prediction"):
        Prediction("my.key", "How many?", kind="nomber")
    with pytest.raises(TypeError, match="no prediction"):
        Prediction("autoencoder.pca")
    with pytest.raises(TypeError, match="no quiz"):
        Quiz("autoencoder.threes")
    with pytest.raises(ValueError, match="question must be a sentence"):
        Prediction("my.key", "", **NUMBER)


# The questions of the course.


def test_every_question_is_asked_once_in_the_course_and_by_the_widget_of_its_kind() -> None:
    sources = [script.read_text(encoding="utf-8") for script in sorted(FOLDER.glob("source/*.py"))]
    asked = [(kind, key) for source in sources for kind, keys in overview.asked(source) for key in keys]
    assert [key for _, key in asked] == questions.all_keys(), "the bank lists them in the order of the notebooks"
    for kind, key in asked:
        assert (kind == "Quiz") == isinstance(questions.find(key), questions.Recall), key


@pytest.mark.parametrize("number", NUMBERS)
def test_a_section_asks_at_most_one_question_and_a_notebook_begins_with_three_from_last_time(number: str) -> None:
    source = next(FOLDER.glob(f"source/{number}_*.py")).read_text(encoding="utf-8")
    beginning, *sections = re.split(r"(?m)^# ## (?=\d+\. )", source)
    for section in sections:
        title, body = section.split("\n", 1)
        count = sum(len(keys) for kind, keys in overview.asked(body.split("\n# ## ")[0]) if kind == "Quiz")
        assert count <= 1, (number, title)
    first = [len(keys) for kind, keys in overview.asked(beginning) if kind == "Quiz"]
    assert first == ([] if number == "01" else [3])


@pytest.mark.parametrize("topic", questions.TOPICS[1:])
def test_a_topic_has_predictions_and_quizzes_enough(topic: str) -> None:
    kinds = [isinstance(question, questions.Recall) for question in questions.of_topic(topic).values()]
    assert kinds.count(False) >= 3
    assert kinds.count(True) >= 3


def test_no_notebook_asks_for_a_guess_that_cannot_be_committed() -> None:
    for script in FOLDER.glob("source/*.py"):
        assert "**Guess first" not in script.read_text(encoding="utf-8"), script.name


@pytest.mark.parametrize("key", questions.all_keys())
def test_texts_are_plain(key: str) -> None:
    """No LaTeX and no Markdown: the card shows text as it is, but for pairs of backticks."""
    question = questions.find(key)
    texts = [question.question, *getattr(question, "choices", ())]
    texts += list(question.choices.values()) if isinstance(question, questions.Recall) else [question.sentence]
    for text in texts:
        assert not re.search(r"[$\\*]|<\w", re.sub("`[^`]*`", "", text)), text
        assert text.count("`") % 2 == 0, text
        assert "!" not in text


def test_the_right_answer_is_not_given_away_by_its_place_or_length() -> None:
    places: dict[int, int] = {}
    longest = 0
    listed = [questions.find(key) for key in questions.all_keys()]
    closed = [question for question in listed if isinstance(question, Choice | questions.Recall)]
    for question in closed:
        choices = list(question.choices)
        places[choices.index(question.answer)] = places.get(choices.index(question.answer), 0) + 1
        longest += max(choices, key=len) == question.answer
    assert max(places.values()) <= 0.6 * len(closed), places
    assert longest <= 0.75 * len(closed)


def printed(key: str) -> str:
    """Return what the notebook that asks the question `key` prints, as committed."""
    asks = next(s for s in sorted(FOLDER.glob("source/*.py")) if f'"{key}"' in s.read_text(encoding="utf-8"))
    notebook = nbformat.read(FOLDER / f"{asks.stem}.ipynb", as_version=4)
    return "\n".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))


# The truth of a question, as a pattern whose group the notebook prints, and how far the two may be apart.
PRINTED = {
    "autoencoder.factor": (r"error is ([\d.]+) times smaller", 0.1),
    "reparameterization.variance-factor": (r"reparameterization = ([\d.]+)", 0.5),
    "vae.active": (r"(\d+) of 50 dimensions are active", 0),
    "inside_the_vae.real-beta": (r"beta 0\.1: effective beta ([\d.]+)", 0.01),
    "vqvae.batch": (r" 8 images: +(\d+) codes used", 0),
    "vqvae.sick": (r"far start, gradient +(\d+) of 128 codes", 0),
    "code_prior.few-seconds": (r"after training ([\d.]+)", 0.11),
    "image_tokens.agreement": (r"temperature 1\.0: .* in (\d+)% of 500 drawings", 1),
}


@pytest.mark.parametrize("key", sorted(PRINTED))
def test_the_truth_is_what_the_notebook_prints(key: str) -> None:
    pattern, tolerance = PRINTED[key]
    found = re.search(pattern, printed(key))
    question = questions.find(key)
    assert found
    assert isinstance(question, Number)
    assert question.truth == pytest.approx(float(found[1]), abs=tolerance)


def test_the_curve_of_the_bounds_is_what_the_notebook_prints() -> None:
    rows = re.findall(r"k = +(\d+): bound (-[\d.]+)", printed("elbo.samples"))
    question = questions.find("elbo.samples")
    assert isinstance(question, Curve)
    assert list(zip(question.x, question.truth, strict=True)) == [(int(k), float(bound)) for k, bound in rows]


def test_the_curve_of_the_latent_sizes_is_the_sweep_that_ships() -> None:
    question, runs = questions.find("autoencoder.sizes"), sweeps.latent_sizes()
    assert isinstance(question, Curve)
    assert list(question.x) == [run["latent_dim"] for run in runs]
    assert list(question.truth) == [run["squared_error"] for run in runs]


def test_the_curve_of_the_stages_is_what_the_notebook_prints() -> None:
    rows = re.findall(r"(\d) stages?, .* error (0\.\d+) per pixel", printed("image_tokens.stages"))
    question = questions.find("image_tokens.stages")
    assert isinstance(question, Curve)
    assert list(zip(question.x, question.truth, strict=True)) == [(int(n), float(error)) for n, error in rows]


def test_the_curve_of_rate_and_distortion_is_near_what_the_notebook_prints() -> None:
    """The notebook trains its six networks anew; another seed moves a point by up to 2 nats."""
    rows = re.findall(r"rate +([\d.]+) \+ distortion +([\d.]+)", printed("inside_the_vae.rate-distortion"))
    question = questions.find("inside_the_vae.rate-distortion")
    assert isinstance(question, Curve)
    rates, distortions = zip(*[map(float, row) for row in reversed(rows)], strict=True)
    assert question.x == pytest.approx(rates, abs=2.5)
    assert question.truth == pytest.approx(distortions, abs=2.5)


# The overview of notebook 00.


def test_the_overview_counts_and_leads_to_the_next_open_question(answer_file: Path) -> None:
    keys = list(overview.row(FOLDER / "01_autoencoder.ipynb").places)
    guess, quiz = "autoencoder.factor", "autoencoder.snow"
    assert {guess, quiz} < set(keys)
    answers.write(guess, {"guess": 3})
    answers.write(quiz, {"tries": ["wrong"], "solved": False})
    shown = overview.progress(FOLDER)
    assert f"01 The autoencoder: 1 of {len(keys)}" in repr(shown)
    html = shown._repr_html_()
    assert f"<span>1 of {len(keys)}</span>" in html
    assert 'href="01_autoencoder.ipynb#1.-What-is-an-image-to-a-computer?">go on' in html
    assert "<script" not in html
    answers.write(quiz, {"tries": ["wrong", "right"], "solved": True})
    assert f"01 The autoencoder: 2 of {len(keys)}" in repr(overview.progress(FOLDER))


def test_the_overview_leads_to_headings_that_are_there() -> None:
    from tests.notebooks.notebook_checks import anchors

    for row in overview.progress(FOLDER).rows:
        known = anchors(nbformat.read(FOLDER / row.file, as_version=4))
        assert set(row.places.values()) <= known, row.title


def test_the_overview_of_a_page_links_pages_and_reads_the_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = overview.progress(FOLDER)
    assert PAGE_HTML not in shown._repr_mimebundle_()
    monkeypatch.setenv(BUILD_VARIABLE, str(tmp_path))
    bundle = shown._repr_mimebundle_()
    assert bundle["text/html"] == shown._repr_html_()
    html = bundle[PAGE_HTML]
    assert "01_autoencoder.html#" in html
    assert ".ipynb" not in html
    assert "localStorage" in html


def test_the_overview_stands_without_the_notebooks(tmp_path: Path, answer_file: Path) -> None:
    shown = overview.progress(tmp_path)
    assert repr(shown).startswith(f"0 of {len(questions.all_keys())} questions answered")
    assert "<a " not in shown._repr_html_()


def test_committed_notebooks_hold_nobodys_progress() -> None:
    notebook = nbformat.read(FOLDER / "00_start_here.ipynb", as_version=4)
    texts = [o.data["text/plain"] for c in notebook.cells for o in c.get("outputs", []) if "data" in o]
    shown = next(text for text in texts if "questions answered" in text)
    assert re.findall(r": (\d+) of \d+(?:, exercises (\d+) of \d+)?$", shown, re.MULTILINE) == [
        ("0", "" if topic == "start" else "0") for topic in questions.TOPICS
    ]


def test_the_overview_counts_each_exercise_once_it_is_passed(answer_file: Path) -> None:
    def row() -> str:
        return next(line for line in repr(overview.progress(FOLDER)).splitlines() if line.startswith("01"))

    checks.hole(lambda *arguments: None)
    assert row().endswith("exercises 0 of 4")
    checks.reconstruction(checks.reconstruction.reference)
    checks.reconstruction(checks.reconstruction.reference)
    assert row().endswith("exercises 1 of 4")
    assert "<td>1 of 4</td>" in overview.progress(FOLDER)._repr_html_()


def test_every_exercise_of_the_course_is_counted_in_one_notebook() -> None:
    counted = [key for row in overview.progress(FOLDER).rows for key in row.exercises]
    assert len(set(counted)) == len(counted)
    assert set(counted) <= {answers.exercise_key(name) for name in checks.ALL}


def test_a_passed_exercise_that_cannot_be_kept_is_still_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "occupied").touch()
    monkeypatch.setenv(answers.VARIABLE, str(tmp_path / "occupied" / "below"))
    assert checks.reconstruction(checks.reconstruction.reference).passed
