"""How a time is agreed: offered by a therapist, chosen by the patient, or settled on the phone."""

import re
from datetime import time, timedelta

import pytest
from django.utils import timezone

from appointments.models import ConsultationRequest, HeldQuarter, OfferedTime, TimeOff, WorkingHours
from clinic.models import ClinicSettings, OutgoingMail
from tests.factories import DAY, SAID, make_clinic, make_consultation, make_person

from .agreeing import agreed, choices, events, free, make_new, make_proposed, propose
from .desk import address, notices, offered
from .pages import Page
from .stages import S, everything, move_visit, queued

pytestmark = pytest.mark.django_db

TAKEN = "That time has just been taken. Choose another."
MOVED_ON = "Your request has moved on in the meantime, so nothing was changed. If you need us, please call."


# Offering


def test_a_new_request_is_claimed_and_offered_times_with_one_press(clinic, signed_in, therapist):
    consultation = make_new()

    answer = propose(signed_in(therapist), consultation, count=3)

    consultation.refresh_from_db()
    assert answer.status_code == 302
    assert (consultation.status, consultation.assigned_to) == (S.PROPOSED, therapist)
    assert list(consultation.history.values_list("to_status", flat=True)) == [S.NEW, S.IN_REVIEW, S.PROPOSED]
    assert (consultation.times.count(), HeldQuarter.objects.count()) == (3, 6)
    assert queued() == [("choose_a_time", SAID["email"])]


def test_times_that_suit_the_patient_come_first_and_the_others_are_at_hand(clinic, signed_in, therapist):
    consultation = make_new(said={"windows": ["wed-pm"], "any_time": False})

    page = Page(signed_in(therapist).get(address(consultation)))

    suiting = [
        tag
        for tag in page.within("input", "times")
        if not any(t.name == "details" and "others" in t.attrs.get("class", "") for t in tag.inside)
    ]
    days = [timezone.datetime.fromisoformat(tag.attrs["value"]).astimezone(clinic.tzinfo) for tag in suiting]
    assert {(day.strftime("%a"), 12 <= day.hour < 17) for day in days} == {("Wed", True)}
    assert len(free(page)) > len(suiting) > 0
    assert f"More free times with {therapist}" in page.texts("summary")


@pytest.mark.parametrize("any_time", [False, True])
def test_where_nothing_suits_it_is_said_and_other_times_are_shown(clinic, signed_in, therapist, any_time):
    consultation = make_new(said={"windows": ["sun-am"], "any_time": any_time})

    page = Page(signed_in(therapist).get(address(consultation)))

    says_so = "Nothing is free in the times that the patient named." in page.texts("p", class_="help")
    assert says_so is not any_time
    assert len(free(page)) > 0


@pytest.mark.parametrize("windows", [[], ["wed-pm"]])
def test_times_that_did_not_suit_stand_behind_those_that_may(clinic, signed_in, therapist, windows):
    consultation = make_proposed(signed_in, therapist, said={"windows": windows, "any_time": not windows})
    refused = {each.starts_at.isoformat() for each in consultation.times.all()}
    consultation.none_of_these(windows=windows, any_time=not windows, at=timezone.now())

    times = free(Page(signed_in(therapist).get(address(consultation))))

    assert refused <= set(times)
    assert refused.isdisjoint(times[:3])


def test_where_all_that_suits_was_offered_before_nothing_else_is(clinic, signed_in, therapist):
    WorkingHours.objects.create(therapist=therapist, weekday=2, starts=time(14), ends=time(14, 30))
    consultation, browser = make_new(), signed_in(therapist)
    propose(browser, consultation)
    consultation.refresh_from_db()
    consultation.take_back_offer(by=therapist, at=timezone.now())

    page = Page(browser.get(address(consultation)))

    assert page.texts("p", class_="help")[0] == "Nothing else is free in the times that the patient named."


def test_a_clinic_that_is_never_open_has_nothing_to_offer_and_says_so(signed_in):
    make_clinic(weekdays=[])
    therapist = make_person("Therapist")
    consultation = make_new()

    page = Page(signed_in(therapist).get(address(consultation)))

    assert f"{therapist} has no free time in the next two weeks." in page.texts("p", class_="help")


