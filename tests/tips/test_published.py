"""Every place that shows what is published asks the same question, so all of them agree."""

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.factories import DAY, make_tip, numbers
from tips.models import TipKind, Topic

pytestmark = pytest.mark.django_db

days = st.sampled_from([None, -3, -1, 1, 3])
acts = st.sampled_from(["left alone", "published", "archived", "taken up again"])


def places(client, *, tip, guide, neighbour):
    """Where a reader meets the tip, and where the guide."""
    read = {
        path: client.get(path).content.decode() for path in ("/", "/tips/", "/tips/feed/", "/sitemap.xml", neighbour)
    }
    return {
        "list": f'"{tip}"' in read["/tips/"],
        "home": f'"{tip}"' in read["/"],
        "feed": f"{tip}<" in read["/tips/feed/"],
        "sitemap": f"{tip}<" in read["/sitemap.xml"],
        "related": f'"{tip}"' in read[neighbour],
        "article": client.get(tip).status_code == 200,
        "guide at home": f'"{guide}"' in read["/"],
        "guide in the sitemap": f"{guide}<" in read["/sitemap.xml"],
        "guide": client.get(guide).status_code == 200,
        "guide's PDF": client.get(guide.rstrip("/") + ".pdf").status_code == 200,
    }


@settings(max_examples=20, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(publish_in=days, expire_in=days, act=acts)
@example(publish_in=-1, expire_in=None, act="published")
@example(publish_in=-3, expire_in=-1, act="published")
@example(publish_in=1, expire_in=3, act="published")
def test_every_place_that_shows_what_is_published_agrees(client, clinic, editor, publish_in, expire_in, act):
    now = timezone.now()
    if None not in (publish_in, expire_in) and expire_in <= publish_in:
        expire_in = None
    if publish_in is None and expire_in is not None and expire_in < 0:
        publish_in = expire_in - 1
    dates = {"publish_at": publish_in and now + publish_in * DAY, "expire_at": expire_in and now + expire_in * DAY}

    with transaction.atomic():
        topic = Topic.objects.create(name=f"Topic {next(numbers)}", slug=f"topic-{next(numbers)}")
        neighbour = make_tip(author=editor, topics=[topic]).get_absolute_url()
        both = [make_tip(author=editor, kind=kind, topics=[topic], published_at=None, **dates) for kind in TipKind]
        for one in both:
            move(one, act, at=now)
        tip, guide = (one.get_absolute_url() for one in both)
        shown = places(client, tip=tip, guide=guide, neighbour=neighbour)
        transaction.set_rollback(True)

    begun = publish_in is None or publish_in < 0
    ended = expire_in is not None and expire_in < 0
    assert set(shown.values()) == {act == "published" and begun and not ended}


def move(tip, act, *, at):
    if act != "left alone":
        tip.publish(at=at)
    if act in {"archived", "taken up again"}:
        tip.archive()
    if act == "taken up again":
        tip.take_up_again()
