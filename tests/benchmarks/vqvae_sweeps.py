"""K, D and the commitment cost swept: trains what vqedu/sweeps.py lists, and writes vqedu/assets/vqvae_sweeps.json.

python tests/benchmarks/vqvae_sweeps.py [codebook_size] [code_dim] [commitment_cost] [seed]

Without a name all four, about 7 minutes on one core. A run that the file already holds is done again only with --anew.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import torch

from vqedu import data
from vqedu.pretrained import sweeps


def settings_of(run: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(run[name] for name in sweeps.BASE)


def main(arguments: list[str]) -> None:
    torch.set_num_threads(1)
    names = [name for name in arguments if name != "--anew"] or list(sweeps.SETTINGS)
    runs = sweeps.load()["runs"] if sweeps.RESULTS.exists() else []
    images = data.load()
    for changes in (changes for name in names for changes in sweeps.SETTINGS[name]):
        wanted = settings_of(sweeps.BASE | changes)
        if "--anew" not in arguments and wanted in map(settings_of, runs):
            continue
        run = sweeps.train(images, **changes)
        runs = [*(old for old in runs if settings_of(old) != wanted), run]
        print(run, flush=True)
        write(sorted(runs, key=settings_of))


def write(runs: list[dict[str, Any]]) -> None:
    """Write the results, one run a line, with what is needed to repeat them."""
    head = {
        "command": "python tests/benchmarks/vqvae_sweeps.py",
        "data": "mnist; measured on all 10,000 test images",
        "recipe": sweeps.RECIPE,
        "torch": torch.__version__.split("+")[0],
        "threads": 1,
    }
    lines = ",\n  ".join(json.dumps(run) for run in runs)
    body = json.dumps(head, indent=1)[:-2] + f',\n "runs": [\n  {lines}\n ]\n}}\n'
    sweeps.RESULTS.write_text(body, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
