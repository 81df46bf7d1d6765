"""Growth curves as an SVG file: how long something takes, against how much there is of it. Both scales are logarithmic."""

import math
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BELOW = 760, 380, 64, 250, 40, 44
COLOURS = ("#0b5d5b", "#b3400f", "#3a5fa0", "#7a4fa0", "#5d6b1f", "#a3211f")


def growth(title, unit, curves):
    """`curves` is {name: {how many: how long}}; a straight level line is what does not grow."""
    sizes = sorted({size for points in curves.values() for size in points})
    times = [each for points in curves.values() for each in points.values()]
    across = scale(sizes, LEFT, WIDTH - RIGHT)
    up = scale([10 ** math.floor(math.log10(min(times))), 10 ** math.ceil(math.log10(max(times)))], HEIGHT - BELOW, TOP)
    parts = [
        text(LEFT, 22, title, size=16),
        *(mark(LEFT - 8, up(10**n) + 4, f"{10**n:g} {unit}", "end") + line(up(10**n)) for n in decades(times)),
        *(mark(across(size), HEIGHT - 18, f"{size:,}", "middle") for size in sizes),
    ]
    ends = spread({name: up(points[max(points)]) for name, points in curves.items()})
    for (name, points), colour in zip(curves.items(), COLOURS, strict=False):
        path = " ".join(f"{across(size):.1f},{up(took):.1f}" for size, took in sorted(points.items()))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        parts.append(text(WIDTH - RIGHT + 10, ends[name] + 4, name, colour=colour))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def scale(values, start, end):
    low, high = math.log10(min(values)), math.log10(max(values))
    return lambda value: start + (math.log10(value) - low) / ((high - low) or 1) * (end - start)


def decades(times):
    return range(math.floor(math.log10(min(times))), math.ceil(math.log10(max(times))) + 1)


def spread(ends):
    """Names beside the ends of their curves, none upon another."""
    placed, last = {}, -math.inf
    for name, height in sorted(ends.items(), key=lambda item: item[1]):
        last = placed[name] = max(height, last + 16)
    return placed


def line(height):
    return f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{height:.1f}" y2="{height:.1f}" stroke="#d9d2c5"/>'


def mark(across, height, words, anchor):
    return text(across, height, words, anchor=anchor, colour="#4b5b5f", size=12)


def text(across, height, words, *, anchor="start", colour="#1b2a2f", size=13):
    return (
        f'<text x="{across:.1f}" y="{height:.1f}" text-anchor="{anchor}" fill="{colour}" font-size="{size}" '
        f'font-family="system-ui, sans-serif">{escape(words)}</text>'
    )
