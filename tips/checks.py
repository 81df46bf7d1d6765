"""What is looked at before a text goes to review: what has to be mended first, and what would make it better."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.apps import apps
from django.urls import is_valid_path, reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from markdown_it.token import Token

from clinic.regions import Region

from . import figures, pdf, sources
from .blocks import BLOCKS, exercise_key, is_written
from .markdown import IDS_OF_THE_PAGE, PARSER, SAFE_LINK, picture_of, words

if TYPE_CHECKING:
    from .models import Tip, TipRevision

LONGEST_TITLE = 70
SUMMARY = range(50, 161)
FEWEST_WORDS = 150
HIGHEST_GRADE = 8
# A name of a file, or what any picture could be called.
NO_ALT = re.compile(
    r"(an? |the )?(image|img|photo(graph)?|picture|pic|graphic|drawing|figure|dsc|untitled)?[\W\d_]*"
    r"|.*\.(jpe?g|png|gif|webp|avif|heic|svg|tiff?)",
    re.IGNORECASE,
)
NO_WORDS_OF_A_LINK = {"click here", "click", "here", "link", "more", "read more", "this", "this link", "this page"}
STRAY_BLOCK = re.compile(r"^:{3,}[ \t]*(\S*)", re.MULTILINE)
SENTENCE_END = re.compile(r"(?<=[.!?])[”’\")]*\s+")
WORD = re.compile(r"[^\W\d_][\w’'-]*")
BULLET = re.compile(r"^[ \t]*([•◦▪·])", re.MULTILINE)
# With www or with a path, so that it is no abbreviation.
BARE_ADDRESS = re.compile(
    r"(?:^|(?<=[\s(<]))((?:www(?:\.[\w-]+)+|(?:[\w-]+\.)+[a-z]{2,}(?=/))[^\s<>]*[^\s<>.,;:)])", re.MULTILINE
)
# What only the database knows whether it opens.
ASKED = {"tips:detail", "tips:guide", "tips:guide_pdf", "tips:topic", "tips:region"}


@dataclass(frozen=True)
class Finding:
    must: bool
    message: str


def check(tip: "Tip", revision: "TipRevision", *, at: datetime) -> list[Finding]:
    """What has to be mended before a review, and after that what is only advice."""
    tokens = PARSER.parse(revision.body)
    everywhere = [*inlines(tokens), *inlines(PARSER.parse("\n\n".join(sources.lines(revision.sources))))]
    links = [link for inline in everywhere for link in links_of(inline)]
    must = [
        *missing(revision),
        *headings(tokens),
        *blocks(tokens, revision.body.split("\n")),
        *strays(tokens),
        *pictures(tokens, revision.hero, revision.hero_alt),
        *anchors(links, tokens),
        *addresses(links),
        *unkept_pictures(tokens),
        *printing(tip, revision, at=at),
    ]
    advice = [
        *lengths(revision.title, revision.summary, sum(len(WORD.findall(words(inline))) for inline in inlines(tokens))),
        *undescribed(tokens),
        *manner(links),
        *typed_bullets(tokens),
        *bare_addresses(revision.sources),
        *reading_level(prose(tokens)),
    ]
    nowhere, not_yet = inner_links(links, tip, at=at)
    findings = [Finding(must=True, message=message) for message in [*must, *nowhere]]
    findings += [Finding(must=False, message=message) for message in [*not_yet, *advice]]
    return list(dict.fromkeys(findings))


# The text as its parts


@dataclass(frozen=True)
class Link:
    href: str
    words: str


def inlines(tokens: list[Token]) -> list[Token]:
    return [token for token in tokens if token.type == "inline"]


def links_of(inline: Token) -> Iterator[Link]:
    children = inline.children or []
    for index, child in enumerate(children):
        if child.type == "link_open":
            end = next(place for place in range(index, len(children)) if children[place].type == "link_close")
            said = "".join(each.content for each in children[index:end])
            yield Link(str(child.attrs.get("href", "")), said)


def images(tokens: list[Token]) -> Iterator[Token]:
    for inline in inlines(tokens):
        yield from (child for child in inline.children or [] if child.type == "image")


def prose(tokens: list[Token]) -> list[str]:
    """The sentences outside headings and tables."""
    told = [
        words(token)
        for before, token in pairwise(tokens)
        if token.type == "inline" and before.type not in {"heading_open", "th_open", "td_open", "dt_open"}
    ]
    return [sentence for text in told for sentence in SENTENCE_END.split(text) if WORD.search(sentence)]


# What has to be mended


def missing(revision: "TipRevision") -> Iterator[str]:
    if not revision.sources.strip():
        yield _("No source is named: one a line, in the field “sources”.")
    if not revision.title.strip():
        yield _("There is no title yet.")
    if not revision.body.strip():
        yield _("There is no text yet.")


def headings(tokens: list[Token]) -> Iterator[str]:
    level = 1
    for opening, inline in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        said = words(inline).strip()
        now = int(opening.tag[1])
        if not said:
            yield _("A heading has no words.")
        # Those that blocks make stand below the last one that was written.
        if not is_written(opening):
            continue
        if now > level + 1:
            yield _("The heading “%(said)s” skips a level: write %(marks)s in front of it.") % {
                "said": said,
                "marks": "#" * (level + 1),
            }
        level = now


def blocks(tokens: list[Token], lines: list[str]) -> Iterator[str]:
    for token in tokens:
        if token.type == "container_exercise_open":
            key = exercise_key(token)
            if key not in figures.EXERCISES:
                yield _("There is no drawing “%(key)s”. There are: %(known)s.") % {
                    "key": key,
                    "known": ", ".join(sorted(figures.EXERCISES)),
                }
        if token.type.startswith("container_") and token.nesting == 1:
            _start, end = token.map or [0, 0]
            if not re.match(r"[\s>]*:::", "".join(lines[end : end + 1])):
                yield _("The block “%s” is left open: end it with a line “:::”.") % token.info.strip()


def strays(tokens: list[Token]) -> Iterator[str]:
    """Lines that were meant to begin or end a block, and stayed words."""
    names = [name for inline in inlines(tokens) for name in STRAY_BLOCK.findall(inline.content)]
    for name in filter(None, names):
        yield _("There is no block “%(name)s”. There are: %(known)s.") % {"name": name, "known": ", ".join(BLOCKS)}
    if names and not any(names):
        yield _("A line “:::” ends no block.")


def pictures(tokens: list[Token], hero: str, hero_alt: str) -> Iterator[str]:
    described = [picture_of(image)[1] for image in images(tokens)] + ([hero_alt.strip()] if hero else [])
    for alt in described:
        if alt and NO_ALT.fullmatch(alt):
            yield _("“%s” does not say what the picture shows. Write it as you would tell it on the phone.") % alt


def anchors(links: list[Link], tokens: list[Token]) -> Iterator[str]:
    there = {str(token.attrs["id"]) for token in tokens if token.type == "heading_open"} | set(IDS_OF_THE_PAGE)
    for link in links:
        if link.href.startswith("#") and link.href[1:] not in there:
            yield _("The link “%(words)s” leads to %(href)s, and no heading here has that address.") % vars(link)


def addresses(links: list[Link]) -> Iterator[str]:
    for link in links:
        if not SAFE_LINK.match(link.href):
            yield _(
                "The link “%(words)s” has the address “%(href)s”. Begin it with / for a page here, or with https://."
            ) % vars(link)
        if not link.words.strip():
            yield _("A link to %s has no words.") % link.href


def printing(tip: "Tip", revision: "TipRevision", *, at: datetime) -> Iterator[str]:
    """What would keep a guide from being a PDF, told to who writes it and not to the last who agrees."""
    has_a_pdf = tip.kind == "guide" and revision.title.strip()
    if has_a_pdf and (why := pdf.refusal(tip, day=timezone.localdate(at), live=revision)):
        yield why


# Advice


def lengths(title: str, summary: str, count: int) -> Iterator[str]:
    if len(title) > LONGEST_TITLE:
        yield _("The title has %(now)d characters. Search engines show %(most)d.") % {
            "now": len(title),
            "most": LONGEST_TITLE,
        }
    if len(summary) not in SUMMARY:
        yield _("The summary has %(now)d characters. Search engines show %(least)d to %(most)d.") % {
            "now": len(summary),
            "least": SUMMARY[0],
            "most": SUMMARY[-1],
        }
    if count < FEWEST_WORDS:
        yield _("The text has %(now)d words. Fewer than %(least)d seldom answer a question.") % {
            "now": count,
            "least": FEWEST_WORDS,
        }


def undescribed(tokens: list[Token]) -> Iterator[str]:
    if any(not picture_of(image)[1] for image in images(tokens)):
        yield _("A picture in the text counts as decorative: nobody who cannot see it is told what it shows.")


def manner(links: list[Link]) -> Iterator[str]:
    for link in links:
        if link.href.lower().startswith("http:"):
            yield _("The link “%s” is not encrypted. See whether the address also opens with https://.") % link.words
        if link.words.strip(" .!›»→").lower() in NO_WORDS_OF_A_LINK:
            yield _("The words “%s” do not say where the link leads.") % link.words


def typed_bullets(tokens: list[Token]) -> Iterator[str]:
    """A list as a word processor hands it over, whose lines would run together."""
    for sign in dict.fromkeys(sign for inline in inlines(tokens) for sign in BULLET.findall(inline.content)):
        yield (
            _("A line begins with “%s” and runs on from the one before. Begin it with - and it is part of a list.")
            % sign
        )


def bare_addresses(written: str) -> Iterator[str]:
    for address in BARE_ADDRESS.findall(written):
        yield _("The source “%s” is no link yet. Write https:// in front of it.") % address


def grade(sentences: list[str]) -> float:
    """The school year for which a text is easy enough, as Flesch and Kincaid have it.

    0.39 * words a sentence + 11.8 * syllables a word - 15.59, after Kincaid, Fishburne, Rogers and Chissom,
    "Derivation of New Readability Formulas for Navy Enlisted Personnel", Research Branch Report 8-75, 1975.
    """
    found = [word for sentence in sentences for word in WORD.findall(sentence)]
    if not found:
        return 0
    return 0.39 * len(found) / len(sentences) + 11.8 * sum(map(syllables, found)) / len(found) - 15.59


def syllables(word: str) -> int:
    """Groups of vowels, without the silent endings of English: near enough for a mean over a text."""
    spoken = re.sub(r"(?<=[a-z]{2})(?<![dt])ed$|(?<=[a-z]{2})(?<![lsxz])es?$|(?<=[^aeiouylsxz])es$", "", word.lower())
    return max(1, len(re.findall(r"[aeiouyà-ÿ]+", spoken)))


def reading_level(sentences: list[str]) -> Iterator[str]:
    level = round(grade(sentences))
    if level > HIGHEST_GRADE:
        longest = max(sentences, key=lambda sentence: len(WORD.findall(sentence)))
        yield _(
            "Reads like grade %(level)d; aim for %(aim)d or lower: shorter sentences, everyday words. "
            "The longest sentence: “%(longest)s”"
        ) % {"level": level, "aim": HIGHEST_GRADE, "longest": Truncator(longest).words(40)}


# The site


def unkept_pictures(tokens: list[Token]) -> Iterator[str]:
    """Those from elsewhere, and those whose name is mistyped: readers see neither."""
    named = {str(image.attrs["src"]): picture_of(image)[0] for image in images(tokens)}
    kept = apps.get_model("tips", "Picture").objects.filter(name__in=named.values()).values_list("name", flat=True)
    there = {*kept} if named else set()
    for address, name in named.items():
        if name not in there:
            yield _("There is no picture “%s” here. Send it under “Pictures” and copy the line that it gets.") % address


def inner_links(links: list[Link], tip: "Tip", *, at: datetime) -> tuple[list[str], list[str]]:
    """The links to pages of this site that open for nobody, and those that do not open yet.

    Two texts may name each other, so one that is still in work holds nothing up.
    """
    paths = {link: urlsplit(link.href).path for link in links if link.href.startswith("/")}
    slugs = {part.removesuffix(".pdf") for path in paths.values() for part in path.split("/")}
    named = apps.get_model("tips", "Tip").objects.filter(slug__in=slugs)
    former = apps.get_model("tips", "FormerAddress").objects.filter(path__in=paths.values())
    topics = apps.get_model("tips", "Topic").objects.filter(slug__in=slugs)
    opening = {page.get_absolute_url() for page in [tip, *named.published(at=at), *topics]}
    opening |= {reverse("tips:region", args=[region]) for region in Region.values}
    opening |= set(former.filter(tip__in=named.model.objects.published(at=at)).values_list("path", flat=True))
    coming = {page.get_absolute_url() for page in named.exclude(pk__in=named.gone(at=at))}

    nowhere, not_yet = [], []
    for link, path in paths.items():
        page = path.removesuffix(".pdf").removesuffix("/") + "/"
        if page in opening or path in opening:
            continue
        if page in coming:
            not_yet.append(_("The link “%(words)s” leads to %(href)s, which readers cannot open yet.") % vars(link))
        elif not (found := is_valid_path(page) or is_valid_path(path)) or found.view_name in ASKED:
            nowhere.append(_("The link “%(words)s” leads to %(href)s, and there is no such page.") % vars(link))
    return nowhere, not_yet
