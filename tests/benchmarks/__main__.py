"""All comparisons with other libraries, one after the other, and which versions were compared; about 15 minutes.

python -m pip install vector-quantize-pytorch faiss-cpu pythae ipympl
python -m tests.benchmarks
"""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
import sys

from tests.conftest import REPOSITORY

SCRIPTS = (
    "import_time", "data_load", "epoch", "vae_recipes", "quantizer_step", "quantizer_search", "quantizer_quality",
    "prior_sampling", "explorer_latency",
)  # fmt: skip
COMPARED = (
    "torch", "torchvision", "numpy", "matplotlib", "ipywidgets", "jupyterlab", "vector-quantize-pytorch", "faiss-cpu",
    "pythae", "ipympl",
)  # fmt: skip


def version(name: str) -> str:
    try:
        return f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{name} not installed"


def main() -> int:
    print(", ".join([f"Python {platform.python_version()}", *map(version, COMPARED)]), flush=True)
    failed = 0
    for name in SCRIPTS:
        print(f"\n## {name}", flush=True)
        command = [sys.executable, "-m", f"tests.benchmarks.{name}"]
        failed += subprocess.run(command, cwd=REPOSITORY, check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
