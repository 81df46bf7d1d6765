"""The texts of an article: written once, never changed."""

import math
import re

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tips import pictures, sources
from tips.markdown import PICTURE_SIZES, plain_text, to_html

WORDS_PER_MINUTE = 220
# What no page, feed or PDF can show.
CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f"
    + "".join(chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))
    + "]"
)
# What nobody sees who looks at a text: it ends a line or parts two words, or it is left out.
INVISIBLE = str.maketrans(
    {"\xa0": " ", "\u202f": " ", "\u2028": "\n", "\u2029": "\n"} | dict.fromkeys("\xad\u200b\u200e\u200f\u2060\ufeff")
)
IN_LINES = {"summary", "body", "sources"}
TEXT_FIELDS = ["title", "summary", "body", "sources", "call_to_action", "hero", "hero_alt", "hero_is_decorative"]


def as_kept(text, field):
    """Whatever browser sent it: lines end alike, and nothing in it is invisible."""
    if not isinstance(text, str):
        return text
    kept = CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n").translate(INVISIBLE))
    return kept if field in IN_LINES else kept.replace("\n", " ")


class TipRevision(models.Model):
    """The text of a tip as somebody left it."""

    append_only = True

    tip = models.ForeignKey("tips.Tip", on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    title = models.CharField(_("title"), max_length=120)
    summary = models.CharField(_("summary"), max_length=300)
    body = models.TextField(_("text"), max_length=60_000)
    sources = models.TextField(_("sources"), max_length=10_000, blank=True)
    call_to_action = models.CharField(_("call to action"), max_length=200, blank=True)
    hero = models.CharField(_("picture above the text"), max_length=60, blank=True)
    hero_alt = models.CharField(_("what the picture shows"), max_length=200, blank=True)
    hero_is_decorative = models.BooleanField(_("it says nothing that the text does not"), default=False)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["tip", "number"]
        constraints = [
            models.UniqueConstraint(fields=["tip", "number"], name="revision_is_numbered_within_its_tip"),
            models.CheckConstraint(
                name="picture_is_described_or_decorative",
                condition=Q(hero="") | ~Q(hero_alt="") | Q(hero_is_decorative=True),
            ),
        ]

    def __str__(self):
        return f"{self.title} ({self.number})"

    @property
    def text(self):
        """As it would be kept now, so that the same text again is none of its own."""
        return {field: as_kept(getattr(self, field), field) for field in TEXT_FIELDS}

    @property
    def html(self):
        return to_html(self.body)

    @property
    def hero_html(self):
        return pictures.picture_html(self.hero, self.hero_alt, sizes=PICTURE_SIZES, eager=True)

    @property
    def hero_address(self):
        """The widest file of the picture, for those who show the page by it."""
        return pictures.widest_address(self.hero)

    @property
    def source_list(self):
        return [to_html(line) for line in sources.lines(self.sources)]

    @property
    def reading_minutes(self):
        return max(1, math.ceil(len(re.findall(r"\w+", plain_text(self.body))) / WORDS_PER_MINUTE))
