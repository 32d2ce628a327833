"""Draws the exceedance curves: of one policy, and of the portfolio with and without common shocks."""

from io import StringIO

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.rating import example as an

LEAST = 1e-4
INK, ACCENT, GREY = "#1f2937", "#b91c1c", "#6b7280"


def picture() -> str:
    """An SVG, the same for the same figures."""
    with mpl.rc_context(
        {"svg.hashsalt": "hubao", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10}
    ):
        figure = Figure(figsize=(11, 4.4), layout="constrained")
        one, many = figure.subplots(1, 2)
        _curve(one, an.years().total, "paid", INK, "-")
        _decorate(one, "One policy", "loss of a year, thousand yuan", 1e5)
        _curve(many, an.portfolio(False).totals, "with common shocks", ACCENT, "-")
        _curve(many, an.portfolio(True).totals, "each shock apart", GREY, "--")
        _decorate(many, f"{an.POLICIES} policies", "loss of a year, million yuan", 1e8)
        many.legend(frameon=False)
        file = StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def _curve(axes: Axes, totals: np.ndarray, label: str, colour: str, style: str) -> None:
    """At 160 probabilities, evenly apart on a logarithmic scale."""
    ordered = np.sort(totals)
    probabilities = np.geomspace(0.5, LEAST, 160)
    places = np.clip(np.ceil((1 - probabilities) * len(ordered)).astype(int) - 1, 0, None)
    axes.plot(ordered[places], probabilities, style, color=colour, label=label, linewidth=1.8)


def _decorate(axes: Axes, title: str, words: str, unit: float) -> None:
    axes.set_yscale("log")
    axes.set_ylim(LEAST, 1)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value / unit:,.0f}")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value * 100:g} %")
    axes.set_title(title)
    axes.set_xlabel(words)
    axes.set_ylabel("probability that a year costs more")
    axes.grid(visible=True, color="#e5e7eb", linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
