"""Prints what `import vqedu` adds to `import torch`: the difference of medians over fresh processes, alternating."""

from __future__ import annotations

import statistics
import subprocess
import sys

RUNS = 5
CODE = "import time; start = time.perf_counter(); {statements}; print(time.perf_counter() - start)"


def seconds(statements: str) -> float:
    """Return how long the statements take in a fresh process, without the start of Python itself."""
    run = subprocess.run(
        [sys.executable, "-c", CODE.format(statements=statements)], capture_output=True, text=True, check=True
    )
    return float(run.stdout)


def main() -> None:
    pairs = [(seconds("import torch"), seconds("import torch; import vqedu")) for _ in range(RUNS)]
    alone, both = (statistics.median(column) for column in zip(*pairs, strict=True))
    added = statistics.median(second - first for first, second in pairs)
    print(f"import torch                {alone:.3f} s (median of {RUNS})")
    print(f"import torch; import vqedu  {both:.3f} s")
    print(f"added                       {added:.3f} s (median of the differences; the aim is at most 0.15 s)")


if __name__ == "__main__":
    main()
