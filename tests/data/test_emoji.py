"""The emoji, their names and their two splits; pictures from a folder; words as tokens."""

from __future__ import annotations

import csv
import itertools
import re
from pathlib import Path

import pytest
import torch
from PIL import Image

from tests.benchmarks import pack_emoji
from vqedu import data
from vqedu.data import emoji, tokenizer


@pytest.fixture(scope="module")
def pictures() -> data.Emoji:
    return data.load("emoji")


def test_shapes_names_and_ranges(pictures: data.Emoji) -> None:
    assert pictures.x.shape == (3786, 3, 32, 32)
    assert pictures.x.dtype == torch.float32
    assert pictures.x.min() == 0
    assert pictures.x.max() == 1
    assert all(len(texts) == 3786 for texts in pictures[1:])
    number = pictures.sentences.index("woman firefighter, dark skin")
    assert [texts[number] for texts in (pictures.people, pictures.roles, pictures.tones)] == [
        "woman", "firefighter", "dark skin",
    ]  # fmt: skip
    assert pictures.categories[number] == "People & Body"


def test_each_sentence_names_one_picture(pictures: data.Emoji) -> None:
    assert len(set(pictures.sentences)) == len(pictures.sentences)


def test_a_red_apple_is_red_and_stands_on_white(pictures: data.Emoji) -> None:
    red, green, blue = pictures.x[pictures.names.index("red apple")]
    assert red[18, 16] > 0.7 > 0.4 > max(green[18, 16], blue[18, 16])
    assert red[0, 0] == green[0, 0] == blue[0, 0] == 1


def test_unseen_pictures_are_like_nothing_in_training(pictures: data.Emoji) -> None:
    """No training picture has the same base, or is closer to them than the stated error."""
    table = list(csv.DictReader(emoji.TABLE.open(encoding="utf-8", newline=""), delimiter="\t"))  # type: ignore[call-overload]
    assert pictures.splits.count("unseen picture") == 381
    bases = {split: {pack_emoji.base(r["code_points"]) for r in table if r["split"] == split} for split in emoji.SPLITS}
    assert not bases["unseen picture"] & (bases["train"] | bases["unseen combination"])
    unseen, train = (pictures.part(split).x.flatten(1) for split in ("unseen picture", "train"))
    nearest = torch.cdist(unseen, train).square().amin(1) / unseen.shape[1]
    assert nearest.min() >= pack_emoji.NEAR - 1e-5


def test_unseen_combinations_consist_of_seen_parts(pictures: data.Emoji) -> None:
    train, unseen = pictures.part("train"), pictures.part("unseen combination")
    assert len(unseen.names) == 200
    known = set(zip(train.roles, train.people, train.tones, strict=True))
    for parts in zip(unseen.roles, unseen.people, unseen.tones, strict=True):
        assert parts not in known
        for a, b in itertools.combinations(range(3), 2):  # even each two of the three
            assert any(each[a] == parts[a] and each[b] == parts[b] for each in known)
    copies = {picture.numpy().tobytes() for picture in train.x}
    assert not any(picture.numpy().tobytes() in copies for picture in unseen.x)


def test_of_each_role_there_are_three_people_in_six_tones(pictures: data.Emoji) -> None:
    parts = {p for p in zip(pictures.roles, pictures.people, pictures.tones, strict=True) if p[0]}
    roles = {role for role in pictures.roles if role}
    assert len(roles) == 78
    assert parts == set(itertools.product(roles, emoji.PEOPLE, emoji.TONES))


def test_it_is_small_and_has_its_attribution() -> None:
    assert len(emoji.SHEET.read_bytes()) + len(emoji.TABLE.read_bytes()) <= 5_000_000
    folder = Path(str(emoji.SHEET)).parent
    for text in (folder / "LICENSE.md", folder.parents[1] / "LICENSE-CONTENT.md", folder.parents[1] / "README.md"):
        assert "Twemoji, (c) Twitter, Inc and other contributors" in text.read_text(encoding="utf-8")


