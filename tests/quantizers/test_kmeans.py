"""k-means by hand: centers with no row, one row and two rows; how many steps are made."""

from __future__ import annotations

import torch

from vqedu.quantizers import kmeans

ROWS = torch.tensor([[0.0, 0.0], [2.0, 0.0], [9.0, 9.0]])
CENTERS = torch.tensor([[1.0, 1.0], [8.0, 8.0], [-50.0, 7.0]])


def test_a_center_goes_to_the_mean_of_its_rows_even_if_it_is_one_and_stays_without_any() -> None:
    centers, counts = kmeans.step(ROWS, CENTERS)
    assert centers.tolist() == [[1, 0], [9, 9], [-50, 7]]
    assert counts.tolist() == [2, 1, 0]


def test_ten_steps_are_made_unless_another_number_is_asked_for() -> None:
    rows = torch.linspace(0, 1, 300).unsqueeze(1)
    start = rows[:8]  # eight centers at the low end take dozens of steps to spread
    reached = [(start, start.new_zeros(8))]
    for _ in range(11):
        reached.append(kmeans.step(rows, reached[-1][0]))
    assert not torch.equal(reached[10][0], reached[9][0])
    assert not torch.equal(reached[10][0], reached[11][0])
    for steps, found in ((10, kmeans.kmeans(rows, start)), (3, kmeans.kmeans(rows, start, 3))):
        assert all(map(torch.equal, found, reached[steps]))


def test_without_a_step_nothing_has_moved_and_no_row_was_counted() -> None:
    centers, counts = kmeans.kmeans(ROWS, CENTERS, steps=0)
    assert torch.equal(centers, CENTERS)
    assert counts.tolist() == [0, 0, 0]
