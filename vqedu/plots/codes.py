"""Figures of code maps, of sweeps over a codebook's settings, and of what an image costs in bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from vqedu.palette import COLORS, named, tint
from vqedu.plots.style import TeachingFigure, pictures, show

# From white to the codebook's color; light enough for black numbers. Around white from warnings' to the encoder's.
CODES = LinearSegmentedColormap.from_list("codes", ["#FFFFFF", tint(COLORS["codebook"], 0.55)])
SIGNED = LinearSegmentedColormap.from_list("signed", [COLORS["warning"], "#FFFFFF", COLORS["encoder"]])
Points = tuple[Sequence[float], Sequence[float]]  # x values, y values


def code_maps(
    x: np.ndarray, z_e: np.ndarray, indices: np.ndarray, x_hat: np.ndarray, title: str, alt: str | None = None
) -> TeachingFigure:
    """Draw the way of n images through a VQ-VAE, one row per image: x, the D channels of z_e, the code map, x_hat.

    x and x_hat: (n, 1, 28, 28) or (n, 28, 28); z_e: (n, D, 7, 7); indices: (n, 7, 7), written into their cells.
    Images in color, (n, 3, H, W), come with maps of another size.
    """
    n, dims = z_e.shape[:2]
    figure = TeachingFigure(10.4, 0.75 + 2.6 * n, alt or title)
    grid = figure.subplots(n, 4, squeeze=False)
    x, x_hat = pictures(x), pictures(x_hat)
    size = f"{z_e.shape[2]} x {z_e.shape[3]}"
    headings = ("$x$", f"$z_e$: {dims} channels of {size}", "indices: the nearest codes", r"$\hat{x}$")
    for row, axes in enumerate(grid):
        for axis in axes:
            axis.set(xticks=[], yticks=[])
        show(axes[0], x[row])
        _draw_channels(axes[1], z_e[row])
        _draw_code_map(axes[2], indices[row])
        show(axes[3], x_hat[row])
    for axis, heading in zip(grid[0], headings, strict=True):
        axis.set_title(heading, fontsize=11.5)
    figure.headline(title)
    return figure


def _draw_channels(axis: Axes, z_e: np.ndarray) -> None:
    """Draw the channels (D, 7, 7) side by side, green above zero and orange below, with a white line between."""
    dims, height, width = z_e.shape
    columns = int(np.ceil(np.sqrt(dims)))
    rows = -(-dims // columns)
    sheet = np.full((rows * columns, height + 1, width + 1), np.nan)
    sheet[:dims, :height, :width] = z_e
    sheet = sheet.reshape(rows, columns, height + 1, width + 1).swapaxes(1, 2)
    sheet = sheet.reshape(rows * (height + 1), columns * (width + 1))[:-1, :-1]
    limit = float(np.abs(z_e).max())
    axis.imshow(sheet, cmap=SIGNED, vmin=-limit, vmax=limit)
    for spine in axis.spines.values():
        spine.set_visible(False)


def _draw_code_map(axis: Axes, indices: np.ndarray) -> None:
    """Draw a code map (7, 7): each index as a number; the commonest code of the map, mostly paper, stays white."""
    commonest = np.bincount(indices.flatten()).argmax()
    axis.imshow(indices != commonest, cmap=CODES, vmin=0, vmax=1)
    for (row, column), index in np.ndenumerate(indices):
        axis.text(column, row, str(index), ha="center", va="center", fontsize=8.5)
    height, width = indices.shape
    axis.set(xticks=np.arange(-0.5, width), yticks=np.arange(-0.5, height), xticklabels=[], yticklabels=[])
    axis.grid(color="#c8c8c8", lw=0.6)
    axis.tick_params(length=0)


def panels(
    curves: Mapping[str, Mapping[str, Points]],
    title: str,
    ylabel: str,
    colors: Mapping[str, str] | None = None,
    xscales: Mapping[str, str] | None = None,
    alt: str | None = None,
) -> TeachingFigure:
    """Draw named curves in panels side by side on one logarithmic y axis: {x label: {name: (x, y)}}.

    xscales: x label -> "log" (which is also the default), "symlog" or "linear". Each x is a tick with its value.
    """
    figure = TeachingFigure(3.5 * len(curves), 3.6, alt or title)
    axes = figure.subplots(1, len(curves), sharey=True, squeeze=False)[0]
    for axis, (xlabel, lines) in zip(axes, curves.items(), strict=True):
        for name, (x, y) in lines.items():
            axis.plot(x, y, marker="o", lw=2, label=name, color=named((colors or {}).get(name)))
        ticks = sorted({value for x, _ in lines.values() for value in x})
        scale = (xscales or {}).get(xlabel, "log")
        axis.set_xscale(scale, **({"linthresh": 0.05} if scale == "symlog" else {}))
        axis.set(yscale="log", xlabel=xlabel)
        axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks], fontsize=9)
        axis.minorticks_off()
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
        if len(lines) > 1:
            axis.legend(fontsize=9.5)
    _plain_log_ticks(axes[0], [y for lines in curves.values() for _, values in lines.values() for y in values])
    axes[0].set_ylabel(ylabel)
    figure.headline(title)
    return figure


def rate_distortion(
    curves: Mapping[str, Points],
    title: str,
    colors: Mapping[str, str],
    dashed: Sequence[str] = (),
    lossless: Mapping[str, float] | None = None,
    notes: Mapping[str, Sequence[str]] | None = None,
    names: Mapping[str, tuple[float, float]] | None = None,
    alt: str | None = None,
) -> TeachingFigure:
    """Draw squared error against bits per image: {name: (bits, errors)}; each curve has its own mark.

    An axis whose values span more than a factor of 10 is logarithmic; a linear one of errors begins at 0.

    lossless: formats that give every pixel back, {name: bits}; they have no place on a logarithmic axis of errors and
    are drawn as vertical lines. notes: a text beside each point of a curve, {name: texts}; its points are not joined.
    names: where the name of each curve begins, (bits, error), so that no legend is needed on a projector.
    """
    figure = TeachingFigure(9.6, 5.6, alt or title)
    axis = figure.subplots()
    for mark, (name, (bits, errors)) in zip("osD^vP*Xh<>" * 2, curves.items(), strict=False):
        style = "none" if name in (notes or {}) else "--" if name in dashed else "-"
        axis.plot(bits, errors, ls=style, marker=mark, ms=7, lw=1.8, color=named(colors[name]), label=name,
                  mfc="white" if name in dashed else named(colors[name]))  # fmt: skip
        for text, point in zip((notes or {}).get(name, ()), zip(bits, errors, strict=True), strict=False):
            axis.annotate(text, point, xytext=(9, 4), textcoords="offset points", fontsize=10)
    for name, size in (lossless or {}).items():
        axis.axvline(size, color=COLORS["data"], ls=":", lw=1.4)
        axis.annotate(f"{name}: {size:,.0f} bits", (size, 0.98), xycoords=("data", "axes fraction"), rotation=90,
                      xytext=(-4, 0), textcoords="offset points", ha="right", va="top", fontsize=10)  # fmt: skip
    axis.set(xlabel="rate: bits per image", ylabel="distortion: squared error per pixel")
    axis.margins(x=0.2 if notes else 0.05)
    sizes = [size for bits, _ in curves.values() for size in bits] + list((lossless or {}).values())
    if max(sizes) > 10 * min(sizes):
        ticks = [25 * 2**power for power in range(9)]
        axis.set_xscale("log")
        axis.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    found = [error for _, errors in curves.values() for error in errors]
    if max(found) > 10 * min(found):
        axis.set_yscale("log")
        _plain_log_ticks(axis, found)
    else:
        axis.set_ylim(0, 1.15 * max(found))
    axis.minorticks_off()
    axis.grid(alpha=0.3)
    axis.spines[["top", "right"]].set_visible(False)
    for name, place in (names or {}).items():
        axis.annotate(name, place, fontsize=11, fontweight="bold", color=named(colors[name]), va="center")
    if not names:
        figure.legend(loc="outside right center", fontsize=11)
    figure.headline(title)
    return figure


def _plain_log_ticks(axis: Axes, values: Sequence[float]) -> None:
    """Write the ticks of a logarithmic y axis as plain numbers, 1, 2 and 5 a decade, within the values."""
    low, high = min(values), max(values)
    ticks = [m * 10.0**e for e in range(-6, 4) for m in (1, 2, 5) if low / 1.3 <= m * 10.0**e <= high * 1.3]
    axis.set_yticks(ticks, [f"{tick:.6f}".rstrip("0").rstrip(".") for tick in ticks])
