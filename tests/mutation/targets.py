"""Which files are changed, and which tests must notice."""

from __future__ import annotations

from typing import NamedTuple


class Target(NamedTuple):
    """A file whose mutants are made, and the test files that ought to catch them.

    complete: they caught all once, so that one that gets away is a fault.
    """

    path: str
    tests: tuple[str, ...]
    complete: bool = False


VECTOR = ("tests/quantizers/test_vector.py", "tests/quantizers/test_contract.py")
TARGETS = {
    "losses": Target("vqedu/losses.py", ("tests/test_losses.py", "tests/test_beta.py"), complete=True),
    "quantizers.vector": Target("vqedu/quantizers/vector.py", VECTOR, complete=True),
    "quantizers.kmeans": Target("vqedu/quantizers/kmeans.py", VECTOR),
    "quantizers.nearest": Target("vqedu/quantizers/nearest.py", ("tests/quantizers/test_nearest.py",)),
    "quantizers.fsq": Target("vqedu/quantizers/fsq.py", ("tests/quantizers/test_fsq.py", VECTOR[1])),
    "quantizers.residual": Target("vqedu/quantizers/residual.py", ("tests/quantizers/test_residual.py", VECTOR[1])),
    "models.vae": Target("vqedu/models/vae.py", ("tests/models/test_models.py",), complete=True),
    "metrics.codes": Target("vqedu/metrics/codes.py", ("tests/metrics/test_metrics.py", VECTOR[0])),
    "metrics.likelihood": Target("vqedu/metrics/likelihood.py", ("tests/metrics/test_metrics.py",)),
    "metrics.rates": Target("vqedu/metrics/rates.py", ("tests/metrics/test_rates.py",)),
    "models.transformer": Target("vqedu/models/transformer.py", ("tests/models/test_transformer.py",), complete=True),
    "coding": Target("vqedu/coding.py", ("tests/test_coding.py",)),
}
