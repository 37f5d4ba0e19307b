"""A model with the codes of some digits: what space.js in the page knows of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vqedu import losses, validate
from vqedu.models.copies import snapshot
from vqedu.widgets.latent import codes as latent_codes
from vqedu.widgets.nets import describe
from vqedu.widgets.principal import principal

SUBSCRIPTS = ("z₁", "z₂")


class LatentSpace:
    """A copy of an Autoencoder or a VAE for the CPU, and the map of the codes of `images` (a VAE's code is mu).

    Raises TypeError for a model without encoder and decoder, ValueError for codes that are not finite.
    """

    def __init__(self, model: nn.Module, images: Tensor, labels: np.ndarray) -> None:
        self._model = _snapshot(model)
        self.images, self.labels = images, labels
        self.codes, self.logvar = encode(self._model, images)
        self.directions = principal(self.codes)
        self.plane = latent_codes.plane(self.codes, labels, self.directions)

    @property
    def latent_dim(self) -> int:
        return int(self._model.latent_dim)

    @property
    def variational(self) -> bool:
        """Whether the model gives q(z|x), not a code alone."""
        return self.logvar is not None

    def network(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return (config, arrays) that nn.js needs to run the encoder and the decoder."""
        encoder, encoder_arrays = describe(self._model.encoder, "encoder")
        decoder, decoder_arrays = describe(self._model.decoder, "decoder")
        return {"encoder": encoder, "decoder": decoder}, {**encoder_arrays, **decoder_arrays}

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the codes and the geometry of their map, float32."""
        floats = {
            "codes": self.codes, "axes": self.plane.axes, "origin": self.plane.origin, "places": self.plane.places,
            "mean": self.directions.mean, "directions": self.directions.directions, "std": self.directions.std,
        }  # fmt: skip
        return {name: array.astype(np.float32) for name, array in floats.items()}

    def config(self) -> dict[str, Any]:
        """Return what the page needs to draw the map, and for a VAE the scale and the order of the KL bars."""
        from vqedu.plots import DIGIT_COLORS

        gaps = latent_codes.spacing(self.codes)
        labels = {1: (SUBSCRIPTS[0], "class"), 2: SUBSCRIPTS}
        shares = self.directions.share
        along = [f"direction {k + 1} ({share:.0%} of the variance)" for k, share in enumerate(shares[:2])]
        return {
            "latent_dim": self.latent_dim, "variational": self.variational,
            "low": self.plane.low.tolist(), "high": self.plane.high.tolist(),
            "spacing": gaps.median, "reach": gaps.reach, "colors": list(DIGIT_COLORS),
            "axis_labels": list(labels.get(self.latent_dim, along)), "shares": shares.tolist(),
            "class_places": latent_codes.class_places(self.plane.places, self.labels), **self._kl_config(),
        }  # fmt: skip

    def _kl_config(self) -> dict[str, Any]:
        if self.logvar is None:
            return {}
        terms = kl_terms(self.codes, self.logvar)
        mean = terms.mean(0)
        # One order for all pictures, so that a dimension keeps its place; two dimensions keep their own.
        order = np.argsort(-mean) if self.latent_dim > 2 else np.arange(self.latent_dim)
        high = np.quantile(terms.max(1), 0.9)  # the scale of the bars; the rare picture above it gets its own
        return {"mean_kl": mean.tolist(), "kl_order": order.tolist(), "kl_high": float(high)}


def encode(model: Any, x: Tensor) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the codes of images, float64 (N, D): z of an autoencoder, mu of a VAE; then None or the VAE's logvar."""
    with torch.no_grad():
        out = model.encode(x)
    codes, logvar = out if isinstance(out, tuple) else (out, None)
    codes = validate.finite(codes, "the codes of the images").numpy().astype(np.float64)
    if logvar is None:
        return codes, None
    return codes, validate.finite(logvar, "the logvar of the images").numpy().astype(np.float64)


def kl_terms(mu: np.ndarray, logvar: np.ndarray) -> np.ndarray:
    """Return KL(N(mu, sigma^2) || N(0, 1)) of each element, in nats: two (N, D) -> (N, D)."""
    return losses.kl_terms(torch.from_numpy(mu), torch.from_numpy(logvar)).numpy()


def _snapshot(model: nn.Module) -> Any:
    """Return a copy of the model for the CPU, in eval mode; the original may go on training."""
    parts = (getattr(model, "encoder", None), getattr(model, "decoder", None))
    if not (isinstance(model, nn.Module) and all(isinstance(part, nn.Sequential) for part in parts)):
        raise TypeError(
            f"model must be a vqedu.models.Autoencoder or VAE, whose encoder and decoder are nn.Sequential, "
            f"got {type(model).__name__}."
        )
    return snapshot(model)
