"""Articles from elsewhere become drafts, one transaction each; what was lost on the way is told."""

import re
from dataclasses import dataclass, field

from django.db import transaction

from clinic.models import User
from tips.markdown import plain_text
from tips.models import FormerAddress, ImportedTip, Tip, TipRevision

from .html import to_markdown
from .pictures import PictureRefused, keep_picture
from .plan import Plan
from .report import Report, Taken
from .text import cut, cut_body, first_sentences
from .topics import Topics

LIMITS = {name: TipRevision._meta.get_field(name).max_length for name in ("title", "summary", "body", "hero_alt")}
# Headings, pictures, tables, code, lists and quotes say nothing about the whole.
NO_SUMMARY = re.compile(r"#|!|\||`|---|- |> |\d+\. ")


class NotTaken(Exception):
    """The article cannot become a tip; the words say why."""


@dataclass
class Draft:
    """An article as it would be kept."""

    text: dict
    notes: list[str] = field(default_factory=list)


class Importer:
    """One import: a trial of it, unless `write` is asked for."""

    def __init__(self, source, pictures, *, author, at, write):
        self.source, self.pictures, self.author, self.at, self.write = source, pictures, author, at, write
        self.accounts = accounts()
        self.topics = Topics()
        self.kept = {}
        self.report = Report()
        self.plan = Plan(source)

    def run(self):
        done = set()
        for article in self.source.articles():
            if article.source in done:
                self.report.refused.append(f"“{article.title}” is there twice; the first was taken.")
            else:
                done.add(article.source)
                self._take(article)
        self.report.not_taken = self.source.place.not_taken
        self.report.notes = list(self.source.place.notes)
        self.report.topics = self.topics.made
        self.report.pictures = len(self.kept)
        return self.report

    def _take(self, article):
        here = self.plan.here.get(article.source)
        if here and here.fingerprint == article.fingerprint:
            self.report.here += 1
        elif here:
            self.report.changed.append(f"{article.title}  →  {here.tip.get_absolute_url()}")
        else:
            try:
                self._import(article, self._draft(article))
            except NotTaken as reason:
                self.report.refused.append(f"“{article.title or article.source}”: {reason}")

    @transaction.atomic
    def _import(self, article, draft):
        writer = self._writer(article)
        topics = self.topics.of(article.topics, write=self.write)
        paths = self.plan.old_paths(article, draft.notes)
        if self.write:
            tip = Tip.objects.create(slug=self.plan.slugs[article.source], author=writer)
            tip.topics.set(topics)
            tip.revise(by=writer, at=self.at, **draft.text)
            FormerAddress.objects.bulk_create(FormerAddress(path=path, tip=tip) for path in paths)
            ImportedTip.objects.create(
                source=article.source, tip=tip, fingerprint=article.fingerprint, imported_at=self.at
            )
        self.report.addresses += len(paths)
        self.report.numbered += any("?p=" in each for each in (*article.addresses, *article.also))
        notes = [*self.plan.slug_notes(article), *article.notes, *draft.notes]
        address = self.plan.address(article.source)
        self.report.taken.append(Taken(draft.text["title"], address, list(dict.fromkeys(notes))))

    # Text

    def _draft(self, article):
        notes = []
        body = self._body(article, notes)
        said = plain_text("\n\n".join(part for part in body.split("\n\n") if not NO_SUMMARY.match(part)))
        whole = " ".join((article.title or said or plain_text(body)).split())
        title = cut(whole, LIMITS["title"])
        if not body or not title:
            raise NotTaken("it has no text.")
        excerpt = " ".join(article.excerpt.split())
        summary = cut(excerpt, LIMITS["summary"]) if excerpt else first_sentences(said or title, LIMITS["summary"])
        kept = cut_body(body, LIMITS["body"])
        notes += [
            *(["It had no title; it is called by its first words."] if not article.title else []),
            *([f"The title was cut; it was: {whole}"] if title != whole else []),
            *([f"The excerpt was cut; it was: {excerpt}"] if excerpt and summary != excerpt else []),
            *([f"The text was cut after {len(kept)} characters."] if kept != body else []),
        ]
        return Draft({"title": title, "summary": summary, "body": kept, **self._hero(article, notes)}, notes)

    def _body(self, article, notes):
        def keep(address, alt):
            name = self._picture(article, address, alt, notes)
            return name and f"picture:{name}"

        try:
            body, lost = to_markdown(article.html, keep=keep, lead=lambda href: self.plan.lead(href, article, notes))
        except RecursionError:
            raise NotTaken("its boxes lie too deep in each other.") from None
        notes[:0] = lost
        silent = body.count("![](")
        if silent:
            notes.append(f"Pictures in the text that nothing describes: {silent}.")
        return body

    def _hero(self, article, notes):
        name = self._picture(article, article.hero, article.hero_alt, notes) if article.hero else None
        if not name:
            return {}
        alt = cut(article.hero_alt, LIMITS["hero_alt"])
        if not alt:
            notes.append("Nothing says what the picture above the text shows; it is marked as decorative.")
        return {"hero": name, "hero_alt": alt, "hero_is_decorative": not alt}

    def _picture(self, article, address, alt, notes):
        try:
            path = self.pictures.find(address, base=article.base)
            if path not in self.kept:
                facts = {"title": cut(path.stem, 120), "alt": cut(alt, LIMITS["hero_alt"]), "by": self.author}
                self.kept[path] = keep_picture(path.read_bytes(), **facts, at=self.at, write=self.write)
        except (PictureRefused, OSError) as reason:
            notes.append(f"A picture is not kept: {address or 'it stood in the text itself'} ({reason}).")
            return None
        return self.kept[path]

    # People

    def _writer(self, article):
        names = [name.casefold() for name in article.authors]
        found = next((self.accounts[name] for name in names if name in self.accounts), None)
        if names and not found:
            self.report.instead[article.authors[0]] += 1
        return found or self.author


def accounts():
    """Who may be named as an author, by account and by e-mail address."""
    people = User.objects.filter(is_staff=True, is_active=True).order_by("pk")
    return {name.casefold(): each for each in people for name in (each.email, each.username) if name}