def test_a_damaged_table_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "emoji.tsv").write_bytes(emoji.TABLE.read_bytes()[:-1])
    monkeypatch.setattr(emoji, "TABLE", tmp_path / "emoji.tsv")
    with pytest.raises(OSError, match=r"^The file emoji\.tsv .* Install vqedu again\.$"):
        data.load("emoji")
    (tmp_path / "windows.tsv").write_bytes(
        Path(str(emoji.SHEET)).with_name("emoji.tsv").read_bytes().replace(b"\n", b"\r\n")
    )
    monkeypatch.setattr(emoji, "TABLE", tmp_path / "windows.tsv")
    assert len(data.load("emoji").names) == 3786


def test_an_unknown_split(pictures: data.Emoji) -> None:
    with pytest.raises(ValueError, match="Did you mean 'unseen picture'"):
        pictures.part("unseen pictures")


# --- a folder


def put(path: Path, color: tuple[int, ...], size: tuple[int, int] = (40, 20), mode: str = "RGB") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color).save(path)


def test_pictures_of_a_folder(tmp_path: Path) -> None:
    for i in range(11):
        put(tmp_path / "cats" / f"{i:02}.png", (255, 0, 0))
    put(tmp_path / "dogs" / "1.png", (0, 0, 255, 0), mode="RGBA")  # transparent: white
    own = data.load("folder", root=tmp_path, size=16)
    assert own.classes == ("cats", "dogs")
    assert own.train.x.shape == (11, 3, 16, 16)
    assert own.test.x.shape == (1, 3, 16, 16)
    assert own.train.y.tolist() == [0] * 10 + [1]
    assert own.train.x[0, :, 5, 5].tolist() == [1, 0, 0]
    assert own.train.x[-1].min() == 1


def test_a_few_pictures_leave_one_of_each_class_for_testing(tmp_path: Path) -> None:
    for name in ("a", "b"):
        for i in range(3):
            put(tmp_path / name / f"{i}.png", (0, 255, 0))
    own = data.load("folder", root=str(tmp_path))
    assert (own.train.y.tolist(), own.test.y.tolist()) == ([0, 0, 1, 1], [0, 1])


def test_what_a_folder_may_lack(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs root="):
        data.load("folder")  # type: ignore[call-overload]
    with pytest.raises(FileNotFoundError, match=r"There is no folder .*absent\. Put the pictures into folders"):
        data.load("folder", root=tmp_path / "absent")
    with pytest.raises(FileNotFoundError, match="holds no classes of pictures"):
        data.load("folder", root=tmp_path)
    (tmp_path / "cats").mkdir()
    with pytest.raises(FileNotFoundError, match="cats"):
        data.load("folder", root=tmp_path)
    (tmp_path / "cats" / "1.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"1\.png cannot be read as a picture"):
        data.load("folder", root=tmp_path)


# --- words


def test_frequent_words_are_whole_and_rare_ones_are_spelled() -> None:
    vocabulary = tokenizer.vocabulary(["woman cook", "man cook, dark skin", "cook", "axe"])
    assert tokenizer.pieces("Cook: an axe.", (*vocabulary, "an ")) == ["cook ", "an ", "a", "x", "e "]
    assert tokenizer.text(["cook ", "a", "x", "e "]) == "cook axe"
    assert len(vocabulary) == len(set(vocabulary))


@pytest.mark.parametrize("text", ["woman firefighter, dark skin", "kiss: woman, man", "flag of kyrgyzstan"])
def test_any_name_survives_its_pieces(pictures: data.Emoji, text: str) -> None:
    vocabulary = tokenizer.vocabulary(pictures.part("train").sentences)
    assert tokenizer.text(tokenizer.pieces(text, vocabulary)) == re.sub("[:,]", "", text)


def test_texts_that_have_no_tokens() -> None:
    with pytest.raises(TypeError, match="must be a string"):
        tokenizer.words(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least one word"):
        tokenizer.words(" , ")
    with pytest.raises(ValueError, match="The letter 'z' of 'zoo'"):
        tokenizer.pieces("zoo", ("o", "o "))
