"""Figures of notebooks 02 and 03: captioned images, a bound that climbs, a climb on the landscape of the ELBO."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import BoundaryNorm

from vqedu.palette import COLORS, named
from vqedu.plots.style import TeachingFigure, _bare, pictures


def captioned_images(
    rows: Mapping[str, tuple[np.ndarray, Sequence[str]]], title: str, alt: str | None = None, size: float = 1.0
) -> TeachingFigure:
    """Draw rows of gray images with a caption under each: {name: (images (n, 1, 28, 28), n captions)}.

    An empty name leaves no room for names. size: inches per image.
    """
    arrays = {name: pictures(np.asarray(images)) for name, (images, _) in rows.items()}
    n = max(len(images) for images in arrays.values())
    margin = 0.2 + 0.1 * max(len(name) for name in rows)
    figure = TeachingFigure(margin + n * (size + 0.06), 0.6 + len(rows) * (size + 0.34), alt or title)
    axes = figure.subplots(len(rows), n, squeeze=False)
    for (name, images), line in zip(arrays.items(), axes, strict=True):
        for column, axis in enumerate(line):
            _bare(axis)
            axis.set_visible(column < len(images))
            if column < len(images):
                axis.imshow(images[column], cmap="gray_r", vmin=0, vmax=1)
                axis.set_xlabel(rows[name][1][column], fontsize=11)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=12, labelpad=8)
    figure.headline(title)
    return figure


def bounds(values: Mapping[int, float], log_px: float, title: str, alt: str | None = None) -> TeachingFigure:
    """Draw bounds {k: nats} below the line log p(x), each with its distance to the line."""
    figure = TeachingFigure(7.5, 4.2, alt or title)
    axis = figure.subplots()
    axis.axhline(log_px, color=COLORS["data"], lw=2)
    axis.plot(list(values), list(values.values()), "o-", color=COLORS["encoder"], lw=2, ms=8)
    for k, value in values.items():
        axis.plot([k, k], [value, log_px], ":", color=COLORS["warning"], lw=2)
        axis.annotate(f"{log_px - value:.2f} below", (k, value), xytext=(9, -14), textcoords="offset points",
                      fontsize=11)  # fmt: skip
    axis.annotate("log p(x)", (min(values), log_px), xytext=(0, 6), textcoords="offset points", fontsize=12)
    low = min(values.values())
    axis.set(xscale="log", xlabel="samples k", ylabel="nats", ylim=(low - 0.2 * (log_px - low), log_px + 0.03))
    axis.set_xticks(list(values), [str(k) for k in values], fontsize=11)
    axis.set_xticks([], minor=True)
    axis.margins(x=0.16)
    axis.spines[["top", "right"]].set_visible(False)
    figure.headline(title)
    return figure


def climbs(
    surface: tuple[np.ndarray, np.ndarray, np.ndarray],
    paths: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    best: tuple[float, float],
    title: str,
    colors: Mapping[str, str] | None = None,
    alt: str | None = None,
) -> TeachingFigure:
    """Draw paths {name: (mus, sigmas)} over the ELBO: surface is mus (m,), sigmas (s,) and nats (s, m).

    `best` is marked by a star; the contours are closer together near the top, 0.05 nats below it at first.
    """
    mus, sigmas, nats = surface
    figure = TeachingFigure(7.5, 4.6, alt or title)
    axis = figure.subplots()
    levels = nats.max() - np.array([60, 30, 15, 8, 4, 2, 1, 0.5, 0.2, 0.05])
    norm = BoundaryNorm(levels, 256, extend="both")  # one shade per band, whatever its height
    axis.contourf(mus, sigmas, nats, levels, cmap="Greys_r", norm=norm, alpha=0.6, extend="both")
    axis.contour(mus, sigmas, nats, levels, colors="white", linewidths=0.8, linestyles="solid")
    for name, (mu, sigma) in paths.items():
        color = named((colors or {}).get(name))
        (line,) = axis.plot(mu, sigma, lw=2, color=color, label=name)
        axis.plot(mu[0], sigma[0], "o", ms=8, color=line.get_color())
    axis.plot(*best, "*", ms=18, color=COLORS["data"], mec="white", label="best $q$, as found in notebook 02")
    axis.set(xlabel="$\\mu$", ylabel="$\\sigma$")
    axis.legend(fontsize=11, loc="lower left")
    figure.headline(title)
    return figure