@pytest.mark.parametrize(("count", "error"), [(0, "Choose one to three times."), (4, "Choose at most three times.")])
def test_none_or_too_many_times_are_refused_beside_the_field(clinic, signed_in, therapist, count, error):
    consultation = make_new()
    client = signed_in(therapist)
    times = free(Page(client.get(address(consultation))))[:count]
    before = everything()

    page = Page(client.post(address(consultation, "propose"), {"times": times, "mode": "clinic"}))

    chosen = [tag.attrs["value"] for tag in page.all("input", name="times") if "checked" in tag.attrs]
    groups = {tag.attrs["aria-describedby"] for tag in page.all("fieldset", class_="times")}
    assert [page.errors[each] for each in groups] == [error]
    assert sorted(chosen) == sorted(times)
    assert everything() == before


def test_a_time_taken_meanwhile_is_told_and_the_other_choices_stay(clinic, signed_in, therapist):
    consultation, quicker = make_new(), make_new()
    client = signed_in(therapist)
    times = free(Page(client.get(address(consultation))))[:3]
    client.post(address(quicker, "propose"), {"times": times[:1], "mode": "clinic"})

    answer = client.post(address(consultation, "propose"), {"times": times, "mode": "phone"})

    page = Page(answer)
    consultation.refresh_from_db()
    chosen = [tag.attrs["value"] for tag in page.all("input", name="times") if "checked" in tag.attrs]
    assert TAKEN in page.texts("li")
    assert chosen == times[1:]
    assert [tag.attrs["value"] for tag in page.all("option", selected=None) if tag.attrs["value"]] == ["phone"]
    assert consultation.status == S.NEW


def test_the_way_to_meet_that_the_patient_chose_comes_first(clinic, signed_in, therapist):
    consultation = make_new(said={"modes": ["phone"]})

    page = Page(signed_in(therapist).get(address(consultation)))

    modes = [tag.attrs["value"] for tag in page.all("option") if tag.attrs["value"] in {"clinic", "phone", "video"}]
    assert modes == ["phone", "clinic", "phone", "clinic"]


def test_what_the_clinic_does_not_offer_is_not_offered_to_a_patient_who_wished_it(clinic, signed_in, therapist):
    consultation = make_new(said={"modes": ["video"]})
    browser = signed_in(therapist)

    page = Page(browser.get(address(consultation)))
    refused = browser.post(address(consultation, "propose"), {"times": choices(page)[:1], "mode": "video"})

    assert "video" not in [tag.attrs["value"] for tag in page.all("option")]
    assert "does not offer that way to meet any more" in refused.content.decode()
    assert not OfferedTime.objects.exists()


@pytest.mark.parametrize("typed", ["yesterday", "\u202e", "9" * 400, "2026-03-02T10:00:00"])
def test_a_time_that_the_page_does_not_offer_is_refused(clinic, signed_in, therapist, typed):
    consultation = make_new()
    before = everything()

    answer = signed_in(therapist).post(address(consultation, "propose"), {"times": [typed], "mode": "clinic"})

    assert answer.status_code == 200
    assert everything() == before


def test_the_page_says_what_each_press_will_send(clinic, signed_in, therapist):
    mailed, called = make_new(), make_new(said={"email": "", "prefer": "phone"})
    client = signed_in(therapist)

    pages = [Page(client.get(address(consultation))).texts("p", class_="help") for consultation in (mailed, called)]

    assert "The patient gets the mail “Choose a time”. They asked to be called: (407) 698-5559." in pages[0]
    assert "The patient gave no e-mail address: please call (407) 698-5559." in pages[1]


def test_what_the_page_says_it_sends_is_the_subject_that_is_sent(clinic, signed_in, therapist):
    consultation = make_new()
    client = signed_in(therapist)
    page = Page(client.get(address(consultation)))
    said = re.findall("“(.+?)”", " ".join(page.texts("p", class_="help")))

    propose(client, consultation)

    assert "Choose a time" in said
    assert events() == ["choose_a_time"]


# On the phone


