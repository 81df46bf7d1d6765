"""A WordPress export (WXR), read as a stream: only one of its posts is in memory at a time."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, iterparse

from .article import Article, Place, Unreadable, digest, source_of
from .encoding import Cleaned, clean_text
from .html import words_of
from .shortcodes import with_line_breaks, without_blocks, without_shortcodes
from .text import counted

CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
# The kinds and states of what is not taken, as people call them.
KINDS = {"page": "page (--pages takes them)", "attachment": "attachment", "nav_menu_item": "menu item"}
TAKEN = {
    "publish": "",
    "future": "scheduled",
    "draft": "a draft",
    "pending": "waiting for review",
    "private": "private",
}
STATES = {"trash": "in the trash", "auto-draft": "never saved", "inherit": "an older text"}
# What WordPress and its editors keep for themselves begins with a line.
PRIVATE_FIELD = "_"
NO_TOPIC = "uncategorized"


class _Bytes:
    """Chunks of text as a file of UTF-8, whatever encoding the file itself claims."""

    def __init__(self, cleaned: Cleaned) -> None:
        self.chunks = cleaned.chunks()

    def read(self, size: int = -1) -> bytes:
        # An empty answer would be taken for the end.
        return next((chunk.encode("utf-8", "replace") for chunk in self.chunks if chunk), b"")


class Export:
    """The posts of one export file."""

    def __init__(self, path: Path, *, pages: bool = False) -> None:
        self.path = path
        self.kinds = {"post", "page"} if pages else {"post"}
        self.place = Place()
        self.mails: dict[str, str] = {}
        self.site = ""

    def articles(self) -> Iterator[Article]:
        self.place.not_taken.clear()
        cleaned = clean_text(self.path)
        try:
            for item in self._items(cleaned):
                facts = Item(item)
                if self._is_taken(facts):
                    yield self._article(facts)
        except DefusedXmlException as refused:
            raise Unreadable(
                f"{self.path.name} defines entities or refers to other files, which no WordPress export does; it was not read."
            ) from refused
        except ParseError as error:
            line, column = error.position
            raise Unreadable(
                f"{self.path.name} is broken at line {line}, column {column + 1}: it may have been cut off while it was "
                "downloaded. Export it again."
            ) from error
        self.place.notes[:] = cleaned.notes

    def _items(self, cleaned: Cleaned) -> Iterator[Element]:
        parser = DefusedXMLParser(encoding="utf-8", forbid_dtd=True)
        above: list[Element] = []
        is_export = False
        for event, element in iterparse(_Bytes(cleaned), events=("start", "end"), parser=parser):
            if event == "start":
                above.append(element)
                continue
            above.pop()
            if element.tag == "item":
                yield element
            is_export = is_export or element.tag.endswith("}wxr_version")
            self._note(element)
            if len(above) == 2:  # what stands directly in the channel is done with
                above[-1].clear()
        if not is_export:
            raise Unreadable(f"{self.path.name} is no WordPress export (Tools → Export in WordPress makes one).")

    def _note(self, element: Element) -> None:
        name, text = local(element.tag), (element.text or "").strip()
        if name in {"base_site_url", "base_blog_url"} and text:
            self.place.hosts.add(host(text))
            # Of several sites in one network, each has a blog's address of its own.
            self.site = text if name == "base_blog_url" else self.site or text
        elif name == "author":
            self.mails[value(element, "author_login")] = value(element, "author_email")

    def _is_taken(self, facts: "Item") -> bool:
        kind, state = facts.kind, facts.value("status")
        if kind == "attachment":
            self.place.files[facts.value("post_id")] = facts.value("attachment_url")
            self.place.described[facts.value("post_id")] = facts.fields.get("_wp_attachment_image_alt", "")
        if kind not in self.kinds:
            self.place.not_taken[KINDS.get(kind, f"“{kind}”")] += 1
        elif state not in TAKEN:
            self.place.not_taken[f"{kind} that is {STATES.get(state, state)}"] += 1
        return kind in self.kinds and state in TAKEN

    def _article(self, facts: "Item") -> Article:
        number, author = facts.value("post_id"), facts.value("creator")
        text, notes = facts.text(self.place.files)
        picture = facts.fields.get("_thumbnail_id", "")
        own = f"{self.site}/?p={number}" if number and self.site else ""
        return Article(
            source=source_of(without_scheme(own or facts.value("guid") or facts.value("link"))),
            fingerprint=facts.fingerprint,
            base=facts.value("link"),
            title=words_of(facts.value("title")),
            html=text,
            excerpt=words_of(without_shortcodes(facts.excerpt, {})[0]),
            slug=facts.value("post_name"),
            authors=tuple(filter(None, [author, self.mails.get(author)])),
            topics=facts.topics,
            addresses=tuple(filter(None, [facts.value("link")])),
            also=tuple(filter(None, [facts.value("guid"), own])),
            hero=self.place.files.get(picture, ""),
            hero_alt=self.place.described.get(picture, ""),
            notes=(*facts.lost, *notes),
        )


class Item:
    """One `<item>` of an export, whatever it is."""

    def __init__(self, element: Element) -> None:
        self.element = element
        self.kind = self.value("post_type") or "post"
        self.fields = {value(each, "meta_key"): value(each, "meta_value") for each in children(element, "postmeta")}
        texts = {each.tag: (each.text or "") for each in children(element, "encoded")}
        self.content = texts.pop(CONTENT, "")
        self.excerpt = next(iter(texts.values()), "")

    def value(self, name: str) -> str:
        return value(self.element, name)

    def text(self, files: dict[str, str]) -> tuple[str, list[str]]:
        text, lost_blocks = without_blocks(self.content)
        text, lost_codes = without_shortcodes(text, files)
        return (text if "<!-- wp:" in self.content else with_line_breaks(text)), lost_blocks + lost_codes

    @property
    def fingerprint(self) -> str:
        facts = [self.value(name) for name in ("title", "post_name", "status")]
        return digest(*facts, self.content, self.excerpt, repr(self.topics), self.fields.get("_thumbnail_id", ""))

    @property
    def topics(self) -> tuple[tuple[str, str], ...]:
        return tuple(
            (each.get("nicename", ""), html.unescape((each.text or "").strip()))
            for each in self.element.findall("category")
            if each.get("domain") in {"category", "post_tag"} and each.get("nicename") != NO_TOPIC
        )

    @property
    def lost(self) -> Iterator[str]:
        state = TAKEN[self.value("status")]
        if state:
            yield f"It was {state} there."
        if self.value("post_password"):
            yield "It was behind a password there."
        comments = len(children(self.element, "comment"))
        if comments:
            yield f"Not kept: {counted(comments, 'comment')}."
        fields = sorted(name for name in self.fields if name and not name.startswith(PRIVATE_FIELD))
        if fields:
            yield f"Custom fields are not kept: {', '.join(fields)}."


def local(tag: Any) -> str:
    return re.sub(r"^\{.*\}", "", str(tag))


def children(element: Element, name: str) -> list[Element]:
    return [each for each in element if local(each.tag) == name]


def value(element: Element, name: str) -> str:
    return next((each.text or "" for each in children(element, name)), "").strip()


def host(address: str) -> str:
    return (urlsplit(address).hostname or "").removeprefix("www.")


def without_scheme(address: str) -> str:
    """A site that has moved to https since is the same site."""
    return re.sub(r"^https?://(www\.)?", "", address)
