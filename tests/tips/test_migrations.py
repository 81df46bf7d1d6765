"""What becomes of the rows of an older version."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from clinic.models import DayCount
from tests.factories import DAY, NOON, make_person, make_tip
from tips.models import Tip, TipKind, TipStatus, Topic

pytestmark = pytest.mark.django_db

S = TipStatus
NEWEST = "0012_topic_has_a_name_of_its_own"
WORDS = {"title": "Waiting", "summary": "S", "body": "B", "sources": "A study."}


def place():
    import_module("tips.migrations.0003_standing_of_what_there_is").place(apps, None)
    return list(Tip.objects.order_by("pk").values_list("status", "independently_reviewed"))


def test_who_was_named_as_the_reviewer_has_reviewed():
    whole = {"clinical_reviewer": make_person(), "last_reviewed": NOON.date(), "next_review": NOON.date() + DAY}
    make_tip(**whole)
    for missing in whole:
        make_tip(**whole | {missing: None})

    placed = place()

    assert placed == [(S.APPROVED, True)] + [(S.APPROVED, False)] * 3


def test_a_text_newer_than_the_live_one_is_a_draft_and_what_is_live_stays():
    tip = make_tip()
    tip.revise(by=tip.author, at=NOON, **WORDS)
    Tip.objects.filter(pk=tip.pk).update(status=S.APPROVED)
    make_tip(published_at=None)
    make_tip(status=S.ARCHIVED)

    placed = place()

    assert placed == [(S.DRAFT, False), (S.DRAFT, False), (S.ARCHIVED, False)]
    assert Tip.objects.get(pk=tip.pk).live.number == 1


def test_placing_twice_changes_nothing():
    tip = make_tip()
    tip.revise(by=tip.author, at=NOON, **WORDS)

    assert place() == place()


def migrate_to(name):
    executor = MigrationExecutor(connection)
    executor.migrate([("tips", name)])
    return executor.loader.project_state([("tips", name)]).apps


@pytest.fixture
def before_downloads_were_looks(transactional_db):
    yield migrate_to("0008_search_rows_apart")
    migrate_to(NEWEST)


@pytest.fixture
def before_topics_differed(transactional_db):
    yield migrate_to("0010_no_table_of_downloads")
    migrate_to(NEWEST)


@pytest.mark.django_db(transaction=True)
def test_what_was_fetched_before_is_counted_on_and_may_go_back(before_downloads_were_looks):
    guide, day = make_tip(kind=TipKind.GUIDE), NOON.date()
    before_downloads_were_looks.get_model("tips", "GuideDownload").objects.create(tip_id=guide.pk, day=day, count=3)

    migrate_to("0010_no_table_of_downloads")
    DayCount.objects.add({(day, "guide_pdf", str(guide.pk)): 2})
    looks = list(DayCount.objects.values_list("day", "kind", "key", "count"))
    older = migrate_to("0008_search_rows_apart")

    back = older.get_model("tips", "GuideDownload").objects.values_list("tip", "day", "count")
    assert (looks, list(back)) == ([(day, "guide_pdf", str(guide.pk), 5)], [(guide.pk, day, 5)])
    assert DayCount.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_of_topics_that_differ_in_capitals_alone_each_is_kept_under_a_name_of_its_own(before_topics_differed):
    older = before_topics_differed.get_model("tips", "Topic")
    for name in ("Knees", "knees", "Knees (2)", "KNEES", "k" * 60, "K" * 60):
        older.objects.create(name=name, slug=f"topic-{older.objects.count()}")

    migrate_to(NEWEST)

    names = list(Topic.objects.order_by("pk").values_list("name", flat=True))
    assert names == ["Knees", "knees (3)", "Knees (2)", "KNEES (4)", "k" * 60, "K" * 54 + " (2)"]
