from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import sleep

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from tests.factories import DAY, NOON, make_person, make_tip
from tips.models import Tip, TipKind, TipRevision, TipStatus, TransitionNotAllowed

pytestmark = pytest.mark.django_db

INSTANT = timedelta(microseconds=1)
ACTS = {
    "publish": lambda tip: tip.publish(at=NOON),
    "archive": lambda tip: tip.archive(),
    "take_up_again": lambda tip: tip.take_up_again(),
}


def make_tip_that_is(status, **fields):
    tip = make_tip(published_at=None if status == TipStatus.DRAFT else NOON - DAY, **fields)
    if status == TipStatus.ARCHIVED:
        tip.archive()
    return tip


def facts(tip):
    return Tip.objects.values("status", "live", "publish_at", "expire_at", "slug").get(pk=tip.pk)


def texts(tip):
    return list(tip.revisions.values_list("number", "title", "body"))


# Published


def test_an_approved_tip_is_published_from_its_first_instant_to_the_one_before_its_last():
    tip = make_tip(published_at=NOON, expire_at=NOON + DAY)
    instants = [NOON - INSTANT, NOON, NOON + DAY - INSTANT, NOON + DAY]

    seen = [list(Tip.objects.published(at=at)) for at in instants]

    assert seen == [[], [tip], [tip], []]


def test_is_live_agrees_with_published():
    tip = make_tip(published_at=NOON, expire_at=NOON + DAY)
    instants = [NOON - INSTANT, NOON, NOON + DAY - INSTANT, NOON + DAY]

    live = [tip.is_live(at=at) for at in instants]

    assert live == [False, True, True, False]


def test_only_approved_tips_in_their_time_are_published():
    live = make_tip()
    make_tip(published_at=None)
    make_tip(published_at=None, publish_at=NOON - DAY)
    make_tip_that_is(TipStatus.ARCHIVED)
    make_tip(publish_at=NOON + DAY)
    make_tip(published_at=NOON - 2 * DAY, expire_at=NOON - DAY)

    published = list(Tip.objects.published(at=NOON))

    assert published == [live]


def test_a_tip_without_a_text_is_never_published():
    tip = Tip(slug="empty", author=make_person("Editor"), publish_at=NOON - DAY)
    tip.save()

    with pytest.raises(TransitionNotAllowed, match="no text"):
        tip.publish(at=NOON)

    assert list(Tip.objects.published(at=NOON)) == []
    assert facts(tip)["status"] == "draft"


def test_tips_and_guides_are_listed_apart():
    tip, guide = make_tip(), make_tip(kind=TipKind.GUIDE)

    apart = (list(Tip.objects.tips()), list(Tip.objects.guides()))

    assert apart == ([tip], [guide])


def test_matching_asks_for_every_word_in_the_live_text():
    both = make_tip(text={"title": "Strong KNEES", "body": "Ride uphill."})
    make_tip(text={"title": "Strong knees", "body": "Walk."})
    waiting = make_tip(text={"title": "Calm", "body": "Rest."})
    waiting.revise(by=waiting.author, at=NOON, title="Knees", summary="Uphill.", body="Uphill.", sources="")

    found = list(Tip.objects.matching("knees uphill"))

    assert found == [both]


# Texts


def test_revise_keeps_each_text_under_its_own_number(editor):
    tip = make_tip(author=editor, text={"title": "First", "body": "One."})

    tip.revise(by=editor, at=NOON, title="Second", summary="S", body="Two.", sources="", call_to_action="")

    assert texts(tip) == [(1, "First", "One."), (2, "Second", "Two.")]
    assert (tip.latest.written_by, tip.latest.written_at) == (editor, NOON)


def test_the_same_text_again_keeps_nothing(editor):
    tip = make_tip(author=editor)
    same = {
        "title": "A stronger back",
        "summary": "Three calm exercises.",
        "body": "Stand tall.",
        "sources": "A study.",
    }

    kept = tip.revise(by=editor, at=NOON, **same)

    assert kept == tip.live
    assert texts(tip) == [(1, "A stronger back", "Stand tall.")]


def test_going_back_to_an_older_text_is_a_new_revision(editor):
    tip = make_tip(author=editor, text={"title": "First"})
    tip.revise(by=editor, at=NOON, title="Second", summary="S", body="B", sources="")

    tip.revise(by=editor, at=NOON, title="First", summary="S", body="B", sources="")

    assert [title for _, title, _ in texts(tip)] == ["First", "Second", "First"]


def test_the_live_text_stays_while_a_new_one_waits(editor):
    tip = make_tip(author=editor, text={"title": "Live"})

    tip.revise(by=editor, at=NOON, title="Waiting", summary="S", body="B", sources="")

    tip.refresh_from_db()
    assert (tip.live.title, tip.latest.title, str(tip)) == ("Live", "Waiting", "Live")


def test_the_database_refuses_to_change_a_text():
    tip = make_tip()

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        tip.revisions.update(body="Something else")

    assert texts(tip) == [(1, "A stronger back", "Stand tall.")]


def test_the_database_refuses_to_remove_a_text():
    tip = make_tip(published_at=None)

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        tip.revisions.all().delete()

    assert texts(tip) == [(1, "A stronger back", "Stand tall.")]


def test_a_tip_with_a_text_cannot_be_deleted():
    tip = make_tip(published_at=None)

    with pytest.raises(ProtectedError):
        tip.delete()

    assert list(Tip.objects.all()) == [tip]


