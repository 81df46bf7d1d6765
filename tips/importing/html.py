"""HTML of any kind to the Markdown that tips are written in.

The text is parsed as browsers do and put in order (`_Soup`), so that what is left
are shapes that Markdown has; `writer.py` beside this then writes them down.
"""

import re
from collections.abc import Callable

import nh3
from bs4 import BeautifulSoup
from bs4.element import Tag

from tips.models.revision import INVISIBLE

from .shapes import BLOCKS, INLINE, SAME, put_in_shape, standing
from .writer import Writer

# Left out, each with a line in the report; what it is called, and where it leads from.
LOST = {
    "script": "A script",
    "style": "A style sheet",
    "iframe": "An embedded frame",
    "form": "A form",
    "video": "A video",
    "audio": "A sound",
    "object": "An embedded object",
    "embed": "An embedded object",
    "svg": "A drawing",
    "canvas": "A drawing",
    "input": "A field of a form",
    "select": "A field of a form",
    "textarea": "A field of a form",
}
DROPPED = ("del", "s", "strike")
OTHER = {"img", "br", "sup", "sub", "q", "source", "u", "span"}
TAGS = BLOCKS | OTHER | set(INLINE) | set(DROPPED) | set(LOST)
ATTRIBUTES = {
    "*": {"class"},
    "a": {"href", "rel"},
    "img": {"src", "alt"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    **{name: {"src"} for name in ("iframe", "video", "audio", "embed", "source", "script")},
    "object": {"data"},
    "form": {"action"},
}
PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|bmp|tiff?|heic)(?:\?|$)|[?&]attachment_id=", re.IGNORECASE)
RAISED = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
LOWERED = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")

# Given a picture's address and its description: what stands for it in the text, or None.
Keep = Callable[[str, str], str | None]
# Given a link's address: where it leads from here, or None.
Lead = Callable[[str], str | None]


def to_markdown(html: str, *, keep: Keep, lead: Lead) -> tuple[str, list[str]]:
    """The text, and a line for each thing that is not in it any more."""
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        clean_content_tags=set(),
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )
    soup = _Soup(clean, keep=keep, lead=lead)
    return Writer().convert_soup(soup.in_order()).strip(), soup.lost


def words_of(html: str) -> str:
    """The bare words of a piece of HTML, on one line."""
    soup = BeautifulSoup(nh3.clean(html, tags=TAGS - set(LOST), link_rel=None), "html.parser")
    for block in soup.find_all([*BLOCKS, "br"]):
        block.append(" ")
        block.insert_before(" ")
    return " ".join(soup.get_text().translate(INVISIBLE).split())


class _Soup:
    """A text on its way to shapes that Markdown has."""

    def __init__(self, clean: str, *, keep: Keep, lead: Lead) -> None:
        self.soup = BeautifulSoup(clean.replace("&nbsp;", " ").translate(INVISIBLE), "html.parser")
        self.keep, self.lead = keep, lead
        self.lost: list[str] = []

    def in_order(self) -> BeautifulSoup:
        self._leave_out()
        self._pictures()
        self._links()
        self._words()
        put_in_shape(self.soup)
        return self.soup

    # What is not kept

    def _leave_out(self) -> None:
        for tag in standing(self.soup, LOST):
            address = tag.get("src") or tag.get("data") or tag.get("action")
            inner = tag.find(src=True)
            address = address or (inner["src"] if isinstance(inner, Tag) else "")
            self.lost.append(f"{LOST[tag.name]} is not kept{f' ({address})' if address else ''}.")
            tag.decompose()
        for cell in standing(self.soup, ("td", "th")):
            if cell.get("colspan", "1") != "1" or cell.get("rowspan", "1") != "1":
                self.lost.append("A table had joined cells; look at it again.")
                break
        if next(iter(standing(self.soup, DROPPED)), None):
            self.lost.append("Words that were struck out stand there like the others.")
        for tag in standing(self.soup, (*DROPPED, "source", "u", "span")):
            tag.unwrap()

    # Pictures and links

    def _pictures(self) -> None:
        for img in standing(self.soup, "img"):
            alt = " ".join(str(img.get("alt", "")).split())
            kept = self.keep(str(img.get("src", "")), alt)
            link = img.find_parent("a")
            # The link around a picture that only leads to the picture itself.
            if link and not link.get_text().strip() and _leads_to_picture(link):
                link.unwrap()
            if kept:
                img["src"], img["alt"] = kept, alt
            else:
                img.decompose()

    def _links(self) -> None:
        for link in standing(self.soup, "a"):
            shows = (link.get_text().strip() or link.find("img")) and not link.find_parent("a")
            href = self.lead(str(link.get("href", "")).strip()) if shows else None
            if href:
                link["href"] = href
            else:
                link.unwrap()

    # Words

    def _words(self) -> None:
        for names, table, other in (("sup", RAISED, "^"), ("sub", LOWERED, "")):
            for tag in standing(self.soup, names):
                text = tag.get_text().strip()
                ordinal = text.lower() in {"st", "nd", "rd", "th"} or not text.isascii()
                changed = text.translate(table)
                tag.replace_with(changed if changed != text or ordinal or not text else f"{other}{text}")
        for tag in standing(self.soup, SAME):
            tag.name = SAME[tag.name]
        for tag in standing(self.soup, "q"):
            tag.insert(0, "“")
            tag.append("”")
            tag.unwrap()
        self.soup.smooth()


def _leads_to_picture(link: Tag) -> bool:
    href = str(link.get("href", ""))
    return not href or "attachment" in (link.get("rel") or ()) or bool(PICTURE.search(href))
