from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import sleep

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from tests.factories import DAY, NOON, make_tip
from tips.models import Tip, TipKind, TipRevision, TipStatus

pytestmark = pytest.mark.django_db

INSTANT = timedelta(microseconds=1)


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


def test_a_live_text_in_its_time_is_published_wherever_the_newest_one_stands():
    live = [make_tip(status=status) for status in TipStatus if status != TipStatus.ARCHIVED]
    make_tip(published_at=None)
    make_tip(published_at=None, publish_at=NOON - DAY)
    make_tip(status=TipStatus.ARCHIVED)
    make_tip(published_at=NOON + DAY)
    make_tip(published_at=NOON - 2 * DAY, expire_at=NOON - DAY)

    published = list(Tip.objects.published(at=NOON).order_by("pk"))

    assert published == live


def test_lists_leave_out_what_nobody_has_reviewed_for_ninety_days():
    today = NOON.date()
    dates = [None, today + DAY, today, today - 89 * DAY, today - 90 * DAY]
    tips = [make_tip(next_review=day) for day in dates]

    listed = list(Tip.objects.listed(at=NOON).order_by("pk"))

    assert listed == tips[:-1]
    assert Tip.objects.published(at=NOON).count() == len(tips)


def test_what_readers_could_open_once_is_gone_when_it_was_taken_down_or_has_expired():
    archived = make_tip(status=TipStatus.ARCHIVED)
    expired = make_tip(published_at=NOON - 2 * DAY, expire_at=NOON)
    make_tip()
    make_tip(published_at=None, status=TipStatus.ARCHIVED)

    gone = list(Tip.objects.gone(at=NOON).order_by("pk"))

    assert gone == [archived, expired]


def test_tips_and_guides_are_listed_apart():
    tip, guide = make_tip(), make_tip(kind=TipKind.GUIDE)

    apart = (list(Tip.objects.tips()), list(Tip.objects.guides()))

    assert apart == ([tip], [guide])


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


def test_nothing_that_nobody_sees_is_kept(editor):
    tip = make_tip(published_at=None)

    kept = tip.revise(
        by=editor, at=NOON, **tip.latest.text | {"title": "A\u2028b\xadc", "body": "10\xa0kg\u2028on\u200be"}
    )

    assert (kept.title, kept.body) == ("A bc", "10 kg\none")


def test_a_text_from_before_that_was_kept_with_it_is_the_same_text_again(editor):
    tip = make_tip()
    old = tip.revisions.create(number=2, written_by=editor, written_at=NOON, **tip.latest.text | {"body": "10\xa0kg"})
    Tip.objects.filter(pk=tip.pk).update(live=old)
    tip.refresh_from_db()

    same = tip.revise(by=editor, at=NOON, **old.text)
    tip.revise(by=editor, at=NOON, **old.text | {"body": "Newer."})
    tip.discard(by=editor, at=NOON)

    assert (same, tip.status, tip.live) == (old, TipStatus.APPROVED, tip.latest)


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
