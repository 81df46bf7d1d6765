"""What the database itself refuses, each by its name."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from tests.factories import DAY, NOON, make_tip
from tips.models import Tip, TipKind, TipRegion, Topic

pytestmark = pytest.mark.django_db


def refused(constraint):
    return pytest.raises(IntegrityError, match=constraint)


def test_two_pages_of_one_kind_cannot_share_an_address():
    tip, other = make_tip(), make_tip()

    # SQLite names the columns of a broken unique constraint, not the constraint.
    with refused("tip_has_an_address_of_its_own|tips_tip.kind, tips_tip.slug"), transaction.atomic():
        Tip.objects.filter(pk=other.pk).update(slug=tip.slug)

    assert Tip.objects.filter(slug=tip.slug).count() == 1


def test_a_tip_and_a_guide_may_share_an_address():
    tip = make_tip()

    guide = make_tip(kind=TipKind.GUIDE, slug=tip.slug)

    assert (tip.get_absolute_url(), guide.get_absolute_url()) == (f"/tips/{tip.slug}/", f"/guides/{tip.slug}/")


@pytest.mark.parametrize(
    ("missing", "name"), [("live", "approved_tip_has_a_live_text"), ("publish_at", "live_text_has_a_date")]
)
def test_an_approved_tip_has_a_live_text_and_a_date(missing, name):
    tip = make_tip()

    with refused(name), transaction.atomic():
        Tip.objects.filter(pk=tip.pk).update(**{missing: None})

    assert tip.is_live(at=NOON)


@pytest.mark.parametrize("early", [timedelta(0), DAY])
def test_a_tip_expires_after_it_is_published(early):
    tip = make_tip(published_at=NOON)

    with refused("tip_expires_after_it_is_published"), transaction.atomic():
        Tip.objects.filter(pk=tip.pk).update(expire_at=NOON - early)

    assert Tip.objects.get(pk=tip.pk).expire_at is None


@pytest.mark.parametrize("again", [date(2026, 3, 1), date(2026, 3, 2)])
def test_a_tip_is_reviewed_again_after_its_last_review(again):
    tip = make_tip(last_reviewed=date(2026, 3, 2))

    with refused("tip_is_reviewed_again_after_its_last_review"), transaction.atomic():
        Tip.objects.filter(pk=tip.pk).update(next_review=again)

    assert Tip.objects.get(pk=tip.pk).next_review is None


def test_two_texts_of_one_tip_cannot_have_the_same_number():
    tip = make_tip()

    with refused("revision_is_numbered_within_its_tip|tip_id, tips_tiprevision.number"), transaction.atomic():
        tip.revisions.create(number=1, title="T", summary="S", body="B", written_by=tip.author, written_at=NOON)

    assert [text.title for text in tip.revisions.all()] == ["A stronger back"]


def test_two_topics_cannot_share_an_address():
    Topic.objects.create(name="Knees", slug="knees")

    with pytest.raises(IntegrityError, match="slug"), transaction.atomic():
        Topic.objects.create(name="Sore knees", slug="knees")

    assert [str(topic) for topic in Topic.objects.all()] == ["Knees"]


@pytest.mark.parametrize("missing", ["clinical_reviewer", "last_reviewed", "next_review"])
def test_an_independent_review_names_who_and_when(missing):
    tip = make_tip(independently_reviewed=True)

    with refused("independent_review_names_who_and_when"), transaction.atomic():
        Tip.objects.filter(pk=tip.pk).update(**{missing: None})

    assert tip.independently_reviewed


def test_a_picture_is_described_or_decorative():
    tip = make_tip()
    text = {"title": "A", "summary": "B", "body": "C", "hero": "3f2a9c1be4d0-1600x900"}

    with refused("picture_is_described_or_decorative"), transaction.atomic():
        tip.revise(by=tip.author, at=NOON, **text)

    assert tip.revisions.count() == 1


def test_two_topics_differ_in_more_than_capitals():
    Topic.objects.create(name="Knees", slug="knees")

    with refused("topic_has_a_name_of_its_own"), transaction.atomic():
        Topic.objects.create(name="kNEES", slug="knees-again")

    assert [topic.name for topic in Topic.objects.all()] == ["Knees"]


def test_a_tip_is_for_a_region_once():
    tip = make_tip(regions=["knee"])

    with refused("tip_is_for_a_region_once|tips_tipregion.tip_id, tips_tipregion.region"), transaction.atomic():
        TipRegion.objects.create(tip=tip, region="knee")

    assert [row.region for row in tip.regions.all()] == ["knee"]
