"""Every place that shows tips and guides asks the same two questions, so all of them agree, with no job running."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.factories import DAY, make_tip, numbers
from tips.models import LISTED_AFTER, FormerAddress, Tip, TipKind, TipStatus, Topic

pytestmark = pytest.mark.django_db

# Around the instant at which the pages are asked for; what turns at the very instant is in test_published.py.
MINUTE = timedelta(minutes=1)
ages = st.sampled_from([-400 * DAY, -DAY, -MINUTE, MINUTE, DAY])
ends = st.none() | st.sampled_from([-DAY / 2, -MINUTE / 2, MINUTE / 2, 400 * DAY])
days_overdue = st.none() | st.sampled_from([-1, 0, 1, LISTED_AFTER.days - 1, LISTED_AFTER.days, LISTED_AFTER.days + 1])


def links(client, address, **query):
    """Every address of a tip or a guide that is named there."""
    return set(re.findall(r"/(?:tips|guides)/[\w-]+(?:/|\.pdf)", client.get(address, query).content.decode()))


def places(client, tip, *, word, topic, neighbour, old):
    """Where readers meet it: each list says whether it is there, each page what it answers."""
    address, is_tip = tip.get_absolute_url(), tip.kind == TipKind.TIP
    lists = {"home": links(client, "/"), "sitemap": links(client, "/sitemap.xml")}
    if is_tip:
        lists |= {
            "list": links(client, "/tips/"),
            "search": links(client, "/tips/", q=word),
            "topic": links(client, topic.get_absolute_url()),
            "region": links(client, "/tips/regions/knee/"),
            "feed": links(client, "/tips/feed/"),
            "related": links(client, neighbour.get_absolute_url()),
        }
    pages = {"page": client.get(address), "old address": client.get(old, follow=True)}
    if not is_tip:
        pages["PDF"] = client.get(address.rstrip("/") + ".pdf")
    return {name: address in found for name, found in lists.items()}, {
        name: answer.status_code for name, answer in pages.items()
    }


@settings(max_examples=40, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(TipKind),
    status=st.sampled_from(TipStatus),
    is_live=st.booleans(),
    begins=ages,
    ends=ends,
    overdue=days_overdue,
)
@example(TipKind.TIP, TipStatus.APPROVED, True, -DAY, None, None)
@example(TipKind.TIP, TipStatus.APPROVED, True, -DAY, -MINUTE / 2, None)
@example(TipKind.TIP, TipStatus.APPROVED, True, -DAY, None, LISTED_AFTER.days)
@example(TipKind.TIP, TipStatus.ARCHIVED, True, -DAY, None, None)
@example(TipKind.TIP, TipStatus.DRAFT, True, -DAY, None, None)
@example(TipKind.GUIDE, TipStatus.APPROVED, True, -DAY, None, None)
@example(TipKind.GUIDE, TipStatus.APPROVED, True, -DAY, -MINUTE / 2, None)
@example(TipKind.GUIDE, TipStatus.APPROVED, True, -DAY, None, LISTED_AFTER.days)
def test_every_place_agrees_with_the_two_rules(client, clinic, editor, kind, status, is_live, begins, ends, overdue):
    with timezone.override(clinic.tzinfo), transaction.atomic():
        now, word = timezone.now(), f"word{next(numbers)}"
        topic = Topic.objects.create(name=word, slug=word)
        neighbour = make_tip(author=editor, topics=[topic])
        tip = make_tip(
            author=editor, kind=kind, topics=[topic], regions=["knee"], text={"title": word}, published_at=now + begins
        )
        facts = {"expire_at": now + ends if ends is not None and ends > begins else None, "status": status}
        facts |= {"next_review": timezone.localdate(now) - overdue * DAY} if overdue is not None else {}
        if not is_live:
            facts |= {"live": None, "status": TipStatus.DRAFT if status == TipStatus.APPROVED else status}
        Tip.objects.filter(pk=tip.pk).update(**facts)
        old = FormerAddress.objects.create(path=f"/2019/{word}/", tip=tip).path

        listed, opened = places(client, tip, word=word, topic=topic, neighbour=neighbour, old=old)
        rules = [
            rule(at=now).filter(pk=tip.pk).exists()
            for rule in (Tip.objects.listed, Tip.objects.published, Tip.objects.gone)
        ]
        transaction.set_rollback(True)

    is_listed, is_published, is_gone = rules
    assert listed == dict.fromkeys(listed, is_listed)
    assert opened == dict.fromkeys(opened, 200 if is_published else 410 if is_gone else 404)
