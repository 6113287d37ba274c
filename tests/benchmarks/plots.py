"""Draws ``docs/performance/points.json`` as pictures: SVG, both axes logarithmic, readable on light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from xml.sax.saxutils import escape

import msgspec

FOLDER = Path("docs/performance")
POINTS = FOLDER / "points.json"

_WIDTH, _HEIGHT = 860, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 270, 64, 56
_ALONG, _UP = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
_LEAST_GAP = 18.0
_FONT = 'font-family="system-ui, sans-serif" font-size="13"'
# told apart by those who see few colours, on white and on near-black; each curve has a sign of its own besides
_COLOURS = (("#0057b7", "#6fb1ff"), ("#b3500a", "#ffab6b"), ("#0b7a4b", "#5fd3a0"), ("#8a2be2", "#cfa0ff"),
            ("#a3123f", "#ff8fb0"), ("#555500", "#d6d66a"))  # fmt: skip
_SIGNS = ("circle", "square", "triangle", "diamond", "cross", "ring")


class Curve(msgspec.Struct):
    """A line of a plot: ``costs`` at ``sizes``, of which the first is 1."""

    name: str
    sizes: list[int]
    costs: list[float]


class Plot(msgspec.Struct):
    """Curves over one kind of size; ``how`` says in what they were measured."""

    name: str
    title: str
    across: str
    how: str
    curves: list[Curve] = []


def read(file: Path = POINTS) -> list[Plot]:
    """The plots that were measured last."""
    return msgspec.json.decode(file.read_bytes(), type=list[Plot]) if file.exists() else []


def write(plots: Sequence[Plot], file: Path = POINTS) -> None:
    """Keep these, and those of other names that were there; draw all."""
    names = {plot.name for plot in plots}
    every = sorted([*plots, *(old for old in read(file) if old.name not in names)], key=lambda plot: plot.name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(every), indent=1) + b"\n")
    for plot in [one for one in every if any(len(curve.sizes) > 1 for curve in one.curves)]:
        file.with_name(f"{plot.name}.svg").write_text(svg(plot), encoding="utf-8")


class _Axes:
    """From sizes and costs to places on the picture."""

    def __init__(self, plot: Plot) -> None:
        sizes = [size for curve in plot.curves for size in curve.sizes]
        costs = [cost for curve in plot.curves for cost in curve.costs]
        self.sizes = sorted(set(sizes))
        self.across = (math.log10(min(sizes)), math.log10(max(sizes)))
        # whole decades, and room for a line that stays where it is
        self.up = (math.floor(math.log10(min(costs)) + 1e-9), math.ceil(math.log10(max(costs)) - 1e-9))
        if self.up[0] > -1:
            self.up = (-1, self.up[1])
        if self.up[1] < 1:
            self.up = (self.up[0], 1)

    def x(self, size: float) -> float:
        low, high = self.across
        return _LEFT + _ALONG * (math.log10(size) - low) / (high - low)

    def y(self, cost: float) -> float:
        low, high = self.up
        return _TOP + _UP * (1 - (math.log10(cost) - low) / (high - low))


def svg(plot: Plot) -> str:
    """One picture."""
    axes = _Axes(plot)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" {_FONT}>',
        f"<title>{escape(plot.title)}: {escape(_alt(plot))}</title>",
        _style(),
        f'<rect class="page" width="{_WIDTH}" height="{_HEIGHT}"/>',
        f'<text class="ink" x="{_LEFT}" y="26" font-size="17" font-weight="600">{escape(plot.title)}</text>',
        f'<text class="quiet" x="{_LEFT}" y="46">times its cost at the smallest size; {escape(plot.how)}</text>',
        *_grid(axes, plot.across),
        *_in_proportion(axes),
    ]
    ends = _apart([axes.y(curve.costs[-1]) for curve in plot.curves])
    for number, (curve, end) in enumerate(zip(plot.curves, ends, strict=True)):
        points = [(axes.x(size), axes.y(cost)) for size, cost in zip(curve.sizes, curve.costs, strict=True)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        lines.append(f'<polyline class="c{number}" fill="none" stroke-width="2.2" points="{path}"/>')
        lines += [_sign(number, x, y) for x, y in points]
        at, right = points[-1][1], _LEFT + _ALONG
        lines.append(f'<path class="c{number} thin" d="M{right + 6:.0f} {at:.1f} L{right + 20:.0f} {end:.1f}"/>')
        said = f"{curve.name}: {_times(curve.costs[-1])}"
        lines.append(f'<text class="t{number}" x="{right + 24}" y="{end + 4:.1f}">{escape(said)}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def _alt(plot: Plot) -> str:
    most = plot.curves[0].sizes[-1]
    return f"at {most:,} {plot.across}, " + ", ".join(f"{one.name} {_times(one.costs[-1])}" for one in plot.curves)


def _times(cost: float) -> str:
    return f"{cost:,.0f} ×" if cost >= 20 else f"{cost:.1f} ×" if cost >= 2 else f"{cost:.2f} ×"


def _style() -> str:
    light = "".join(f".c{n}{{stroke:{a}}}.t{n},.s{n}{{fill:{a}}}" for n, (a, _) in enumerate(_COLOURS))
    dark = "".join(f".c{n}{{stroke:{b}}}.t{n},.s{n}{{fill:{b}}}" for n, (_, b) in enumerate(_COLOURS))
    return (
        "<style>.page{fill:#fff}.ink{fill:#1b1b1b}.quiet{fill:#555}.grid{stroke:#ddd}.frame{stroke:#888;fill:none}"
        f".even{{stroke:#999;stroke-dasharray:5 5}}.thin{{stroke-width:1;fill:none}}{light}"
        "@media (prefers-color-scheme:dark){.page{fill:#15181c}.ink{fill:#f0f0f0}.quiet{fill:#b5b5b5}"
        f".grid{{stroke:#33383f}}.frame{{stroke:#7a7a7a}}.even{{stroke:#777}}{dark}}}</style>"
    )


def _grid(axes: _Axes, across: str) -> Iterator[str]:
    low, high = axes.up
    for power in range(low, high + 1):
        y = axes.y(10**power)
        said = f"{10**power:,} ×" if power >= 0 else f"{10.0**power:g} ×"
        yield f'<line class="grid" x1="{_LEFT}" x2="{_LEFT + _ALONG}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="quiet" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{said}</text>'
    foot, last = _TOP + _UP, -1e9
    for size in axes.sizes:
        x = axes.x(size)
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{foot}"/>'
        if x - last > 62:
            yield f'<text class="quiet" x="{x:.1f}" y="{foot + 20}" text-anchor="middle">{size:,}</text>'
            last = x
    yield f'<rect class="frame" x="{_LEFT}" y="{_TOP}" width="{_ALONG}" height="{_UP}"/>'
    yield f'<text class="quiet" x="{_LEFT + _ALONG / 2}" y="{foot + 42}" text-anchor="middle">{escape(across)}</text>'


def _in_proportion(axes: _Axes) -> Iterator[str]:
    """The line of what grows as the size does."""
    first, last = axes.sizes[0], axes.sizes[-1]
    top = min(last, first * 10 ** axes.up[1])
    x, y = axes.x(top), axes.y(top / first)
    yield f'<line class="even" x1="{axes.x(first):.1f}" y1="{axes.y(1):.1f}" x2="{x:.1f}" y2="{y:.1f}"/>'


def _apart(ends: Sequence[float]) -> list[float]:
    """Where the words stand, so that none lies on another, in the order of the lines."""
    order = sorted(range(len(ends)), key=lambda n: ends[n])
    found = list(ends)
    for before, after in pairwise(order):
        found[after] = max(found[after], found[before] + _LEAST_GAP)
    over = max(0.0, found[order[-1]] - (_TOP + _UP))
    for after, before in pairwise(order[::-1]):
        if after == order[-1]:
            found[after] -= over
        found[before] = min(found[before], found[after] - _LEAST_GAP)
    return found


def _sign(number: int, x: float, y: float) -> str:
    kind, r = _SIGNS[number], 4.2
    match kind:
        case "circle":
            return f'<circle class="s{number}" cx="{x:.1f}" cy="{y:.1f}" r="{r}"/>'
        case "ring":
            return f'<circle class="c{number}" fill="none" stroke-width="2" cx="{x:.1f}" cy="{y:.1f}" r="{r}"/>'
        case "square":
            return f'<rect class="s{number}" x="{x - r:.1f}" y="{y - r:.1f}" width="{2 * r}" height="{2 * r}"/>'
        case "cross":
            return (
                f'<path class="c{number}" stroke-width="2.2" d="M{x - r:.1f} {y - r:.1f} l{2 * r} {2 * r} '
                f'm0 {-2 * r} l{-2 * r} {2 * r}"/>'
            )
    corners = [(0, -5), (4.8, 4), (-4.8, 4)] if kind == "triangle" else [(0, -5.5), (5, 0), (0, 5.5), (-5, 0)]
    path = " ".join(f"{x + a:.1f},{y + b:.1f}" for a, b in corners)
    return f'<polygon class="s{number}" points="{path}"/>'
