"""The picture that stands for an article where its address is passed on: its title, in the clinic's colors."""

import hashlib
from functools import lru_cache

import typst
from django.urls import reverse

from clinic.models import ClinicSettings

from .pdf import literal, printable

# As wide and high as the sites that show it ask for. What is longer than its box is cut off; a line begins at the height of
# a capital, so that each box has room above for what is higher.
PAGE = """
#set page(width: 1200pt, height: 630pt, margin: 80pt, fill: rgb("#0b5d5b"))
#set text(fill: rgb("#fbf8f3"), lang: "en")
#block(height: 410pt, width: 100%, inset: (top: 16pt), clip: true, text(size: 64pt, weight: "semibold", {title}))
#block(height: 46pt, width: 100%, inset: (top: 9pt), clip: true, text(size: 36pt, {clinic}))
"""


def address(tip):
    """Another one as soon as its words are others, so that it may be kept for good."""
    return reverse("tips:shown", kwargs={"digest": digest(tip), "slug": tip.slug})


def digest(tip):
    return hashlib.sha256(_page(tip).encode()).hexdigest()[:16]


def png(tip):
    return _drawn(_page(tip))


def _page(tip):
    return PAGE.format(
        title=literal(printable(tip.live.title)), clinic=literal(printable(ClinicSettings.current().name))
    )


@lru_cache(maxsize=32)
def _drawn(page):
    return typst.compile(page.encode(), format="png", ppi=72, ignore_system_fonts=True)