def test_a_time_agreed_by_phone_is_booked_straight_from_new(clinic, signed_in, therapist):
    consultation = make_new()

    signed_in(therapist).post(address(consultation, "book"), agreed())

    consultation.refresh_from_db()
    booked = consultation.times.booked().get()
    local = booked.starts_at.astimezone(clinic.tzinfo)
    assert (consultation.status, consultation.assigned_to, booked.mode) == (S.BOOKED, therapist, "phone")
    assert (local.hour, local.minute, booked.minutes) == (10, 30, ClinicSettings.current().visit_minutes)
    assert events() == ["booked"]


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"start": ""}, "This field is required."),
        ({"start": "soon"}, "Give a date and a time, such as 2026-03-09 10:30."),
        ({"start": "2020-01-01T10:00"}, "That time has passed. Give one that is still to come."),
        ({"start": "9999-01-01T10:00"}, "That is more than a year ahead. Please look at the year."),
    ],
)
def test_a_time_that_cannot_be_is_refused_beside_the_field(clinic, signed_in, therapist, typed, error):
    consultation = make_new()
    before = everything()

    page = Page(signed_in(therapist).post(address(consultation, "book"), agreed(**typed)))

    assert error in page.texts("li")
    assert everything() == before


def test_a_time_off_the_quarter_hour_is_refused(clinic, signed_in, therapist):
    consultation = make_new()
    wrong = agreed()["start"][:-2] + "35"

    page = Page(signed_in(therapist).post(address(consultation, "book"), agreed(start=wrong)))

    assert "Visits begin on a quarter hour, such as 10:00, 10:15 or 10:30." in page.texts("li")


def test_a_time_in_the_therapists_time_off_is_refused(clinic, signed_in, therapist):
    consultation, now = make_new(), timezone.now()
    TimeOff.objects.create(therapist=therapist, starts_at=now, ends_at=now + 9 * DAY)
    before = everything()

    page = Page(signed_in(therapist).post(address(consultation, "book"), agreed(all_the_same="on")))

    assert f"{therapist} has time off then. Choose another time." in page.texts("li")
    assert everything() == before


@pytest.mark.parametrize("hour", ["03:00", "07:45", "17:45"])
def test_a_time_outside_their_hours_is_booked_only_when_it_is_meant(clinic, signed_in, therapist, hour):
    consultation, browser = make_new(), signed_in(therapist)
    typed = agreed(start=agreed()["start"][:-5] + hour)

    page = Page(browser.post(address(consultation, "book"), typed))
    wrong = Page(browser.post(address(consultation, "book"), typed | {"all_the_same": "on", "mode": "none"}))
    asked = OfferedTime.objects.count(), events()
    browser.post(address(consultation, "book"), typed | {"all_the_same": "on"})

    assert f"That is outside the hours in which {therapist} sees patients. Is it meant?" in page.texts("li")
    assert (page.fields["start"], len(page.all("input", name="all_the_same"))) == ([typed["start"]], 1)
    assert wrong.fields["all_the_same"] == ["on"]
    assert asked == (0, [])
    assert OfferedTime.objects.booked().get().starts_at.astimezone(clinic.tzinfo).strftime("%H:%M") == hour


def test_a_time_that_another_request_has_is_refused_and_what_was_typed_stays(clinic, signed_in, therapist):
    first, second = make_new(), make_new()
    client = signed_in(therapist)
    client.post(address(first, "book"), agreed(), follow=True)

    answer = client.post(address(second, "book"), agreed())

    second.refresh_from_db()
    assert (answer.status_code, notices(Page(answer))) == (409, [TAKEN])
    assert Page(answer).fields["start"] == [agreed()["start"]]
    assert second.status == S.NEW


def test_a_choice_made_on_the_phone_is_booked(clinic, signed_in, therapist):
    consultation = make_proposed(signed_in, therapist)
    client = signed_in(therapist)
    page = Page(client.get(address(consultation)))

    client.post(address(consultation, "choose"), {"time": choices(page)[2]})

    assert str(OfferedTime.objects.booked().get().pk) == choices(page)[2]
    assert events() == ["booked"]


def test_an_offer_is_taken_back_without_a_mail(clinic, signed_in, therapist):
    consultation = make_proposed(signed_in, therapist)

    signed_in(therapist).post(address(consultation, "take_back"))

    consultation.refresh_from_db()
    assert (consultation.status, HeldQuarter.objects.count(), events()) == (S.IN_REVIEW, 0, [])


# Handing over, and what comes after the visit


