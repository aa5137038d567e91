# SPDX-License-Identifier: GPL-2.0-or-later
"""Charts as SVG, with the look of "neo plot": lines with a band from the least to the most of the rounds, and bars with whiskers."""
import dataclasses
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BELOW = 800, 400, 64, 24, 88, 56
LEGEND_ROW, SWATCH, GAP, CHARACTER, BETWEEN = 22, 12, 8, 7, 28
BAR, BAR_GAP, GROUP_GAP, BAR_LEFT = 15, 5, 22, 190
COLOURS = ("4269d0", "efb118", "ff725c", "6cc5b0", "a463f2", "3ca951", "ff8ab7", "9c6b4e")
STYLE = """<style>
text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:#59636e}
.title{font-size:17px;font-weight:600}.what{font-weight:600}.title,.name{fill:#1f2328}.rate{font-variant-numeric:tabular-nums}
.page{fill:#fff}.grid{stroke:#d1d9e0}.axis{stroke:#818b98}.whisker{stroke:#1f2328;stroke-width:1.2}
.line{fill:none;stroke-width:2.25;stroke-linejoin:round;stroke-linecap:round}.band{fill-opacity:.22;stroke:none}.limit{stroke-dasharray:3 5}.second{stroke-dasharray:8 4}
""" + "".join(f".c{n}{{fill:#{colour}}}.s{n}{{stroke:#{colour}}}" for n, colour in enumerate(COLOURS)) + """
.c8{fill:#818b98}.s8{stroke:#818b98}
@media (prefers-color-scheme:dark){
text{fill:#9198a1}.title,.name{fill:#f0f6fc}.page{fill:#0d1117}
.grid{stroke:#2f353d}.axis{stroke:#656c76}.whisker{stroke:#f0f6fc}}
</style>
"""
GREY = 8  # the colour of a limit


@dataclasses.dataclass
class Series:
    name: str
    colour: int
    points: list  # (x, least, median, most)
    style: str = ""  # "limit" or "second": the line is not solid


def number(value):
    """As people write it: 3 digits at most, thousands as k."""
    if abs(value) >= 1e6:
        return f"{value / 1e6:.3g}M"
    return f"{value / 1000:.3g}k" if abs(value) >= 1000 else f"{value:.3g}"


class Axis:
    """From values to pixels."""

    def __init__(self, low, high, start, end, log):
        self.start, self.end, self.log = start, end, log
        self.low, self.high = (math.log10(low), math.log10(high)) if log else (low, high)

    def at(self, value):
        position = math.log10(value) if self.log else value
        return self.start + (self.end - self.start) * ((position - self.low) / (self.high - self.low) if self.high > self.low else 0.5)


def linear_ticks(high, most):
    least = high / most
    power = 10 ** math.floor(math.log10(least))
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= least * (1 - 1e-9))
    return [step * n for n in range(math.ceil(high / step * (1 - 1e-9)) + 1)]


