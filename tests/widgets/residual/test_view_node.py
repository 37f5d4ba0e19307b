"""What the residual explorer computes in the page, against torch: stages summed and decoded, residuals, errors."""

from __future__ import annotations

import base64
import math

import numpy as np
import torch

from tests.page import node
from tests.quantizers.examples import started
from vqedu.data import Split
from vqedu.widgets import ResidualExplorer

HALF_A_GREY_LEVEL = 0.5 / 255  # the decoder's weights are float16 in the page


@torch.no_grad()
def test_every_stage_of_every_picture_is_torch_s() -> None:
    model = started("ResidualVQ")
    gray = torch.randint(256, (3, 1, 28, 28), generator=torch.Generator().manual_seed(0)) / 255
    explorer = ResidualExplorer(model, Split(gray.square(), torch.tensor([2, 5, 7])), digit=0)
    data = base64.b64encode(explorer.data).decode()
    script = """(text, config, states) => {
        const space = tested.residualSpace(view(text), config), see = tested.viewer(space);
        const views = states.map((state) => see(state));
        return [views, views.map((view) => tested.words(space, view)), space.levels, space.bits];
    }"""
    states = [{"digit": digit, "level": level} for digit in range(3) for level in (4, 1, 3)]
    views, words, levels, bits = node.call("residual/view.js", script, data, explorer.config, states)
    assert (levels, bits) == (4, math.log2(12))
    x, z_e = explorer.images, model.encoder(explorer.images)
    indices = model.quantizer.nearest(z_e)
    for state, view, line in zip(states, views, words, strict=True):
        n, level = state["digit"], state["level"]
        sums = [model.quantizer.lookup(indices[n : n + 1, ..., :count]) for count in (1, 2, 3, 4)]
        lengths = [(z_e[n] - z_q[0]).norm(dim=0).flatten() for z_q in (torch.zeros_like(sums[0]), *sums)]
        np.testing.assert_allclose(view["x"], x[n].flatten(), atol=HALF_A_GREY_LEVEL)
        np.testing.assert_allclose(view["whole"], lengths[0], rtol=1e-5)
        assert math.isclose(view["longest"], lengths[0].max().item(), rel_tol=1e-5)
        for step, z_q, left in zip(view["steps"], sums, lengths[1:], strict=True):
            picture = model.decoder(z_q).sigmoid().flatten().numpy()
            np.testing.assert_allclose(step["pixels"], picture, atol=HALF_A_GREY_LEVEL)
            np.testing.assert_allclose(step["left"], left, rtol=1e-4, atol=1e-5)
            assert math.isclose(step["error"], ((picture - x[n].flatten().numpy()) ** 2).mean(), rel_tol=1e-2)
        assert view["pixels"] == view["steps"][level - 1]["pixels"]
        assert view["label"] == [2, 5, 7][n]
        rate = f"49 × {level} × 3.58 = {49 * level * math.log2(12):.2f}".rstrip("0").rstrip(".")
        assert line == f"{level} of 4 stages: {rate} bits per image, squared error {view['error']:.4f} per pixel"
