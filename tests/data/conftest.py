"""These tests read the digits from the package, as a learner does."""

import pytest

from vqedu.data import unpacked


@pytest.fixture(autouse=True)
def _packed(_unpacked: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(unpacked.VARIABLE)
