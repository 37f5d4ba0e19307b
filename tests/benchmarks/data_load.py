"""Prints what `data.load("mnist")` costs a fresh process, beside `import torch` and `import vqedu` alone.

    python -m tests.benchmarks.data_load [ROUNDS]

Each round runs every line once, in a process of its own, taking turns. CPU seconds are those of all threads, peak
memory is the largest resident set of the process; the medians are printed.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

LINES = ("import torch", "import vqedu", "import torch; import vqedu", 'from vqedu import data; data.load("mnist")')
MEASURED = """
import json, resource, sys, time
wall, cpu = time.perf_counter(), time.process_time()
{line}
seconds = time.process_time() - cpu, time.perf_counter() - wall
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([*seconds, peak / (2**20 if sys.platform == "darwin" else 2**10)]))
"""


def costs(line: str) -> list[float]:
    """Return the CPU seconds, wall seconds and peak MiB of a line in a fresh process, without the start of Python."""
    run = subprocess.run([sys.executable, "-c", MEASURED.format(line=line)], capture_output=True, text=True, check=True)
    return list(json.loads(run.stdout))


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    samples: dict[str, list[list[float]]] = {line: [] for line in LINES}
    for _ in range(rounds):
        for line in LINES:
            samples[line].append(costs(line))
    print(f"{'median of ' + str(rounds):44s}{'CPU s':>8s}{'wall s':>8s}{'peak MiB':>10s}")
    for line, rows in samples.items():
        cpu, wall, peak = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{line:44s}{cpu:8.2f}{wall:8.2f}{peak:10.0f}")


if __name__ == "__main__":
    main()
