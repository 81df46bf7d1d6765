"""Markdown in, safe HTML out.

Raw HTML in the text is shown as text, and what Markdown makes is passed through an
allow-list. The only markup added after that is our own drawings, by their names.
"""

import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise

import nh3
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from . import blocks, figures, pictures

TAGS = {
    "p", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "a", "br", "hr", "blockquote", "code", "pre",
    "table", "thead", "tbody", "tr", "th", "td", "section", "figure",
    "div", "dl", "dt", "dd", "img",
}  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title"},
    "h2": {"id"},
    "h3": {"id"},
    "h4": {"id"},
    "ol": {"start"},
    "ul": {"class"},
    "section": {"class"},
    "div": {"class", "role", "aria-label", "tabindex"},
    "figure": {"class"},
    "img": {"src", "srcset", "sizes", "width", "height", "loading", "decoding", "alt"},
}
# Anything else, such as a scheme written in a way that some browser might still read as one, is no link.
SAFE_LINK = re.compile(r"(https?:|mailto:|tel:)[^\s]|/|#", re.IGNORECASE)
# What the page around a text already calls its parts; a heading of that name gets a number.
IDS_OF_THE_PAGE = ["top", "main", "contents", "ask", "help-now", "sources", "related"]
FIGURE = re.compile(r'<figure class="exercise__figure">([a-z-]*)</figure>')

# Our own picture, by its name; as wide as a column of text, but for the margins of a phone.
PICTURE = re.compile(rf"picture:({pictures.NAME})")
PICTURE_SIZES = "(min-width: 43rem) 40rem, 94vw"
PICTURE_FILES = re.compile(rf"(/media/pictures/{pictures.NAME}-{pictures.WIDTH}\.webp( {pictures.WIDTH}w)?(, |$))+")


def picture_of(image: Token) -> tuple[str, str]:
    """The name of our picture, none for what is not ours, and the words for it."""
    ours = PICTURE.fullmatch(str(image.attrs["src"]))
    words = PARSER.renderer.renderInlineAsText(image.children or [], PARSER.options, {})
    return ours[1] if ours else "", words.strip()


def _picture(renderer: RendererHTML, tokens: list[Token], index: int, options: object, env: object) -> str:
    """Nothing is loaded from elsewhere: what shows no picture of ours is its words."""
    name, alt = picture_of(tokens[index])
    return pictures.picture_html(name, alt, sizes=PICTURE_SIZES) if name else escapeHtml(alt)


def _house_headings(state: StateCore) -> None:
    """The page's own heading is its only `h1`; the others go no deeper than `h4`, and each has an anchor of its own."""
    taken = Counter(IDS_OF_THE_PAGE)
    for index, token in enumerate(state.tokens):
        if token.type not in {"heading_open", "heading_close"}:
            continue
        token.tag = f"h{min(max(int(token.tag[1]), 2), 4)}"
        if token.type == "heading_open":
            stem = slugify(words(state.tokens[index + 1]), allow_unicode=True) or "part"
            taken[stem] += 1
            token.attrSet("id", stem if taken[stem] == 1 else f"{stem}--{taken[stem]}")


def _lists_to_tick(state: StateCore) -> None:
    """A list that begins with a box needs no other mark in front of its lines."""
    for index, token in enumerate(state.tokens):
        first = state.tokens[index + 1 : index + 4]
        if token.type == "bullet_list_open" and first[-1].content.startswith("☐"):
            token.attrSet("class", "ticks")


def _whole_letters(state: StateCore) -> None:
    """Half of a letter, which no page can carry, becomes a question mark."""
    state.src = state.src.encode(errors="replace").decode()


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name in {"src", "srcset"}:
        return value if PICTURE_FILES.fullmatch(value) else None
    return None if name == "href" and not SAFE_LINK.match(value) else value


def parser() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("table")
    # Somebody who indents a paragraph means no code.
    markdown.disable("code")
    blocks.plug_in(markdown)
    markdown.core.ruler.before("normalize", "whole_letters", _whole_letters)
    markdown.add_render_rule("image", _picture)
    markdown.core.ruler.push("house_headings", _house_headings)
    markdown.core.ruler.push("lists_to_tick", _lists_to_tick)
    return markdown


PARSER = parser()


class _Drawings:
    """Puts the drawings in; the ids of one that comes again on the page are made different."""

    def __init__(self) -> None:
        self.drawn: Counter[str] = Counter()

    def __call__(self, found: re.Match[str]) -> str:
        key = found[1]
        try:
            drawing = figures.svg(key)
        except figures.UnknownExercise:
            return ""
        self.drawn[key] += 1
        if self.drawn[key] > 1:
            drawing = drawing.replace(f"fig-{key}-", f"fig-{key}-{self.drawn[key]}-")
        return f'<figure class="exercise__figure">{drawing}</figure>'


@lru_cache(maxsize=256)
def to_html(text: str) -> str:
    clean = nh3.clean(
        PARSER.render(text),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener",
        attribute_filter=_attribute,
    )
    return FIGURE.sub(_Drawings(), clean)


@lru_cache(maxsize=256)
def contents(text: str) -> tuple[tuple[str, str], ...]:
    """The second-level headings that somebody wrote, each as its anchor and its words."""
    tokens = PARSER.parse(text)
    return tuple(
        (str(token.attrs.get("id", "")), words(tokens[index + 1]))
        for index, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag == "h2" and blocks.is_written(token)
    )


@lru_cache(maxsize=256)
def plain_text(text: str) -> str:
    """A block a line. What stands in front of a field of an exercise does so with a colon."""
    tokens = [Token("", "", 0), *PARSER.parse(text)]
    return "\n".join(
        words(token) + ":" * (before.type == "dt_open") for before, token in pairwise(tokens) if token.type == "inline"
    )


def words(inline: Token) -> str:
    """What it says, without its marks."""
    said = {"text", "code_inline"}
    return "".join(
        child.content if child.type in said else " "
        for child in inline.children or []
        if child.type in said | {"softbreak", "hardbreak"}
    )
