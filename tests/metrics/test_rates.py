"""Bits of codes against hand-worked values, torch and a real arithmetic coder; PNG and JPEG read back."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import Any

import constriction
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from tests.benchmarks import vqvae_sweeps
from vqedu.metrics import rates
from vqedu.pretrained import sweeps


def maps(n: int = 40, codebook_size: int = 16, seed: int = 0) -> Tensor:
    """Code maps in which low indices are common."""
    drawn = torch.rand(n, 7, 7, generator=torch.Generator().manual_seed(seed)).square()
    return (drawn * codebook_size).long()


def pictures(n: int = 6) -> Tensor:
    """Smooth gray pictures: a bright spot at another place in each."""
    y, x = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
    centers = torch.linspace(8, 20, n).view(-1, 1, 1)
    return torch.exp(-((x - centers).square() + (y - 14).square()) / 30).unsqueeze(1)


def test_bits_of_one_length() -> None:
    assert rates.fixed_length(128) == 343
    assert rates.fixed_length(512) == 441
    assert rates.fixed_length(1) == 0
    assert rates.fixed_length(8, positions=2) == 6


def test_shares_by_hand() -> None:
    indices = torch.zeros(3, 7, 7, dtype=torch.int64)
    indices[0, 0, 0] = 1
    overall = rates.shares(indices, 2)
    torch.testing.assert_close(overall, torch.tensor([[147 / 149, 2 / 149]]))
    each = rates.shares(indices, 2, by_position=True)
    assert each.shape == (49, 2)
    torch.testing.assert_close(each[0], torch.tensor([3 / 5, 2 / 5]))
    torch.testing.assert_close(each[1:], torch.tensor([4 / 5, 1 / 5]).expand(48, 2))


@pytest.mark.parametrize("shape", [(8, 8), (9, 8), (8, 11)])
def test_maps_larger_than_those_of_digits_have_a_row_of_shares_for_each_of_their_places(shape: tuple[int, int]) -> None:
    places = shape[0] * shape[1]
    indices = torch.randint(4, (30, *shape), generator=torch.Generator().manual_seed(0))
    shares = rates.shares(indices, 4, by_position=True)
    assert shares.shape == (places, 4)
    rows = indices.flatten(1)
    by_hand = -torch.stack([shares[place, rows[:, place]] for place in range(places)]).log2().sum(0)
    torch.testing.assert_close(rates.by_shares(indices, shares), by_hand)


@pytest.mark.parametrize("by_position", [False, True])
def test_bits_by_shares_are_those_of_a_categorical_variable(by_position: bool) -> None:
    shares = rates.shares(maps(seed=1), 16, by_position)
    nats = -torch.distributions.Categorical(probs=shares.expand(49, -1)).log_prob(maps().flatten(1)).sum(1)
    torch.testing.assert_close(rates.by_shares(maps(), shares), nats / math.log(2))


def test_equal_shares_cost_what_one_length_costs() -> None:
    equal = torch.full((1, 16), 1 / 16)
    torch.testing.assert_close(rates.by_shares(maps(), equal), torch.full((40,), rates.fixed_length(16)))


def test_an_arithmetic_coder_needs_what_the_shares_say() -> None:
    """All maps in one file: the coder's words of 32 bits are at most two more than the ideal number of bits."""
    indices, shares = maps(400), rates.shares(maps(400, seed=1), 16)
    coder = constriction.stream.queue.RangeEncoder()
    model = constriction.stream.model.Categorical(shares[0].numpy().astype(np.float64), perfect=False)
    coder.encode(indices.flatten().numpy().astype(np.int32), model)
    ideal = rates.by_shares(indices, shares).sum().item()
    assert ideal - 1 <= coder.num_bits() <= 1.001 * ideal + 64


