"""The first cell on Colab and Kaggle: installs what the course needs and this machine lacks, and says so.

In a notebook there, with ADDRESS the address of this repository:

    !git clone -q ADDRESS course
    %run course/notebooks/install_missing.py

What is installed already stays as it is: Colab's torch, which fits its GPU, is not replaced. Needs nothing but Python.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def requirements(pyproject: str) -> list[str]:
    """Return what a pyproject.toml says that the package needs, such as "torch>=2.5,<3"."""
    (block,) = re.findall(r"^dependencies = \[(.*?)^\]", pyproject, re.MULTILINE | re.DOTALL)
    return re.findall(r'"([^"]+)"', block)


def state(requirement: str) -> tuple[bool, str]:
    """Return whether a requirement is met here, and what is here, such as "torch 2.9.1" or "no anywidget"."""
    name = re.split(r"[<>=!~]", requirement)[0]
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False, f"no {name}"
    bounds = re.findall(r"([<>]=?)([\d.]+)", requirement)
    return all(fits(version, relation, bound) for relation, bound in bounds), f"{name} {version}"


def fits(version: str, relation: str, bound: str) -> bool:
    """Return whether a version such as "2.9.1+cu128" is >= or < a bound; only its numbers count."""
    here, there = ([int(part) for part in re.findall(r"\d+", text.split("+")[0])[:3]] for text in (version, bound))
    return here >= there if relation == ">=" else here < there


def install(missing: list[str]) -> None:
    """Install requirements into the environment of this Python; raises SystemExit with what to do if that fails."""
    run = subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", *missing], capture_output=True, text=True, check=False
    )
    if run.returncode:
        reason = (run.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        sys.exit(
            f"Installing {', '.join(missing)} failed: {reason}\nThe cell needs a network. On Kaggle, switch on "
            "Internet in the notebook's settings, and run the cell again."
        )


def main() -> None:
    """Install what is missing, make `vqedu` importable in this kernel, and go to the folder of the notebooks."""
    needed = requirements((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    states = {requirement: state(requirement) for requirement in needed}
    print("Already here: " + (", ".join(found for met, found in states.values() if met) or "nothing"))
    missing = [requirement for requirement, (met, _) in states.items() if not met]
    if missing:
        print("Installing: " + ", ".join(f"{requirement} (here: {states[requirement][1]})" for requirement in missing))
        install(missing)
    if str(REPOSITORY) not in sys.path:
        sys.path.insert(0, str(REPOSITORY))
    os.chdir(REPOSITORY / "notebooks")
    print("Ready: `import vqedu` works in this notebook.")


if __name__ == "__main__":
    main()
