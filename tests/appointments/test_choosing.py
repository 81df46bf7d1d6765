"""The patient chooses a time that was offered, wants others, gives one up, or comes back."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from appointments import emails
from appointments.models import HeldQuarter, OfferedTime, kept_until
from appointments.views.pages import TOO_MANY_CORRECTIONS
from appointments.views.status import WISHES
from clinic import mail
from clinic.models import OutgoingMail
from clinic.wording import spoken
from tests.factories import DAY, HOUR, SAID, make_consultation

from .agreeing import choices, events, make_proposed, own
from .desk import address
from .pages import Page
from .stages import S, bring_to, everything, queued

pytestmark = pytest.mark.django_db

MOVED_ON = "Your request has moved on in the meantime, so nothing was changed. If you need us, please call."


# The patient chooses


def test_the_patient_sees_the_times_and_until_when_they_are_kept(clinic, client, signed_in, therapist):
    consultation = make_proposed(signed_in, therapist)

    page = Page(client.get(own(consultation)))

    times = [spoken(time.starts_at, clinic.tzinfo) for time in consultation.times.all()]
    assert [text for text in page.texts("label") if text in times] == times
    assert page.texts("h1") == ["Choose a time"]
    # Not that they are kept until then: one that begins before is gone with its beginning.
    until = spoken(kept_until(consultation.times.all()), clinic.tzinfo)
    words = f"Choose by {until}. A time that has begun can no longer be chosen."
    assert page.texts("p", class_="hint") == [words]


def test_how_one_meets_is_said_before_the_times(clinic, client, signed_in, therapist):
    consultation = make_proposed(signed_in, therapist)
    emails.choose_a_time(consultation, at=timezone.now())

    page = Page(client.get(own(consultation)))
    body = mail.render(OutgoingMail.objects.get()).body.splitlines()

    texts = [tag.text for tag in page.tags if tag.name in {"p", "label"}]
    times = [spoken(time.starts_at, clinic.tzinfo) for time in consultation.times.all()]
    assert texts.index("At the clinic") < texts.index(times[0])
    assert "At the clinic" in body


def test_the_patient_books_one_and_the_others_are_free_again(clinic, client, signed_in, therapist):
    consultation = make_proposed(signed_in, therapist)
    page = Page(client.get(own(consultation)))

    answer = client.post(own(consultation, "status_choose"), page.fields | {"time": choices(page)[1]}, follow=True)

    consultation.refresh_from_db()
    booked = consultation.times.booked().get()
    assert (consultation.status, str(booked.pk)) == (S.BOOKED, choices(page)[1])
    assert Page(answer).texts("p", role="status") == ["Booked."]
    assert spoken(booked.starts_at, clinic.tzinfo) in Page(answer).texts("p", class_="lead")[0]
    assert HeldQuarter.objects.count() == 2
    assert queued() == [("booked", SAID["email"]), ("staff_update", therapist.email)]


@pytest.mark.parametrize("typed", [{}, {"time": "999999"}, {"time": "x"}, {"time": "9" * 30}])
def test_no_choice_and_one_that_was_not_offered_are_told_beside_the_field(clinic, client, signed_in, therapist, typed):
    consultation = make_proposed(signed_in, therapist)
    before = everything()

    page = Page(client.post(own(consultation, "status_choose"), typed))

    assert page.title.startswith("Error: ")
    assert len(page.errors) == len(page.summary) == 1
    assert len(choices(page)) == 3
    assert everything() == before


def test_a_time_of_somebody_else_cannot_be_chosen(clinic, client, signed_in, therapist):
    consultation, other = make_proposed(signed_in, therapist), make_proposed(signed_in, therapist)

    client.post(own(consultation, "status_choose"), {"time": other.times.first().pk})

    assert OfferedTime.objects.booked().count() == 0


def test_a_second_choice_is_told_that_the_request_has_moved_on(clinic, client, signed_in, therapist):
    consultation = make_proposed(signed_in, therapist)
    page = Page(client.get(own(consultation)))
    client.post(own(consultation, "status_choose"), {"time": choices(page)[0]}, follow=True)
    before = everything()

    answer = client.post(own(consultation, "status_choose"), {"time": choices(page)[1]})

    assert (answer.status_code, Page(answer).notes) == (409, [MOVED_ON])
    assert everything() == before


def test_a_second_tap_on_the_same_time_is_no_mistake(clinic, client, signed_in, therapist):
    consultation = make_proposed(signed_in, therapist)
    page = Page(client.get(own(consultation)))
    client.post(own(consultation, "status_choose"), {"time": choices(page)[0]}, follow=True)
    before = everything()

    again = client.post(own(consultation, "status_choose"), {"time": choices(page)[0]}, follow=True)

    assert (again.redirect_chain, Page(again).notes) == ([(own(consultation), 302)], [])
    assert everything() == before


def test_a_hold_that_has_run_out_is_not_offered_any_more(clinic, client, signed_in, therapist):
    consultation = make_proposed(signed_in, therapist)
    time = consultation.times.first()
    OfferedTime.objects.update(held_until=timezone.now() - HOUR)

    page = Page(client.get(own(consultation)))
    answer = Page(client.post(own(consultation, "status_choose"), {"time": time.pk}))

    assert choices(page) == []
    assert answer.notes == [MOVED_ON]
    assert OfferedTime.objects.booked().count() == 0


def test_a_choice_with_an_expired_token_is_shown_again_and_goes_on_with_one_press(clinic, signed_in, therapist):
    consultation = make_proposed(signed_in, therapist)
    browser = Client(enforce_csrf_checks=True)
    time = str(consultation.times.last().pk)

    refused = browser.post(own(consultation, "status_choose"), {"time": time})
    browser.post(own(consultation, "status_choose"), Page(refused).fields)

    assert refused.status_code == 403
    assert str(OfferedTime.objects.booked().get().pk) == time


# Other times


def test_none_of_these_brings_new_wishes_and_frees_the_times(clinic, client, signed_in, therapist):
    consultation = make_proposed(signed_in, therapist)
    asked = Page(client.get(own(consultation, "status_none")))

    client.post(own(consultation, "status_none"), asked.fields | {"windows": ["fri-eve"]})

    consultation.refresh_from_db()
    assert (consultation.status, HeldQuarter.objects.count()) == (S.IN_REVIEW, 0)
    assert (consultation.statement.windows, consultation.statement.any_time) == (["fri-eve"], False)
    assert "When you send this, we give these times up" in asked.texts("p")[0]
    assert [tag.attrs["name"] for tag in asked.all("input", type="checkbox")][:2] == ["any_time", "windows"]
    assert queued() == [("staff_update", therapist.email)]


def test_none_of_these_without_a_wish_is_asked_again(clinic, client, signed_in, therapist):
    consultation = make_proposed(signed_in, therapist)
    before = everything()

    page = Page(client.post(own(consultation, "status_none"), {}))

    assert page.errors == {"id_windows_error": "Choose at least one time, or “Any time suits me”."}
    assert everything() == before


# The page for whoever cannot come takes them too, where the time was given up meanwhile.
@pytest.mark.parametrize("page", ["status_none", "status_cannot_come"])
def test_wishes_that_stand_already_are_no_news(clinic, client, therapist, page):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    before = everything()

    answers = [client.post(own(consultation, page), {"windows": SAID["windows"]}) for _ in range(30)]

    assert {answer.status_code for answer in answers} == {302}
    assert everything() == before


@pytest.mark.parametrize("page", ["status_none", "status_cannot_come"])
def test_a_therapist_hears_of_other_wishes_five_times_a_day(clinic, client, therapist, page):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    OutgoingMail.objects.all().delete()

    windows = ["mon-am", "tue-am", "wed-am", "thu-am", "fri-am", "mon-pm", "tue-pm"]
    answers = [client.post(own(consultation, page), {"windows": [window]}) for window in windows]

    assert [answer.status_code for answer in answers] == [302] * 5 + [429] * 2
    assert Page(answers[-1]).notes == [TOO_MANY_CORRECTIONS]
    assert events() == ["staff_update"] * 5


def test_what_is_offered_may_be_turned_down_by_whoever_has_changed_their_wishes_often(
    clinic, client, signed_in, therapist
):
    consultation = make_proposed(signed_in, therapist)
    for _ in range(5):
        WISHES.take(consultation.reference, at=timezone.now())

    client.post(own(consultation, "status_none"), {"windows": ["fri-eve"]})

    consultation.refresh_from_db()
    assert consultation.status == S.IN_REVIEW


def test_a_patient_who_cannot_come_gives_the_time_up_and_says_when_else(clinic, client, signed_in, therapist):
    consultation = make_proposed(signed_in, therapist)
    client.post(own(consultation, "status_choose"), {"time": consultation.times.first().pk})
    OutgoingMail.objects.all().delete()

    client.post(own(consultation, "status_cannot_come"), {"any_time": "on"})

    consultation.refresh_from_db()
    assert (consultation.status, consultation.times.standing().count()) == (S.IN_REVIEW, 0)
    assert consultation.statement.any_time
    assert events() == ["staff_update", "time_changed"]


@pytest.mark.parametrize(
    ("status", "days", "works"), [("lapsed", 29, True), ("lapsed", 31, False), ("no_show", 2, True)]
)
def test_a_patient_comes_back_for_thirty_days(clinic, client, therapist, status, days, works):
    consultation = make_consultation(status=status, assigned_to=therapist, closed_at=timezone.now() - days * DAY)
    page = Page(client.get(own(consultation)))

    client.post(own(consultation, "status_back"))

    consultation.refresh_from_db()
    assert (own(consultation, "status_back") in [a.attrs.get("href") for a in page.all("a")]) == works
    assert consultation.status == (S.IN_REVIEW if works else status)
    assert events() == ["staff_update"] * works


@pytest.mark.parametrize(("days", "ways"), [(29, ["status_back"]), (31, ["consultation:start"])])
def test_one_way_on_is_offered_and_not_two(clinic, client, therapist, days, ways):
    consultation = make_consultation(status="lapsed", assigned_to=therapist, closed_at=timezone.now() - days * DAY)
    addresses = {"status_back": own(consultation, "status_back"), "consultation:start": reverse("consultation:start")}

    page = Page(client.get(own(consultation)))

    offered = [tag.attrs["href"] for tag in page.all("a") if "main" in {each.name for each in tag.inside}]
    assert [way for way, path in addresses.items() if path in offered] == ways


def test_a_lapse_of_a_request_that_nobody_had_is_taken_up_by_staff_only(clinic, signed_in, therapist):
    consultation = make_consultation(status="lapsed", assigned_to=therapist, closed_at=timezone.now() - 60 * DAY)

    signed_in(therapist).post(address(consultation, "again"))

    consultation.refresh_from_db()
    assert consultation.status == S.IN_REVIEW