def test_a_request_is_handed_over_with_its_times_and_a_reason(clinic, signed_in, therapist, colleague):
    consultation = make_proposed(signed_in, therapist)

    answer = signed_in(therapist).post(
        address(consultation, "hand_over"), {"to": colleague.pk, "reason": "I am away."}, follow=True
    )

    consultation.refresh_from_db()
    assert consultation.assigned_to == colleague
    assert notices(Page(answer)) == [
        "Handed over. Whoever had it and whoever has it now are told; so are the owners where a therapist took it over."
    ]
    assert {time.therapist for time in consultation.times.standing()} == {colleague}
    assert queued() == sorted(("staff_handed_over", who.email) for who in (colleague, therapist))


@pytest.mark.parametrize("to", ["", "editor", "themselves", "9" * 30])
def test_a_request_goes_to_nobody_who_may_not_triage(clinic, signed_in, therapist, editor, to):
    consultation = make_proposed(signed_in, therapist)
    before = everything()
    to = {"editor": editor.pk, "themselves": therapist.pk}.get(to, to)

    answer = signed_in(therapist).post(address(consultation, "hand_over"), {"to": to, "reason": "Away."})

    assert answer.status_code == 200
    assert everything() == before


@pytest.mark.parametrize(
    ("act", "status", "mailed"), [("complete", S.COMPLETED, []), ("missed", S.NO_SHOW, ["missed"])]
)
def test_after_the_visit_somebody_says_how_it_went(clinic, signed_in, therapist, act, status, mailed):
    consultation = make_new()
    client = signed_in(therapist)
    client.post(address(consultation, "book"), agreed())
    before = offered(Page(client.get(address(consultation))))
    move_visit(consultation, timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1))
    OutgoingMail.objects.all().delete()
    after = offered(Page(client.get(address(consultation))))

    client.post(address(consultation, act))

    consultation.refresh_from_db()
    assert ({"complete", "missed"} & before, {"complete", "missed"} & after) == (set(), {"complete", "missed"})
    assert (consultation.status, events()) == (status, mailed)


# The second look


def test_an_urgent_decision_is_looked_at_by_somebody_else(clinic, signed_in, therapist, colleague):
    consultation = make_new(urgency="urgent")
    signed_in(therapist).post(address(consultation, "decline"), {"reason": "too_far", "next_step": "call_us"})
    own_page, others_page = [offered(Page(signed_in(who).get(address(consultation)))) for who in (therapist, colleague)]

    signed_in(colleague).post(address(consultation, "look"))

    consultation.refresh_from_db()
    assert ("look" in own_page, "look" in others_page) == (False, True)
    assert (consultation.decided_by, consultation.second_look_by) == (therapist, colleague)
    assert "look" not in offered(Page(signed_in(colleague).get(address(consultation))))


def test_nobody_gives_their_own_decision_the_second_look(clinic, signed_in, therapist):
    consultation = make_new(urgency="urgent")
    client = signed_in(therapist)
    client.post(address(consultation, "ask"), {"question": "Which side?"})

    client.post(address(consultation, "look"))

    consultation.refresh_from_db()
    assert consultation.second_look_by is None


def test_a_routine_request_needs_no_second_look(clinic, signed_in, therapist):
    consultation = make_new()

    signed_in(therapist).post(address(consultation, "ask"), {"question": "Which side?"})

    assert list(ConsultationRequest.objects.for_second_look(since=timezone.now() - DAY)) == []


# Perhaps the same matter


def test_other_requests_of_the_same_contact_are_linked_and_not_merged(clinic, signed_in, therapist):
    old = make_consultation(at=timezone.now() - 31 * DAY)
    same_phone = make_consultation(at=timezone.now() - DAY, said={"email": "other@patients.example"})
    same_email = make_consultation(at=timezone.now() - DAY, said={"phone": "", "email": SAID["email"].upper()})
    stranger = make_consultation(at=timezone.now(), said={"phone": "", "email": "stranger@patients.example"})
    consultation = make_new()

    text = signed_in(therapist).get(address(consultation)).content.decode()

    linked = [each.reference in text for each in (old, same_phone, same_email, stranger)]
    assert linked == [False, True, True, False]
    assert ConsultationRequest.objects.count() == 5
