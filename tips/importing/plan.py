"""Where each article will be found: decided for all of them before the first is written, so that links can lead there."""

from urllib.parse import parse_qs, unquote, urljoin, urlsplit

from django.urls import Resolver404, resolve, reverse
from django.utils.text import slugify

from tips.forms import TAKEN
from tips.models import FormerAddress, ImportedTip, Tip

from .article import Article, Source

LONGEST_SLUG = Tip._meta.get_field("slug").max_length
LONGEST_PATH = FormerAddress._meta.get_field("path").max_length
ARTICLES = {"tips:detail", "tips:guide"}


class Plan:
    """The address of each article, and what old addresses lead to it."""

    def __init__(self, source: Source) -> None:
        self.place = source.place
        self.here = {row.source: row for row in ImportedTip.objects.select_related("tip")}
        self.slugs: dict[str, str] = {}
        self.leads: dict[str, str] = {}
        self.owners = {row.path: row.tip.get_absolute_url() for row in FormerAddress.objects.select_related("tip")}
        self.taken = TAKEN | set(Tip.objects.tips().values_list("slug", flat=True))
        self.guides = set(Tip.objects.guides().values_list("slug", flat=True))
        self.taken |= {path.split("/")[2] for path in self.owners if path.startswith("/tips/")}
        seen = []
        for article in source.articles():
            if article.source not in self.slugs:
                self.slugs[article.source] = self._slug(article)
                names = (article.base, *article.addresses, *article.also)
                seen.append((article.source, article.base, names))
        # Only now is it known which hosts are the site's own.
        for source_name, base, names in seen:
            for name in filter(None, (self.key(each, base) for each in names)):
                self.leads.setdefault(name, source_name)

    def _slug(self, article: Article) -> str:
        if article.source in self.here:
            return self.here[article.source].tip.slug
        wanted = self.wanted(article)
        slug, number = wanted, 1
        while slug in self.taken | self.guides:
            number += 1
            slug = f"{wanted[: LONGEST_SLUG - len(str(number)) - 1]}-{number}"
        self.taken.add(slug)
        return slug

    @staticmethod
    def wanted(article: Article) -> str:
        slug = slugify(unquote(article.slug)) or slugify(article.title) or "tip"
        return slug[:LONGEST_SLUG].strip("-_") or "tip"

    def address(self, source: str) -> str:
        return reverse("tips:detail", args=[self.slugs[source]])

    def slug_notes(self, article: Article) -> list[str]:
        slug, wanted, before = self.slugs[article.source], self.wanted(article), unquote(article.slug)
        if slug != wanted:
            return [f"The address “{wanted}” is taken; it becomes “{slug}”."]
        return [f"The address “{before}” cannot stay; it becomes “{slug}”."] if before and before != slug else []

    # Links

    def key(self, address: str, base: str) -> str | None:
        """What an address of the old site is known by here; None for an address of another site."""
        try:
            parts = urlsplit(urljoin(base, address))
            host = (parts.hostname or "").removeprefix("www.")
        except ValueError:
            return None
        if parts.scheme not in {"", "http", "https"} or (host and host not in self.place.hosts):
            return None
        query = parse_qs(parts.query)
        number = next((query[name][0] for name in ("p", "page_id") if name in query), "")
        return f"?p={number}" if number else unquote(parts.path).rstrip("/").lower()

    def lead(self, href: str, article: Article, notes: list[str]) -> str | None:
        """Where a link leads from here, or None where it can lead nowhere."""
        if href.startswith("#"):
            notes.append(f"A link within the text is not kept ({href}).")
            return None
        key = self.key(href, article.base) if href else None
        if key in self.leads:
            return self.address(self.leads[key])
        if key is None:
            return href or None
        whole = urljoin(article.base, href)
        if not urlsplit(whole).scheme:
            notes.append(f"A link that leads nowhere here is not kept ({href}).")
            return None
        notes.append(f"A link still leads to the old site: {whole}")
        return whole

    # Old addresses

    def old_paths(self, article: Article, notes: list[str]) -> list[str]:
        """The paths that shall lead to it; for each other one there is a note."""
        new, kept = self.address(article.source), []
        for address in article.addresses:
            parts = urlsplit(address)
            path = unquote(parts.path)
            path = path if path.startswith("/") else f"/{path}"
            if path in {"/", new} or path in kept:
                continue
            reason = self._refusal(path, new)
            if reason:
                notes.append(f"The old address {path} will not lead here: {reason}.")
            else:
                self.owners[path] = new
                kept.append(path)
        return kept

    def _refusal(self, path: str, new: str) -> str:
        if len(path) > LONGEST_PATH:
            return "it is too long"
        if self.owners.get(path, new) != new:
            return "it leads to another tip"
        try:
            # A page of the site also answers without its last slash.
            match = resolve(f"{path.rstrip('/')}/")
        except Resolver404:
            return ""
        if match.view_name not in ARTICLES:
            return "the site has a page of its own there"
        taken = self.taken if match.view_name == "tips:detail" else self.guides
        return "another tip is there" if match.kwargs["slug"] in taken else ""
