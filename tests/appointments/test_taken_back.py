"""What was pressed by mistake at the desk is taken back: how a visit went, and that a request was declined."""

import pytest
from django.utils import timezone

from appointments.models import TransitionNotAllowed
from appointments.models.weeks import WEEK, monday_of
from appointments.weekly import counted_in
from clinic import mail
from clinic.models import OutgoingMail
from clinic.wording import spoken
from tests.factories import DAY, HOUR, NOON, SAID, make_consultation

from .agreeing import own
from .desk import address, offered
from .pages import Page
from .stages import AFTER, HALF_AN_HOUR, WHY, S, bring_to, everything, make_arrived, make_visit, queued

pytestmark = pytest.mark.django_db

WORDS = "Declined with the words: We have no free place in reasonable time. Please call us, and we will look for a way together."


def make_met(therapist, said):
    """A visit of yesterday, of which somebody has just said how it went."""
    now = timezone.now()
    start = (now - DAY).replace(minute=0, second=0, microsecond=0)
    consultation = make_visit(therapist, start, at=now - 2 * DAY)
    getattr(consultation, said)(by=therapist, at=now)
    OutgoingMail.objects.all().delete()
    return consultation


# How a visit went


@pytest.mark.parametrize(
    ("said", "act", "then", "mailed"),
    [
        ("complete", "did_not_come", S.NO_SHOW, [("missed", SAID["email"])]),
        ("mark_missed", "came", S.COMPLETED, []),
    ],
)
def test_the_wrong_one_of_two_buttons_is_taken_back(clinic, signed_in, therapist, said, act, then, mailed):
    consultation = make_met(therapist, said)
    browser = signed_in(therapist)
    is_offered = act in offered(Page(browser.get(address(consultation))))

    browser.post(address(consultation, act))

    consultation.refresh_from_db()
    assert (is_offered, consultation.status) == (True, then)
    assert consultation.times.booked().count() == 1
    assert queued() == mailed


@pytest.mark.parametrize(("said", "other"), [("complete", "mark_missed"), ("mark_missed", "complete")])
def test_after_a_week_it_stands(clinic, therapist, said, other):
    consultation = bring_to(S.BOOKED, by=therapist)
    getattr(consultation, said)(by=therapist, at=AFTER)
    before = everything()

    with pytest.raises(TransitionNotAllowed, match="more than a week ago"):
        getattr(consultation, other)(by=therapist, at=AFTER + 8 * DAY)

    assert everything() == before


# What was declined


def test_what_was_declined_says_with_which_words_and_is_taken_up_after_all(clinic, client, signed_in, therapist):
    consultation = bring_to(S.DECLINED, by=therapist)
    browser = signed_in(therapist)
    page = Page(browser.get(address(consultation)))

    browser.post(address(consultation, "reconsider"))

    consultation.refresh_from_db()
    assert (WORDS in page.texts("p", class_="standing"), "reconsider" in offered(page)) == (True, True)
    assert (consultation.status, consultation.assigned_to) == (S.IN_REVIEW, therapist)
    assert queued() == [("taken_up_again", SAID["email"])]
    assert spoken(consultation.answer_by, clinic.tzinfo) in mail.render(OutgoingMail.objects.get()).body
    assert "A physical therapist is looking at it." in Page(client.get(own(consultation))).texts("p", class_="lead")[0]


def test_what_was_new_when_it_was_declined_is_whoevers_takes_it_up(clinic, therapist, colleague):
    consultation = make_arrived()
    consultation.decline(**WHY, by=therapist, at=NOON)

    consultation.reconsider(by=colleague, at=NOON)

    consultation.refresh_from_db()
    assert (consultation.status, consultation.assigned_to) == (S.IN_REVIEW, colleague)


def test_an_offer_that_ran_out_before_we_declined_does_not_count_afterwards(clinic, therapist):
    consultation = bring_to(S.PROPOSED, by=therapist)
    consultation.let_go(at=NOON)
    consultation.decline(**WHY, by=therapist, at=NOON)

    consultation.reconsider(by=therapist, at=NOON)

    assert not consultation.has_let_an_offer_expire


def test_the_patient_does_not_take_up_what_we_declined(clinic, client, therapist):
    consultation = make_consultation(status=S.DECLINED, at=timezone.now(), assigned_to=therapist)
    before = everything()

    answer = client.post(own(consultation, "status_back"))

    assert (answer.status_code, everything()) == (409, before)


def test_whoever_came_is_not_told_that_they_were_missed(clinic, therapist):
    consultation = bring_to(S.BOOKED, by=therapist)
    consultation.mark_missed(by=therapist, at=AFTER)
    was_queued = "missed" in dict(queued())

    consultation.complete(by=therapist, at=AFTER)

    assert (was_queued, "missed" in dict(queued())) == (True, False)


def test_a_decline_that_was_taken_back_stands_in_no_number_asks_nobody_and_is_not_on_top(
    clinic, signed_in, therapist, colleague
):
    now = timezone.now()
    consultation = make_arrived(at=now, urgency="urgent")
    consultation.claim(by=therapist, at=now)
    for _twice in range(2):
        consultation.decline(**WHY, by=therapist, at=now)
        consultation.reconsider(by=therapist, at=now)

    page = Page(signed_in(colleague).get(address(consultation)))

    assert "look_again" not in offered(page)
    assert [words for words in page.texts("p", class_="standing") if "Declined with" in words] == []
    week = monday_of(timezone.localdate(now, clinic.tzinfo))
    assert counted_in(week, clinic.tzinfo)["ended"] == {}


def test_a_time_that_is_offered_once_more_is_not_called_canceled(clinic, client, therapist):
    now = timezone.now()
    start = (now + 2 * DAY).replace(minute=0, second=0, microsecond=0)
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    consultation.book(start, **HALF_AN_HOUR, by=therapist, at=now)
    consultation.reschedule(reason="They called.", by=therapist, at=now)
    before = client.get(own(consultation)).content.decode()
    consultation.propose([start], **HALF_AN_HOUR, by=therapist, at=now)

    after = client.get(own(consultation)).content.decode()

    assert ("is canceled" in before, "is canceled" in after) == (True, False)


def test_whoever_came_is_counted_once_though_it_was_said_otherwise_for_a_while(clinic, therapist):
    consultation = bring_to(S.BOOKED, by=therapist)
    consultation.complete(by=therapist, at=AFTER)
    consultation.mark_missed(by=therapist, at=AFTER + 6 * DAY)
    consultation.complete(by=therapist, at=AFTER + 6 * DAY + HOUR)

    monday = monday_of(AFTER.date())
    weeks = [counted_in(week, clinic.tzinfo) for week in (monday, monday + WEEK)]

    assert [(week["attended"], week["ended"]) for week in weeks] == [({"": 1}, {}), ({"": 0}, {})]
