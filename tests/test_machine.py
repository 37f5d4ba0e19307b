"""The look at the machine: it says what is so, and it never raises."""

from __future__ import annotations

import pytest

from vqedu import machine


def test_this_machine_is_ready() -> None:
    report = machine.check()
    assert all(verdict.fine for verdict in report), repr(report)
    assert [verdict.topic for verdict in report][:2] == ["Python", "torch"]


def test_an_old_python_and_a_full_disk_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.python_version", lambda: "3.9.1")
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1e7}))
    by_topic = {verdict.topic: verdict for verdict in machine.check()}
    assert not by_topic["Python"].fine
    assert "3.9.1" in by_topic["Python"].sentence
    assert not by_topic["Disk"].fine
    assert "0.01 GB" in by_topic["Disk"].sentence


def test_a_missing_drive_and_missing_weights_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathlib.Path.exists", lambda _: False)
    monkeypatch.setattr("vqedu.pretrained.names", list)
    assert "VQEDU_CACHE" in machine._disk().sentence
    assert "Install vqedu again" in machine._weights().sentence
    assert not machine._disk().fine
    assert not machine._weights().fine


def test_whatever_breaks_becomes_a_verdict_and_its_text_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no <data> here")

    monkeypatch.setattr("vqedu.data.load", broken)
    report = machine.check()
    assert "LOOK  Data: no <data> here" in repr(report)
    assert "no &lt;data&gt; here" in report._repr_html_()