def log_ticks(low, high):
    """Decades, with 2 and 5 between them where there are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    between = (1, 2, 5) if math.log10(high / low) < 2.5 else (1,)
    ticks = [n * 10.0 ** power for power in range(first, last + 1) for n in between]
    below, above = [t for t in ticks if t <= low * (1 + 1e-9)], [t for t in ticks if t >= high * (1 - 1e-9)]
    return [t for t in ticks if below[-1] <= t <= above[0]]


def head(title, subtitle, height):
    return [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img">\n<title>{escape(title)}</title>',
            STYLE + '<rect class="page" width="100%" height="100%"/>', f'<text class="title" x="{RIGHT}" y="32">{escape(title)}</text>',
            f'<text x="{RIGHT}" y="53">{escape(subtitle)}</text>']


def legend(entries, y):
    """@entries: colour, style, name, what stands beside it; None for the whole swatch."""
    width = max(SWATCH + GAP + (len(name) + 1 + len(value)) * CHARACTER + BETWEEN for _, _, name, value in entries)
    columns = max((WIDTH - 2 * RIGHT + BETWEEN) // width, 1)
    for n, (colour, style, name, value) in enumerate(entries):
        x, top = RIGHT + n % columns * width, y + n // columns * LEGEND_ROW
        swatch = (f'<path class="line s{colour} {style}" d="M{x - 3} {top + 6}h20"/>' if style else
                  f'<rect x="{x}" y="{top}" width="{SWATCH}" height="{SWATCH}" rx="3" class="c{colour}"/>')
        yield swatch + (f'<text x="{x + SWATCH + GAP + (4 if style else 0)}" y="{top + 10}"><tspan class="name">{escape(name)}</tspan>'
                        f' <tspan class="rate" dx="4">{escape(value)}</tspan></text>')


def legend_height(entries):
    width = max(SWATCH + GAP + (len(name) + 1 + len(value)) * CHARACTER + BETWEEN for _, _, name, value in entries)
    return -(-len(entries) // max((WIDTH - 2 * RIGHT + BETWEEN) // width, 1)) * LEGEND_ROW


def plot_series(series, x, y):
    points = [(x.at(at), y.at(least), y.at(middle), y.at(most)) for at, least, middle, most in series.points]
    there = [f"{px:.1f} {top:.1f}" for px, _, _, top in points]
    back = [f"{px:.1f} {bottom:.1f}" for px, bottom, _, _ in reversed(points)]
    middle = "L".join(f"{px:.1f} {py:.1f}" for px, _, py, _ in points)
    yield f'<path class="band c{series.colour}" d="M{"L".join(there + back)}Z"/>'
    yield f'<path class="line s{series.colour} {series.style}" d="M{middle}"><title>{escape(series.name)}</title></path>'
    if not series.style:
        yield "".join(f'<circle class="c{series.colour}" cx="{px:.1f}" cy="{py:.1f}" r="3"/>' for px, _, py, _ in points)


def line_chart(title, subtitle, x_name, unit, series, log_y=True):
    """The horizontal axis is logarithmic, with a tick at each size. @unit stands above the vertical one."""
    entries = [(s.colour, s.style, s.name, f"{number(s.points[-1][2])} {unit} at {number(s.points[-1][0])}") for s in series]
    height = HEIGHT + legend_height(entries)
    values = [value for s in series for point in s.points for value in point[1:]]
    ticks = log_ticks(min(values), max(values)) if log_y else linear_ticks(max(values), 6)
    places = sorted({point[0] for s in series for point in s.points})
    x = Axis(places[0], places[-1], LEFT + 12, WIDTH - RIGHT - 12, True)
    y = Axis(ticks[0], ticks[-1], HEIGHT - BELOW, TOP, log_y)
    out = head(title, subtitle, height)
    for n, tick in enumerate(ticks):
        out.append(f'<path class="{"grid" if n else "axis"}" d="M{LEFT} {y.at(tick):.1f}H{WIDTH - RIGHT}"/>'
                   f'<text x="{LEFT - 8}" y="{y.at(tick) + 4:.1f}" text-anchor="end">{number(tick)}</text>')
    out.append(f'<text x="{LEFT - 8}" y="{TOP - 14}" text-anchor="end">{escape(unit)}</text>')
    out += [f'<text x="{x.at(place):.1f}" y="{HEIGHT - BELOW + 19}" text-anchor="middle">{number(place)}</text>' for place in places]
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - BELOW + 37}" text-anchor="middle">{escape(x_name)}</text>')
    for one in reversed(series):
        out += plot_series(one, x, y)
    out += legend(entries, HEIGHT + 2)
    return "\n".join(out) + "\n</svg>\n"


def bar_chart(title, subtitle, unit, groups):
    """@groups: (what, [(name, colour, least, median, most)]); a whisker is from the least to the most."""
    rows = sum(len(bars) for _, bars in groups)
    bottom = TOP - 16 + rows * (BAR + BAR_GAP) + len(groups) * GROUP_GAP
    ticks = linear_ticks(max(most for _, bars in groups for *_, most in bars), 8)
    x, y = Axis(0, ticks[-1], BAR_LEFT, WIDTH - RIGHT - 48, False), TOP - 16
    out = head(title, subtitle, bottom + 48)
    for tick in ticks:
        out.append(f'<path class="{"grid" if tick else "axis"}" d="M{x.at(tick):.1f} {TOP - 16}V{bottom}"/>'
                   f'<text x="{x.at(tick):.1f}" y="{bottom + 18}" text-anchor="middle">{number(tick)}</text>')
    out.append(f'<text x="{WIDTH - RIGHT}" y="{bottom + 18}" text-anchor="end">{escape(unit)}</text>')
    for what, bars in groups:
        out.append(f'<text class="name what" x="{RIGHT}" y="{y + 16}">{escape(what)}</text>')
        y += GROUP_GAP
        for name, colour, least, middle, most in bars:
            centre = y + BAR / 2
            out.append(f'<text x="{BAR_LEFT - 10}" y="{centre + 4}" text-anchor="end">{escape(name)}</text>'
                       f'<rect class="c{colour}" x="{BAR_LEFT}" y="{y}" width="{max(x.at(middle) - BAR_LEFT, 1):.1f}" height="{BAR}" rx="2"/>'
                       f'<path class="whisker" d="M{x.at(least):.1f} {centre}H{x.at(most):.1f}M{x.at(least):.1f} {centre - 3}v6M{x.at(most):.1f} {centre - 3}v6"/>'
                       f'<text class="rate" x="{x.at(most) + 8:.1f}" y="{centre + 4}">{number(middle)}</text>')
            y += BAR + BAR_GAP
    return "\n".join(out) + "\n</svg>\n"