@settings(deadline=None)
@given(seed=st.integers(0, 1000), bits=st.integers(1, 10))
def test_rounded_codes_are_on_few_levels_and_near(seed: int, bits: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(200, 3, generator=generator, dtype=torch.float64)
    back = rates.rounded(z, z, bits)
    low, high = torch.quantile(z, torch.tensor([0.005, 0.995], dtype=z.dtype), dim=0)
    inside = (z >= low) & (z <= high)
    half_step = (high - low) / 2**bits / 2
    assert ((back - z).abs() <= half_step + 1e-9)[inside].all()
    assert ((back >= low) & (back <= high)).all()
    assert all(len(column.unique()) <= 2**bits for column in back.T)
    torch.testing.assert_close(rates.rounded(back, z, bits), back)  # rounding twice changes nothing


def test_a_number_that_never_varies_is_kept() -> None:
    z = torch.full((5, 2), 3.0)
    torch.testing.assert_close(rates.rounded(z, z, 4), z)


def sheet_of(levels: np.ndarray, tile: tuple[int, int], paper: int) -> np.ndarray:
    """Pictures (N, h, w, C) of whole numbers, at most 40 side by side, each at the upper left of its tile of paper."""
    columns = min(40, len(levels))
    rows = math.ceil(len(levels) / columns)
    sheet = np.full((rows * tile[0], columns * tile[1], levels.shape[3]), paper, np.uint8)
    for n, picture in enumerate(levels):
        top, left = n // columns * tile[0], n % columns * tile[1]
        sheet[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return sheet


def encoded(image: Image.Image, kind: str, **options: Any) -> io.BytesIO:
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer


@pytest.mark.parametrize(("levels", "depth"), [(2, 1), (3, 2), (4, 2), (5, 4), (16, 4), (256, None)])
def test_a_png_takes_the_bits_of_one_sheet_written_as_tightly_as_a_png_can_be(levels: int, depth: int | None) -> None:
    x = pictures(41)
    steps = (x * (levels - 1)).round()[:, 0, :, :, None].numpy().astype(np.uint8)
    image = Image.fromarray(sheet_of(steps, (28, 28), 0)[..., 0])
    if depth:
        image.putpalette([255 * level // (levels - 1) for level in range(levels) for _ in range(3)])
    content = encoded(image, "PNG", optimize=True, **({"bits": depth} if depth else {}))
    assert rates.png(x.requires_grad_(), levels).bits == content.tell() * 8 / 41


@pytest.mark.parametrize("quality", [1, 50, 95])
def test_a_jpeg_takes_the_bits_of_one_sheet_of_tiles_that_its_blocks_fit_in(quality: int) -> None:
    x = pictures(41)
    sheet = sheet_of((x * 255).round()[:, 0, :, :, None].numpy().astype(np.uint8), (32, 32), 0)
    content = encoded(Image.fromarray(sheet[..., 0]), "JPEG", quality=quality, optimize=True)
    found = rates.jpeg(x, quality)
    assert found.bits == content.tell() * 8 / 41
    read = np.asarray(Image.open(content))[:28, :28]
    np.testing.assert_array_equal((found.images[0, 0] * 255).round(), read)


@pytest.mark.parametrize(
    ("kind", "quality", "options"),
    [
        ("png", None, {"optimize": True}),
        ("webp", None, {"method": 6, "lossless": True}),
        ("webp", 1, {"method": 6, "quality": 1}),
        ("jpeg", 95, {"optimize": True, "quality": 95}),
        ("jpeg", 1, {"optimize": True, "quality": 1}),
    ],
)
@pytest.mark.parametrize("shape", [(43, 1, 28, 28), (2, 1, 28, 28), (43, 3, 9, 17), (2, 3, 16, 24)])
def test_a_file_of_any_format_takes_the_bits_of_one_sheet_and_gives_it_back(
    kind: str, quality: int | None, options: dict[str, Any], shape: tuple[int, ...]
) -> None:
    n, channels, height, width = shape
    x = pictures(n * channels).view(n, channels, 28, 28)[..., :height, :width].contiguous()
    levels = (x * 255).round().movedim(1, 3).numpy().astype(np.uint8)
    tile = (math.ceil(height / 8) * 8, math.ceil(width / 8) * 8)
    sheet = sheet_of(levels, tile, 255 if channels == 3 else 0)
    content = encoded(Image.fromarray(sheet if channels == 3 else sheet[..., 0]), kind, **options)
    found = rates.file(x.requires_grad_(), kind, quality)
    assert found.bits == content.tell() * 8 / n
    read = np.asarray(Image.open(content).convert("RGB" if channels == 3 else "L")).reshape(sheet.shape)
    assert found.images.shape == x.shape
    for i in (0, n - 1):
        top, left = i // 40 * tile[0], i % 40 * tile[1]
        expected = read[top : top + height, left : left + width].transpose(2, 0, 1)
        np.testing.assert_array_equal((found.images[i] * 255).round(), expected)


def test_png_gives_every_grey_level_back() -> None:
    x = (pictures() * 255).round() / 255
    file = rates.png(x)
    torch.testing.assert_close(file.images, x)
    assert 0 < file.bits < 784 * 8


@pytest.mark.parametrize("levels", [2, 3, 4, 9, 16])
def test_png_with_few_levels_rounds_and_gets_smaller(levels: int) -> None:
    x = pictures()
    file = rates.png(x, levels)
    assert len(file.images.unique()) <= levels
    assert (file.images - x).abs().max() <= 0.5 / (levels - 1) + 1e-6
    assert file.bits < rates.png(x).bits


@pytest.mark.parametrize("levels", [2, 3, 4, 6, 16, 256])
def test_the_png_that_is_weighed_holds_the_images_that_come_back(levels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    save = Image.Image.save

    def remember(self: Image.Image, file: io.BytesIO, **options: object) -> None:
        save(self, file, **options)  # type: ignore[arg-type]
        written.append(file.getvalue())

    monkeypatch.setattr(Image.Image, "save", remember)
    result = rates.png(pictures(), levels)
    (content,) = written
    assert result.bits == len(content) * 8 / 6
    gray = np.asarray(Image.open(io.BytesIO(content)).convert("L"), np.float32) / 255
    read = torch.from_numpy(gray).view(28, 6, 28).movedim(1, 0).unsqueeze(1)
    torch.testing.assert_close(read, result.images, atol=1 / 255, rtol=0)


def test_jpeg_gets_larger_and_better_with_its_quality() -> None:
    x = pictures()
    files = [rates.jpeg(x, quality) for quality in (5, 30, 95)]
    errors = [(file.images - x).square().mean().item() for file in files]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-4
    assert files[0].bits < files[1].bits < files[2].bits
    assert all(file.images.shape == x.shape for file in files)


@pytest.mark.parametrize("n", [1, 3, 40, 41, 85])
def test_each_image_keeps_its_place_on_the_sheet(n: int) -> None:
    x = torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(n))
    torch.testing.assert_close(rates._from_sheet(rates._sheet(x, 32), n, 32), x)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: rates.fixed_length(0), ValueError, "codebook_size must be at least 1"),
        (lambda: rates.shares(torch.zeros(2, 49, dtype=torch.int64), 4), ValueError, r"view\(-1, 7, 7\)"),
        (lambda: rates.by_shares(maps(), torch.zeros(1, 16)), ValueError, "lie above 0"),
        (lambda: rates.by_shares(maps(), torch.eye(16)[:1] + torch.eye(16)[1:2]), ValueError, "lie above 0"),
        (lambda: rates.by_shares(maps(), torch.full((1, 16), math.inf)), ValueError, "shares must be finite"),
        (lambda: rates.shares(torch.zeros(2, 7, 9, dtype=torch.int64), 4), ValueError, "7, 7"),
        (lambda: rates.by_shares(maps(), torch.ones(3, 16)), ValueError, r"\(1, K\) or \(49, K\)"),
        (lambda: rates.by_shares(maps(), torch.ones(1, 8)), ValueError, r"0 \.\. 7"),
        (lambda: rates.rounded(torch.zeros(2, 3), torch.zeros(2, 4), 4), ValueError, r"\(N, 4\)"),
        (lambda: rates.rounded(torch.zeros(2, 3), torch.zeros(2, 3), 0), ValueError, "bits must be at least 1"),
        (lambda: rates.rounded(torch.zeros(2, 3), torch.full((2, 3), math.nan), 4), ValueError, "like must be finite"),
        (lambda: rates.png(pictures(), 17), ValueError, "grey_levels must be 2 to 16, or 256, got 17"),
        (lambda: rates.jpeg(pictures(), 0), ValueError, r"quality must lie in \[1, 95\]"),
        (lambda: rates.jpeg(255 * pictures(), 50), ValueError, "gray levels"),
        (lambda: rates.file(pictures(), "gif"), ValueError, "file format"),
        (lambda: rates.file(pictures(), "png", 50), ValueError, "takes no quality, got quality=50"),
        (lambda: rates.file(pictures(), "jpeg"), ValueError, "A JPEG needs a quality from 1 to 95"),
        (lambda: rates.file(pictures(), "jpeg", 0), ValueError, r"quality must lie in \[1, 95\]"),
        (lambda: rates.file(pictures(), "webp", 96), ValueError, r"quality must lie in \[1, 95\]"),
        (lambda: rates.file(255 * pictures(), "png"), ValueError, "gray levels"),
    ],
)
def test_says_what_is_wrong(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_the_shipped_sweeps_hold_every_setting_once_and_agree_with_themselves() -> None:
    results = sweeps.load()
    wanted = [sweeps.BASE | changes for group in vqvae_sweeps.SETTINGS.values() for changes in group]
    held = [{name: run[name] for name in sweeps.BASE} for run in results["runs"]]
    assert all(held.count(settings) == 1 for settings in wanted)
    assert results["recipe"] == vqvae_sweeps.RECIPE
    for run in results["runs"]:
        assert run["bits"] == pytest.approx(rates.fixed_length(run["codebook_size"]), rel=1e-3)
        assert run["bits_by_position"] < run["bits_by_shares"] <= run["bits"]
        assert 1 / run["codebook_size"] <= run["used"] <= 1
        assert 1 <= run["perplexity"] <= run["codebook_size"]


def test_selecting_runs_of_the_sweeps() -> None:
    results = {"runs": [sweeps.BASE | {"code_dim": dim} for dim in (1, 16)] + [sweeps.BASE | {"seed": 1}]}
    assert [run["code_dim"] for run in sweeps.select(results)] == [16]
    assert [run["code_dim"] for run in sweeps.select(results, code_dim=(1, 16))] == [1, 16]
    assert len(sweeps.select(results, seed=(0, 1))) == 2
