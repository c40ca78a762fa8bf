#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws docs/performance-*.svg from the figures of "./dev bench --sweep --json FILE".

usage: plot.py FILE [FOLDER]

Two plots: CPU of a delivery against clients, and latency against load.  The SVG is written
here, without a library: its text stays text, and it has a dark form for pages that are dark.
"""

import json
import math
import sys
from collections import namedtuple
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[2]

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 170, 44, 52  # around the area of the plot

# A program's name in the figures, its name for people, and its colour on light and dark.
Style = namedtuple("Style", "title light dark dash")
STYLES = {
    "rcstreamd": Style("rcstreamd", "#b3261e", "#ff8a80", ""),
    "each": Style("floor: each", "#5f6368", "#bdc1c6", "6 4"),
    "batch": Style("floor: batch", "#5f6368", "#bdc1c6", "2 3"),
    "ngircd": Style("ngircd", "#1a73e8", "#8ab4f8", ""),
    "inspircd": Style("InspIRCd", "#188038", "#81c995", ""),
}

# An axis: the values at its ends, and what it is called.
Axis = namedtuple("Axis", "low high is_log title")

CSS = """
text { font: 13px sans-serif; fill: #202124 }
.title { font-size: 15px; font-weight: bold }
.grid { stroke: #dadce0; stroke-width: 1 }
.line { fill: none; stroke-width: 2 }
"""
DARK = "text { fill: #e8eaed } .grid { stroke: #5f6368 }"


def position(axis, value):
    """From 0 to 1 along the axis."""
    if axis.is_log:
        return math.log(value / axis.low) / math.log(axis.high / axis.low)
    return (value - axis.low) / (axis.high - axis.low)


def ticks(axis):
    """The values that are written at the axis: 1, 2, 5 of each power of ten, or six steps."""
    if not axis.is_log:
        step = (axis.high - axis.low) / 5
        return [axis.low + step * number for number in range(6)]
    first, last = math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high))
    values = [digit * 10**power for power in range(first, last + 1) for digit in (1, 2, 5)]
    return [value for value in values if axis.low * 0.999 <= value <= axis.high * 1.001]


def rounded(values):
    """The ends of a logarithmic axis that holds these, at 1, 2 or 5 of a power of ten."""

    def steps(power):
        return [digit * 10.0**power for digit in (1, 2, 5)]

    low, high = min(values), max(values)
    below = [step for power in range(-6, 9) for step in steps(power) if step <= low]
    above = [step for power in range(-6, 9) for step in steps(power) if step >= high]
    return max(below), min(above)


def number(value):
    return f"{value:,.10g}"


class Plot:
    """One drawing; series are added, and text() is the file."""

    def __init__(self, title, across, up):
        self.across, self.up = across, up
        self.parts = []
        self.labels = []
        self.add_text(LEFT, 24, title, 'class="title"')
        self.add_axes()

    def x(self, value):
        return LEFT + position(self.across, value) * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        return HEIGHT - BOTTOM - position(self.up, value) * (HEIGHT - TOP - BOTTOM)

    def add_text(self, x, y, text, attributes=""):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(text)}</text>')

    def add_grid(self, x1, y1, x2, y2):
        self.parts.append(
            f'<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
        )

    def add_axes(self):
        right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
        for value in ticks(self.across):
            self.add_grid(self.x(value), TOP, self.x(value), bottom)
            self.add_text(self.x(value), bottom + 18, number(value), 'text-anchor="middle"')
        for value in ticks(self.up):
            self.add_grid(LEFT, self.y(value), right, self.y(value))
            self.add_text(LEFT - 8, self.y(value) + 4, number(value), 'text-anchor="end"')
        self.add_text((LEFT + right) / 2, HEIGHT - 12, self.across.title, 'text-anchor="middle"')
        middle = (TOP + bottom) / 2
        self.add_text(
            18, middle, self.up.title, f'text-anchor="middle" transform="rotate(-90 18 {middle})"'
        )

    def add_series(self, name, points):
        """A line through (across, up) points, with its name at its end."""
        places = [(self.x(across), self.y(up)) for across, up in points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        dash = f' stroke-dasharray="{STYLES[name].dash}"' if STYLES[name].dash else ""
        self.parts.append(f'<polyline class="line s-{name}" points="{line}"{dash}/>')
        for x, y in places:
            self.parts.append(f'<circle class="d-{name}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>')
        self.labels.append([places[-1][1], STYLES[name].title])

    def add_labels(self):
        """Beside the last points, pushed down where two would touch."""
        lowest = -math.inf
        for label in sorted(self.labels):
            lowest = max(label[0] + 4, lowest + 16)
            self.add_text(WIDTH - RIGHT + 10, lowest, label[1])

    def text(self):
        self.add_labels()
        light = "".join(
            f".s-{name} {{ stroke: {style.light} }} .d-{name} {{ fill: {style.light} }}\n"
            for name, style in STYLES.items()
        )
        dark = "".join(
            f".s-{name} {{ stroke: {style.dark} }} .d-{name} {{ fill: {style.dark} }}\n"
            for name, style in STYLES.items()
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
            f' width="{WIDTH}" height="{HEIGHT}">\n'
            "<!-- SPDX-License-Identifier: Apache-2.0; drawn by test/bench/plot.py -->\n"
            f"<style>{CSS}{light}@media (prefers-color-scheme: dark) {{ {DARK}\n{dark}}}</style>\n"
            + "\n".join(self.parts)
            + "\n</svg>\n"
        )


def plot_of(title, across_title, up_title, series, is_log_across):
    """{name: [(across, up), ...]}; up is logarithmic, since floors and peers are far apart."""
    across = [point[0] for points in series.values() for point in points]
    up = [point[1] for points in series.values() for point in points]
    ends = rounded(across) if is_log_across else (0, 100)
    plot = Plot(
        title,
        Axis(*ends, is_log_across, across_title),
        Axis(*rounded(up), True, up_title),
    )
    for name, points in series.items():
        plot.add_series(name, sorted(points))
    return plot.text()


def cpu_plot(figures):
    works = [work for work in figures["fanout"] if "sweep" in work["title"]]
    series = {
        name: [
            (work["clients"], work["programs"][name]["cpu_us_per_delivery"])
            for work in works
            if name in work["programs"]
        ]
        for name in STYLES
        if works and name in works[0]["programs"]
    }
    return plot_of(
        "CPU of one delivery, flooded",
        "IRC clients",
        "µs of CPU, all threads",
        series,
        True,
    )


def latency_plot(figures):
    loads = figures["latency"]["loads"]
    series = {
        name: [
            (load["load_percent"], load["programs"][name]["p99_us"] / 1000) for load in loads
        ]
        for name in loads[0]["programs"]
    }
    return plot_of(
        f"From a change to the last of {loads[0]['clients']:,} clients, p99",
        "load, % of what the floor “each” gets rid of",
        "milliseconds",
        series,
        False,
    )


def main(words):
    if not 1 <= len(words) <= 2:
        print(__doc__, file=sys.stderr)
        return 2
    figures = json.loads(Path(words[0]).read_text())
    folder = Path(words[1]) if len(words) == 2 else ROOT / "docs"
    for name, draw in (("cpu", cpu_plot), ("latency", latency_plot)):
        (folder / f"performance-{name}.svg").write_text(draw(figures), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
