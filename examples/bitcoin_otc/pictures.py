"""What the study found, as pictures: each as SVG for reading and as PNG for sharing.

matplotlib draws them, and only here: ``pip install 'tallystick[plots]'``.

Reads: matplotlib. Read by: main.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

DPI = 130
BAN, KEEP, CONTESTED, INK = "#b3392f", "#dfe5ec", "#e8b04a", "#2c3440"
FEW = 45
"""So many labels can be read along one side."""
plt.rcParams.update({"font.size": 9, "axes.titlesize": 11, "svg.hashsalt": "tallystick"})


def save(figure: Any, folder: Path, name: str) -> list[Path]:
    """Writes a figure twice; the same figure gives the same bytes."""
    paths = [folder / f"{name}.svg", folder / f"{name}.png"]
    figure.savefig(paths[0], bbox_inches="tight", metadata={"Date": None})
    figure.savefig(paths[1], bbox_inches="tight", dpi=DPI)
    plt.close(figure)
    return paths


def heat(
    folder: Path, name: str, rows: Sequence[Sequence[float]], labels: Sequence[str],
    *, title: str, bar: str,
) -> list[Path]:  # fmt: skip
    """A square matrix in its given order, light where alike."""
    figure, axes = plt.subplots(figsize=(8.6, 7.6))
    low = min(min(row) for row in rows)
    image = axes.imshow(rows, cmap="magma", vmin=low, vmax=1, interpolation="nearest")
    _label(axes, labels, labels)
    axes.set_xlabel("viewer, in the same order as down the side")
    axes.set_ylabel("viewer")
    axes.set_title(title, loc="left")
    figure.colorbar(image, ax=axes, label=bar, fraction=0.046, pad=0.02)
    return save(figure, folder, name)


def verdicts(
    folder: Path, name: str, rows: Sequence[Sequence[int]], viewers: Sequence[str],
    actors: Sequence[str], *, title: str,
) -> list[Path]:  # fmt: skip
    """Viewers by actors: heeded, contested, banned."""
    figure, axes = plt.subplots(figsize=(10, 7.2))
    colours = mpl.colors.ListedColormap([KEEP, CONTESTED, BAN])
    axes.imshow(rows, cmap=colours, vmin=0, vmax=2, aspect="auto", interpolation="nearest")
    _label(axes, actors, viewers)
    axes.set_xlabel("actor who is judged, from hardly banned to banned by most")
    axes.set_ylabel("viewer who judges, those alike side by side")
    axes.set_title(title, loc="left")
    boxes = [mpl.patches.Patch(facecolor=c, label=t) for c, t in
             ((BAN, "banned"), (CONTESTED, "heeded, contested"), (KEEP, "heeded"))]  # fmt: skip
    axes.legend(handles=boxes, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False)
    return save(figure, folder, name)


def shares(
    folder: Path, name: str, rows: Sequence[tuple[str, int, int, int]], *, title: str
) -> list[Path]:
    """One bar for each actor: how many viewers ban, contest, heed."""
    figure, axes = plt.subplots(figsize=(8.6, 0.9 + 0.24 * len(rows)))
    places = range(len(rows))
    left = [0] * len(rows)
    parts = ((1, BAN, "ban"), (2, CONTESTED, "heed, contested"), (3, KEEP, "heed"))
    for column, colour, label in parts:
        width = [int(row[column]) for row in rows]
        axes.barh(places, width, left=left, color=colour, label=label, height=0.82)
        left = [a + b for a, b in zip(left, width, strict=True)]
    axes.set_yticks(places, [row[0] for row in rows])
    axes.invert_yaxis()
    axes.margins(x=0, y=0.01)
    axes.axvline(left[0] / 2, color=INK, linewidth=0.8, linestyle=":")
    axes.set_xlabel("viewers; the dotted line is half of them")
    axes.set_title(title, loc="left")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return save(figure, folder, name)


def steps(
    folder: Path, name: str, labels: Sequence[str], debts: Sequence[int], owing: Sequence[int],
    *, title: str, unit: str,
) -> list[Path]:  # fmt: skip
    """What is owed after each step, and by how many accounts."""
    figure, axes = plt.subplots(figsize=(8.6, 4.4))
    bars = axes.bar(range(len(labels)), debts, color=BAN, width=0.7)
    texts = [f"{d:,}\nby {n}" if d else "0" for d, n in zip(debts, owing, strict=True)]
    axes.bar_label(bars, texts, fontsize=8)
    axes.set_xticks(range(len(labels)), labels, rotation=35, ha="right")
    axes.margins(y=0.18)
    axes.set_xlabel("who leaves: each besides all those further left")
    axes.set_ylabel(f"debts of all accounts, {unit}")
    axes.set_title(title, loc="left")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return save(figure, folder, name)


def _label(axes: Any, across: Sequence[str], down: Sequence[str]) -> None:
    """As many labels along each side as can be read."""
    for labels, axis in ((across, axes.xaxis), (down, axes.yaxis)):
        step = max(1, -(-len(labels) // FEW))
        places = range(0, len(labels), step)
        axis.set_ticks(places, [labels[place] for place in places])
        axis.set_tick_params(labelsize=7, length=2)
    for label in axes.get_xticklabels():
        label.set(rotation=90)
