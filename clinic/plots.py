"""Plots as inline SVG: numbers in, markup out. Pure.

They have no view box: widths are in percent and heights in pixels, so that words stay as large as the page's own from 320 pixels
on. Colours and sizes of words come from the style sheet. The table beside a plot says the same to whoever does not see it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

# Of a row's words: how many letters there is room for, and on a telephone.
LETTERS, FEW_LETTERS = 80, 34
# Of columns: the height of the tallest, the room above it for the words of the uppermost line and below for the weeks.
TALL, ABOVE, BELOW = 160, 24, 28
# Where columns begin, in percent: to the left are the numbers of the lines.
LEFT = 12
# A column is no wider than if there were so many.
FEWEST = 8
# How many columns have their words below them.
MOST_WORDS = 3
# Of one row: the line of words, the bar, and the space to the next one.
WORDS, THICK, ROW = 20, 14, 48
# So thin is a column, and so short a row in percent, of what is too little to draw: what may be somebody is seen.
LEAST, SHORTEST = 2, 1


@dataclass(frozen=True)
class Bar:
    """One bar: what it is of, how long it is, and how its number is said. A vague one is drawn as an outline."""

    label: str
    length: int
    says: str
    is_vague: bool = False

    @property
    def is_seen(self) -> bool:
        """Nothing is drawn only of what is known to be nothing."""
        return self.is_vague or self.length > 0

    @property
    def css(self) -> str:
        return "bar bar--vague" if self.is_vague else "bar"


def percent(part: float) -> str:
    return f"{part:.2f}%"


def top_and_step(longest: int) -> tuple[int, int]:
    """The uppermost line of a scale that begins at nought, and the distance of its lines: two to five of them, round."""
    size = 1
    while True:
        for step in (size, 2 * size, 5 * size):
            if longest <= 5 * step:
                return max(2, -(-longest // step)) * step, step
        size *= 10


def columns(bars: Sequence[Bar], *, name: str, title: str, about: str) -> SafeString:
    """Upright bars side by side, for what follows in time."""
    top, step = top_and_step(max(bar.length for bar in bars))
    foot = ABOVE + TALL
    lines = format_html_join(
        "",
        '<line class="line" x1="0" x2="100%" y1="{0}" y2="{0}"/><text class="word" x="0" y="{1}">{2}</text>',
        [(y, y - 4, value) for value in range(0, top + 1, step) for y in [foot - TALL * value // top]],
    )
    width = (100 - LEFT) / max(len(bars), FEWEST)
    drawn = format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
        [
            (bar.css, percent(LEFT + width * (n + 0.1)), foot - height, percent(width * 0.8), height)
            for n, bar in enumerate(bars)
            for height in [max(LEAST if bar.is_seen else 0, TALL * bar.length // top)]
        ],
    )
    every = -(-len(bars) // MOST_WORDS)
    words = format_html_join(
        "",
        '<text class="{}" x="{}" y="{}">{}</text>',
        [
            (*_where(LEFT + width * n, width), foot + BELOW - 8, bar.label)
            for n, bar in enumerate(bars)
            if n % every == 0
        ],
    )
    return _whole(lines + drawn + words, foot + BELOW, name, title, about)


def _where(left: float, width: float) -> tuple[str, str]:
    """Words begin where their column does; to the far right they end where it ends, so that none is cut off."""
    return ("word word--last", percent(left + width)) if left > 80 else ("word", percent(left))


def rows(bars: Sequence[Bar], *, name: str, title: str, about: str) -> SafeString:
    """Bars below each other, each under its words, for what has names."""
    longest = max(1, *(bar.length for bar in bars))
    drawn = format_html_join(
        "",
        '{1}<text class="word word--end" x="100%" y="{0}">{2}</text>'
        '<rect class="{3}" x="0" y="{4}" width="{5}" height="{6}"/>',
        [
            (y, _words(bar.label, y), bar.says, bar.css, n * ROW + WORDS, percent(long), THICK)
            for n, bar in enumerate(bars)
            for y in [n * ROW + WORDS - 5]
            for long in [max(SHORTEST if bar.is_vague else 0.5 * bar.is_seen, 100 * bar.length / longest)]
        ],
    )
    return _whole(drawn, len(bars) * ROW, name, title, about)


def _words(label: str, y: int) -> SafeString:
    """A row's words; where a telephone has no room for all of them twice, and the style sheet shows what fits."""
    if len(label) <= FEW_LETTERS:
        return format_html('<text class="word" x="0" y="{}">{}</text>', y, label)
    return format_html(
        '<text class="word word--whole" x="0" y="{0}">{1}</text><text class="word word--short" x="0" y="{0}">{2}</text>',
        y,
        Truncator(label).chars(LETTERS),
        Truncator(label).chars(FEW_LETTERS),
    )


def _whole(inside: SafeString, height: int, name: str, title: str, about: str) -> SafeString:
    return format_html(
        '<svg class="plot" role="img" width="100%" height="{}" aria-labelledby="{name}-title" aria-describedby="{name}-about">'
        '<title id="{name}-title">{}</title><desc id="{name}-about">{}</desc>{}</svg>',
        height,
        title,
        about,
        inside,
        name=name,
    )
