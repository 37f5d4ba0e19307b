"""What starts the course elsewhere: the image's steps, the personal copy, Binder's list, a hub with one student."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.notebooks.test_install_missing import install_missing

REPOSITORY = Path(__file__).parents[2]
DEPLOY = REPOSITORY / "deploy"
NEEDED = install_missing.requirements((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, each line joined with those that continue it."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines]


def test_the_image_copies_what_exists_and_sends_nothing_else_to_the_builder() -> None:
    kept = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")}
    copies = [rest.split() for name, rest in instructions() if name == "COPY" and "--from" not in rest]
    sources = {part for copy in copies for part in copy[:-1] if not part.startswith("--")}
    assert sources == kept
    assert all((REPOSITORY / source).exists() for source in sources)
    licenses = re.findall(r'"(LICENSE[^"]*)"', (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(licenses) <= sources  # the build of the package asks for them


def test_the_image_runs_as_a_student_who_cannot_write_the_course() -> None:
    last = instructions()[max(i for i, (name, _) in enumerate(instructions()) if name == "FROM") :]
    user = last.index(("USER", "student"))
    assert not any(name in ("COPY", "RUN") for name, _ in last[user:])
    assert not any("--chown" in rest or "chmod -R" in rest for _, rest in last)
    assert all(":" in rest and "latest" not in rest for name, rest in instructions() if name == "FROM")


def start_student(home: Path, course: Path) -> subprocess.CompletedProcess[str]:
    """Run the image's start with a stand-in for `jupyter` that tells how it was called, and where."""
    (home / "bin").mkdir(parents=True, exist_ok=True)
    (home / "bin" / "jupyter").write_text('#!/bin/sh\necho "$PWD: $*"\n')
    (home / "bin" / "jupyter").chmod(0o755)
    environment = {"HOME": str(home), "VQEDU_NOTEBOOKS": str(course), "PATH": f"{home / 'bin'}:{os.environ['PATH']}"}
    return subprocess.run([DEPLOY / "start-student"], env=environment, capture_output=True, text=True, check=True)


@pytest.mark.skipif(sys.platform == "win32", reason="the image runs Linux")
def test_a_student_gets_a_copy_of_each_notebook_and_keeps_what_was_changed(tmp_path: Path) -> None:
    course, home = tmp_path / "course", tmp_path / "home"
    shutil.copytree(REPOSITORY / "notebooks", course, ignore=shutil.ignore_patterns("__pycache__"))
    for path in course.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    told = start_student(home, course).stdout
    assert told.startswith(f"{home}: lab ")
    names = {path.relative_to(course) for path in course.rglob("*")}
    assert {path.relative_to(home / "notebooks") for path in (home / "notebooks").rglob("*")} == names
    mine = home / "notebooks" / "04_vae.ipynb"
    mine.write_text("my own work")
    (home / "notebooks" / "05_inside_the_vae.ipynb").unlink()
    start_student(home, course)
    assert mine.read_text() == "my own work"
    assert (home / "notebooks" / "05_inside_the_vae.ipynb").exists()
    for path in (course, *course.rglob("*")):
        path.chmod(0o755)  # so that the folder can be removed


def test_binder_installs_what_the_package_needs() -> None:
    listed = yaml.safe_load((REPOSITORY / ".binder" / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    other_names = {"torch": "pytorch-cpu", "matplotlib": "matplotlib-base"}
    found = {*(each for each in listed if isinstance(each, str)), *listed[-1]["pip"]}
    for requirement in NEEDED:
        name, bounds = re.fullmatch(r"([\w-]+)(.+)", requirement).groups()  # type: ignore[union-attr]
        assert other_names.get(name, name) + bounds in found


def test_the_values_for_kubernetes_name_what_the_image_has() -> None:
    values = yaml.safe_load((DEPLOY / "zero-to-jupyterhub.yaml").read_text(encoding="utf-8"))
    student = values["singleuser"]
    assert student["cmd"] == ["start-student"]
    environment = dict(re.findall(r"(\w+)=(\S+)", next(r for n, r in instructions() if n == "ENV" and "VQEDU" in r)))
    assert environment["VQEDU_UNPACKED"].startswith("/opt/course/")
    assert not student["storage"]["homeMountPath"].startswith("/opt")
    assert student["uid"] == 1000 == int(re.search(r"--uid (\d+)", (DEPLOY / "Dockerfile").read_text()).group(1))  # type: ignore[union-attr]


@pytest.mark.nightly
@pytest.mark.skipif(
    importlib.util.find_spec("jupyterhub") is None or shutil.which("configurable-http-proxy") is None,
    reason="needs PyPI's jupyterhub and npm's configurable-http-proxy",
)
def test_a_student_of_a_real_hub_sees_an_explorer_in_both_notebooks() -> None:
    from tests.benchmarks import hub

    seconds, taken, _ = asyncio.run(hub.classroom(1))
    assert [list(each) for each in seconds] == [list(hub.OPENED)]
    assert len(taken) == 1
    assert taken[0].own + taken[0].share <= taken[0].resident
