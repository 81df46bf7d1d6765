from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.urls import reverse
from django.utils import timezone

from tips.models import Tip


class AtOurAddress(Sitemap):
    """Links are built from the configured address, never from the request's host."""

    protocol = urlsplit(settings.BASE_URL).scheme

    def get_domain(self, site=None):
        return urlsplit(settings.BASE_URL).netloc


class Pages(AtOurAddress):
    def items(self):
        return ["home", "tips:list", "consultation:start", "privacy", "accessibility"]

    def location(self, item):
        return reverse(item)


class Published(AtOurAddress):
    def items(self):
        return Tip.objects.listed(at=timezone.now()).with_changed_at().order_by("-publish_at", "-pk")

    def lastmod(self, tip):
        return tip.changed_at


SITEMAPS = {"pages": Pages, "published": Published}
