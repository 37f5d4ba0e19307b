"""The look at the machine: it says what is so, and it never raises."""

from __future__ import annotations

from pathlib import Path

import pytest

from vqedu import machine
from vqedu.data import unpacked


def test_this_machine_is_ready() -> None:
    report = machine.check()
    assert all(verdict.fine for verdict in report), repr(report)
    assert [verdict.topic for verdict in report][:2] == ["Python", "torch"]


def test_an_old_python_a_damaged_package_and_missing_weights_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("platform.python_version", lambda: "3.9.1")
    monkeypatch.delenv(unpacked.VARIABLE)
    monkeypatch.setattr("vqedu.data.EMBEDDED", tmp_path / "absent.npz")
    monkeypatch.setattr("vqedu.pretrained.names", list)
    by_topic = {verdict.topic: verdict for verdict in machine.check()}
    for topic, part in {"Python": "3.9.1", "Data": "Install vqedu again", "Weights": "Install vqedu again"}.items():
        assert not by_topic[topic].fine
        assert part in by_topic[topic].sentence


def test_whatever_breaks_becomes_a_verdict_and_its_text_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no <data> here")

    monkeypatch.setattr("vqedu.data.load", broken)
    report = machine.check()
    assert "LOOK  Data: no <data> here" in repr(report)
    assert "no &lt;data&gt; here" in report._repr_html_()
