"""A folder of Markdown files with their facts at the head, as Jekyll and Hugo keep them."""

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt

from .article import Article, Place, Unreadable, digest, source_of
from .encoding import clean_text

SUFFIXES = {".md", ".markdown", ".mdown", ".mkd"}
# What the generators of pages write or fetch themselves.
NOT_TEXTS = {"_site", "public", "node_modules", "vendor", "resources", "themes"}
LARGEST = 5_000_000
HEAD = re.compile(r"\A\s*(---|\+\+\+)[ \t]*\n(.*?)^(?:\1|\.\.\.)[ \t]*(?:\n|\Z)(.*)\Z", re.DOTALL | re.MULTILINE)
DATED = re.compile(r"^(\d{4}-\d{1,2}-\d{1,2})-(.+)$")
ADDRESSES = ("permalink", "url", "aliases", "redirect_from")
TOPICS = ("categories", "category", "tags", "tag", "topics")
SUMMARIES = ("summary", "description", "excerpt")
PICTURES = ("image", "cover", "featured_image", "thumbnail", "hero")
READ = {"title", "slug", "date", "draft", "published", "author", *ADDRESSES, *TOPICS, *SUMMARIES, *PICTURES}
# What only says how the page was drawn there.
OF_THE_PAGE = {
    "layout",
    "type",
    "weight",
    "toc",
    "comments",
    "lastmod",
    "last_modified_at",
    "lang",
    "math",
    "id",
    "taxonomies",
}
# Jekyll's {% … %} and {{ … }}, Hugo's {{< … >}}; the first group is kept.
BASE = re.compile(
    r"\{\{\s*(?:site\.(?:baseurl|url)\s*|['\"]([^'\"]*)['\"]\s*\|\s*(?:relative_url|absolute_url)\s*)\}\}"
)
CODE = re.compile(r"\{%-?\s*(?:end)?highlight.*?%\}")
INSTRUCTION = re.compile(r"\{%.*?%\}|\{\{[<%].*?[%>]\}\}|\{\{.*?\}\}", re.DOTALL)
KRAMDOWN = re.compile(r"\{:[^}\n]*\}")
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


class Folder:
    """The files of one folder and of those below it, in the order of their names."""

    def __init__(self, path: Path) -> None:
        self.root = path.resolve()
        self.place = Place()

    def articles(self) -> Iterator[Article]:
        self.place.not_taken.clear()
        self.place.notes.clear()
        for path in self._files():
            article = self._article(path)
            if article:
                yield article

    def _files(self) -> Iterator[Path]:
        for folder, below, names in os.walk(self.root):
            below[:] = sorted(name for name in below if name not in NOT_TEXTS and not name.startswith("."))
            for path in (Path(folder, name) for name in sorted(names) if Path(name).suffix.lower() in SUFFIXES):
                if not path.is_file() or not path.resolve().is_relative_to(self.root):
                    self.place.not_taken["file that leads out of the folder"] += 1
                elif path.stat().st_size > LARGEST:
                    self.place.not_taken["file of more than 5 MB"] += 1
                else:
                    yield path

    def _article(self, path: Path) -> Article | None:
        relative = path.relative_to(self.root).as_posix()
        try:
            cleaned = clean_text(path)
            text = cleaned.text()
            head = HEAD.match(text)
            facts = facts_of(head[1], head[2]) if head else None
        except Unreadable as reason:
            self.place.notes.append(f"{relative} was not taken: {reason}")
            return None
        if facts is None:
            self.place.not_taken["file without facts at its head"] += 1
            return None
        self.place.notes += cleaned.notes
        body, notes = without_instructions(head[3])
        bare = relative.removesuffix(path.suffix)
        return Article(
            source=source_of(f"{self.root.name}/{relative}"),
            fingerprint=digest(text),
            base=f"/{relative}",
            title=first(facts, "title"),
            html=MARKDOWN.render(body),
            excerpt=next(filter(None, (first(facts, name) for name in SUMMARIES)), ""),
            slug=first(facts, "slug") or named(path),
            authors=tuple(words(facts.get("author"))),
            topics=tuple(("", name) for name in topics(facts)),
            addresses=tuple(addresses(facts)),
            also=(f"/{relative}", f"/{bare.removesuffix('index')}"),
            hero=next(filter(None, (first(facts, name) for name in PICTURES)), ""),
            notes=(*lost(facts), *notes),
        )


def facts_of(mark: str, head: str) -> dict[str, Any]:
    try:
        # Every value as it is written: nothing is made a date or a number, and nothing can be called.
        facts = tomllib.loads(head) if mark == "+++" else yaml.load(head, yaml.BaseLoader)  # noqa: S506
    except (yaml.YAMLError, tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise Unreadable("the facts at its head are broken.") from error
    if not isinstance(facts, dict | None):
        raise Unreadable("what stands at its head are no facts.")
    facts = {str(name).lower(): value for name, value in (facts or {}).items()}
    nested = facts.get("taxonomies")
    return facts | nested if isinstance(nested, dict) else facts


def words(value: Any) -> list[str]:
    """Whatever stands there as a list of texts: one, several, or the main one of a table."""
    if isinstance(value, dict):
        value = next((value[name] for name in ("name", "path", "image", "src", "url") if name in value), None)
    if isinstance(value, list):
        return [word for each in value[:100] if not isinstance(each, list) for word in words(each)]
    return [str(value).strip()] if value not in (None, "") else []


def first(facts: dict[str, Any], name: str) -> str:
    return next(iter(words(facts.get(name))), "")


def topics(facts: dict[str, Any]) -> list[str]:
    found = [word for name in TOPICS for word in words(facts.get(name))]
    return list(dict.fromkeys(part.strip() for word in found for part in word.split(",") if part.strip()))


def addresses(facts: dict[str, Any]) -> list[str]:
    """Where readers found it; a pattern such as `/:year/:title/` is no address."""
    found = [word for name in ADDRESSES for word in words(facts.get(name))]
    return [word for word in found if ":" not in word.replace("://", "", 1)]


def named(path: Path) -> str:
    """The file's name without its date; an `index.md` is called what its folder is."""
    stem = path.parent.name if path.stem in {"index", "_index"} else path.stem
    found = DATED.match(stem)
    return found[2] if found else stem


def is_draft(facts: dict[str, Any]) -> bool:
    return first(facts, "draft").lower() == "true" or first(facts, "published").lower() == "false"


def lost(facts: dict[str, Any]) -> Iterator[str]:
    if is_draft(facts):
        yield "It was a draft there."
    fields = sorted(set(facts) - READ - OF_THE_PAGE)
    if fields:
        yield f"Other facts at the head are not kept: {', '.join(fields)}."


def without_instructions(body: str) -> tuple[str, list[str]]:
    """The text without what the generator would have filled in, and a line for each of these."""
    body = CODE.sub("```", BASE.sub(lambda found: found[1] or "", KRAMDOWN.sub("", body)))
    notes = [f"An instruction is not kept: {' '.join(found.split())[:200]}" for found in INSTRUCTION.findall(body)]
    return INSTRUCTION.sub("", body), notes
