"""Random numbers in the page are those of mulberry32, worked out in Python, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from tests.page import mulberry, node


@pytest.mark.parametrize("seed", [0, 1, 7, -1, 2**31, 8 * 1000003])
def test_the_numbers_of_a_seed(seed: int) -> None:
    both = "(seed) => [Array.from({ length: 40 }, tested.uniform(seed)), tested.normals(seed, 20)]"
    uniform, normals = node.call("page/random.js", both, seed)
    np.testing.assert_array_equal(uniform, mulberry.uniform(seed, 40))
    np.testing.assert_allclose(normals, mulberry.normals(seed, 20), rtol=1e-14)
