"""Our site with the article among twenty others, which share its topic."""

from django.utils import timezone

from tests.factories import DAY, make_clinic, make_person, make_tip
from tips.models import Topic

from .article import BODY, SLUG, TITLE


def main():
    make_clinic()
    make_person("Therapist")
    topic = Topic.objects.create(name="Desk work", slug="desk-work")
    facts = {"topics": [topic], "regions": ["neck"], "independently_reviewed": True}
    for number in range(20):
        make_tip(slug=f"beside-{number}", published_at=timezone.now() - (number + 2) * DAY, **facts)
    make_tip(slug=SLUG, published_at=timezone.now() - DAY, text={"title": TITLE, "body": BODY}, **facts)
