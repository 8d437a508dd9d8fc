"""The chart of docs/images/benchmark.svg: how many times the naive way, on a logarithmic axis.

Drawn here because it is thirty lines of arithmetic. Colours are chosen to be read on white and on black; the
picture has no ground of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from bench.baselines import NAIVE
from bench.report import Groups, quotient, rates_of

WIDTH: Final = 880
_LEFT: Final = 262
"""Pixels for the names of the bars."""
_RIGHT: Final = 130
"""And behind them, for their figures."""
_TOP: Final = 74
_STEP: Final = 38
_BAR: Final = 20
_LEAST_DECADES: Final = 2
_TITLE: Final = "Sealed certificates on one core, times the naive way"
_NOTE: Final = (
    "1 × is reportlab, Pillow, qrcode and pyHanko as documented, same key; every division is ten times more"
)
_STYLE: Final = """
  text { font-family: system-ui, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; fill: #5b6470; }
  .title { font-size: 19px; font-weight: 600; fill: #2b333d; }
  .note { font-size: 13px; }
  .name { font-size: 14px; fill: #2b333d; }
  .figure { font-size: 14px; font-weight: 600; fill: #2b333d; font-variant-numeric: tabular-nums; }
  .rate { font-weight: 400; fill: #5b6470; }
  .tick { font-size: 12px; }
  .grid { stroke: #8a94a0; stroke-opacity: .25; }
  .one { stroke: #8a94a0; stroke-width: 1.5; }
  .ours { fill: #2f7d6b; } .theirs { fill: #9aa3ad; }
  .floor { fill: none; stroke: #b7791f; stroke-dasharray: 4 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #a3adb8; } .title, .name, .figure { fill: #e6eaee; } .rate { fill: #a3adb8; }
    .ours { fill: #4db89e; } .theirs { fill: #6b7480; } .floor { stroke: #e0a84a; }
  }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One line of the chart."""

    name: str
    ratio: float
    """Times the naive way with the same kind of key."""
    rate: float
    """Per second of one core."""
    kind: str = "ours"
    """``ours``, ``theirs`` or ``floor``."""


SHOWN: Final = (
    ("naive PDF, P-256", "the naive way", "theirs"),
    ("whole PDF, P-256", "PDF, whole, P-256", "ours"),
    ("whole PDF, RSA-2048", "PDF, whole, RSA-2048", "ours"),
    ("PDF render + seal", "PDF, composed page, P-256", "ours"),
    ("PDF generate + seal, P-256", "PDF, composed page, P-256", "ours"),
    ("PDF generate + seal, RSA-2048", "PDF, composed page, RSA-2048", "ours"),
    ("OFD generate + seal", "OFD, composed page, SM2", "ours"),
    ("pair generate + seal", "PDF and OFD together", "ours"),
    ("floor, P-256", "floor: hash and P-256 alone", "floor"),
    ("floor, RSA-2048", "floor: hash and RSA-2048 alone", "floor"),
)
"""Rows that may be in a run, from top to bottom: name, how the chart says it, how it is drawn."""


def chart_of(facts: Mapping[str, str], groups: Groups) -> str:
    """Return the chart of a run."""
    rows = {one.row.name: one for _, group in groups for one in group}
    rates = rates_of(groups)
    naive = {**NAIVE, **{f"floor, {key}": f"naive PDF, {key}" for key in ("P-256", "RSA-2048")}}
    bars = [
        Bar(name=shown, ratio=ratio, rate=rates[name], kind=kind)
        for name, shown, kind in SHOWN
        if name in rows and (ratio := quotient(rows[name], naive.get(name, name), rates)) is not None
    ]
    return draw(bars, f"{facts['processor']} · {facts['day']} · bench/results.md")


def draw(bars: Sequence[Bar], machine: str) -> str:
    """Return the chart as SVG.

    Args:
        bars: what is shown, from top to bottom; ratios above 0.
        machine: one line on what was measured where.
    """
    lowest = min(0, math.floor(math.log10(min(bar.ratio for bar in bars))))
    highest = max(lowest + _LEAST_DECADES, math.ceil(math.log10(max(bar.ratio for bar in bars))))
    wide, foot = WIDTH - _LEFT - _RIGHT, _TOP + _STEP * len(bars)
    height = foot + 66

    def at(ratio: float) -> float:
        return round(_LEFT + wide * (math.log10(ratio) - lowest) / (highest - lowest), 1)

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" aria-labelledby="title note">',
        f"<style>{_STYLE}</style>",
        f'<text class="title" id="title" x="20" y="32">{_TITLE}</text>',
        f'<text class="note" id="note" x="20" y="54">{_NOTE}</text>',
    ]
    for power in range(lowest, highest + 1):
        x = at(10.0**power)
        kind = "one" if power == 0 else "grid"
        lines.append(f'<line class="{kind}" x1="{x}" y1="{_TOP - 8}" x2="{x}" y2="{foot}"/>')
        lines.append(
            f'<text class="tick" x="{x}" y="{foot + 18}" text-anchor="middle">{10.0**power:,g} ×</text>'
        )
    for place, bar in enumerate(bars):
        lines += _bar(bar, _TOP + place * _STEP, at(1), at(bar.ratio))
    lines += [f'<text class="note" x="20" y="{height - 14}">{escape(machine)}</text>', "</svg>"]
    return "\n".join(lines) + "\n"


def _bar(bar: Bar, y: int, one: float, end: float) -> list[str]:
    left, wide = min(one, end), max(abs(end - one), 3)
    middle = y + _BAR / 2 + 5
    return [
        f'<text class="name" x="{_LEFT - 14}" y="{middle}" text-anchor="end">{escape(bar.name)}</text>',
        f'<rect class="{bar.kind}" x="{left}" y="{y}" width="{wide:.1f}" height="{_BAR}" rx="3"/>',
        f'<text class="figure" x="{max(end, one) + 10}" y="{middle}">{_figure(bar.ratio)} × '
        f'<tspan class="rate" dx="4">{_figure(bar.rate)}/s</tspan></text>',
    ]


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