def test_a_draft_is_called_by_its_newest_title(editor):
    tip = make_tip(author=editor, published_at=None, text={"title": "First"})
    tip.revise(by=editor, at=NOON, title="Second", summary="S", body="B", sources="")

    name = str(Tip.objects.get(pk=tip.pk))

    assert name == "Second"


def test_a_tip_without_a_text_is_called_by_its_address(editor):
    tip = Tip(slug="not-yet-written", author=editor)

    name = str(tip)

    assert name == "not-yet-written"


@pytest.mark.parametrize(("words", "minutes"), [(1, 1), (220, 1), (221, 2), (1100, 5)])
def test_reading_takes_a_minute_for_each_220_words(words, minutes):
    text = TipRevision(body="word " * words)

    reading = text.reading_minutes

    assert reading == minutes


def test_sources_are_one_a_line_and_blank_lines_are_none():
    text = TipRevision(sources="First, *Journal*.\n\n  \nSecond.\n")

    sources = text.source_list

    assert sources == ["<p>First, <em>Journal</em>.</p>\n", "<p>Second.</p>\n"]


# Moves


def test_publish_makes_the_newest_text_live_from_that_instant():
    tip = make_tip(published_at=None)

    tip.publish(at=NOON)

    assert facts(tip) == facts(tip) | {"status": "approved", "live": tip.latest.pk, "publish_at": NOON}
    assert (tip.status, tip.live, tip.publish_at) == (TipStatus.APPROVED, tip.latest, NOON)


def test_publish_keeps_a_date_that_was_set_before():
    tip = make_tip(published_at=None, publish_at=NOON + DAY)

    tip.publish(at=NOON)

    assert facts(tip)["publish_at"] == NOON + DAY
    assert not tip.is_live(at=NOON)


def test_publish_again_makes_the_waiting_text_live(editor):
    tip = make_tip(author=editor)
    second = tip.revise(by=editor, at=NOON, title="Second", summary="S", body="B", sources="")

    tip.publish(at=NOON)

    assert facts(tip) == facts(tip) | {"live": second.pk, "publish_at": NOON - DAY, "status": "approved"}


def test_archive_takes_the_page_from_readers_and_keeps_its_text():
    tip = make_tip()
    before = facts(tip)

    tip.archive()

    assert facts(tip) == before | {"status": "archived"}
    assert not tip.is_live(at=NOON)


def test_taken_up_again_it_is_a_draft_that_readers_do_not_see():
    tip = make_tip_that_is(TipStatus.ARCHIVED)
    before = facts(tip)

    tip.take_up_again()

    assert facts(tip) == before | {"status": "draft"}
    assert not tip.is_live(at=NOON)


@pytest.mark.parametrize(
    ("status", "act"),
    [
        (TipStatus.ARCHIVED, "publish"),
        (TipStatus.ARCHIVED, "archive"),
        (TipStatus.DRAFT, "take_up_again"),
        (TipStatus.APPROVED, "take_up_again"),
    ],
)
def test_any_other_move_is_refused_and_changes_nothing(status, act):
    tip = make_tip_that_is(status)
    before = facts(tip)

    with pytest.raises(TransitionNotAllowed, match=f"that is {status} cannot become"):
        ACTS[act](tip)

    assert (facts(tip), tip.status) == (before, status)


@pytest.mark.parametrize("late", [timedelta(0), DAY])
def test_publishing_what_has_already_expired_is_refused(late):
    tip = make_tip(published_at=None, expire_at=NOON)
    before = facts(tip)

    with pytest.raises(TransitionNotAllowed, match="expire before it is published"):
        tip.publish(at=NOON + late)

    assert facts(tip) == before


@pytest.mark.parametrize(
    ("status", "first", "second"),
    [
        (TipStatus.DRAFT, "publish", "publish"),
        (TipStatus.DRAFT, "publish", "archive"),
        (TipStatus.DRAFT, "archive", "publish"),
        (TipStatus.APPROVED, "archive", "archive"),
        (TipStatus.APPROVED, "archive", "publish"),
        (TipStatus.ARCHIVED, "take_up_again", "take_up_again"),
    ],
)
def test_of_two_people_at_once_the_second_is_refused(status, first, second):
    tip = make_tip_that_is(status)
    one, other = Tip.objects.get(pk=tip.pk), Tip.objects.get(pk=tip.pk)
    ACTS[first](one)
    after_the_first = facts(tip)

    with pytest.raises(TransitionNotAllowed, match="Somebody else has just changed this page"):
        ACTS[second](other)

    assert facts(tip) == after_the_first


def test_archiving_a_text_that_was_replaced_meanwhile_is_refused(editor):
    tip = make_tip(author=editor)
    other = Tip.objects.get(pk=tip.pk)
    tip.revise(by=editor, at=NOON, title="Second", summary="S", body="B", sources="")
    tip.publish(at=NOON)

    with pytest.raises(TransitionNotAllowed, match="Somebody else"):
        other.archive()

    assert facts(tip)["status"] == "approved"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_texts_kept_at_once_neither_is_lost():
    tip = make_tip(published_at=None, text={"title": "First"})

    def keep_a_third():
        try:
            tip.revise(by=tip.author, at=NOON, title="Third", summary="S", body="B", sources="")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            tip.revise(by=tip.author, at=NOON, title="Second", summary="S", body="B", sources="")
            kept = other.submit(keep_a_third)
            sleep(0.4)
        kept.result()

    assert [title for _, title, _ in texts(tip)] == ["First", "Second", "Third"]
