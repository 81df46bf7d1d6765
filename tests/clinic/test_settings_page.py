"""The owner's settings: what each is for, and the public pages as they would read, before anything is saved."""

import pytest
from django.forms.models import model_to_dict
from django.test import Client

from clinic.admin_settings import HELP, PAGES, SENTENCES
from clinic.mail import render
from clinic.models import ClinicSettings, OutgoingMail, User, forget
from tests.appointments.pages import Page

pytestmark = pytest.mark.django_db

PAGE = "/admin/clinic/clinicsettings/1/change/"
TYPED = {
    "name": "Oak Street <b>Physio</b>",
    "tagline": "Move again.",
    "phone": "(407) 698-5550",
    "emergency_words": "Call 112 now.",
    "emergency_number": "112",
    "complimentary": "The first hour is free.",
    "keep_spam_days": "14",
}
SHOWN = {
    "home": ["Move again.", "The first hour is free.", "(407) 698-5550"],
    "start": ["The first hour is free.", "Call 112 now.", "tel:112", "Oak Street &lt;b&gt;Physio"],
    "stop": ["Call 112 now.", "tel:112"],
    "privacy": ["What turned out to be spam: 14 days."],
}


@pytest.fixture
def browser(clinic, owner, signed_in):
    return signed_in(owner)


def typed(**changed):
    kept = model_to_dict(ClinicSettings.objects.get())
    sent = {name: "on" if value is True else value for name, value in kept.items() if value is not False}
    return sent | changed


def preview(browser, page, **changed):
    return browser.post(f"/admin/clinic/clinicsettings/preview/{page}/", typed(**TYPED) | changed)


def test_each_setting_has_its_help_beside_it(browser):
    page = browser.get(PAGE).content.decode()

    assert [name for name, words in HELP.items() if str(words).split("“")[0].split("’")[0] not in page] == []


@pytest.mark.parametrize("page", PAGES)
def test_a_public_page_is_shown_as_it_would_read_and_nothing_is_saved(clinic, browser, page):
    before = model_to_dict(ClinicSettings.objects.get())

    shown = preview(browser, page)
    public = Client().get({"home": "/", "start": "/consultation/", "privacy": "/privacy/"}.get(page, "/"))

    assert [words for words in SHOWN[page] if words not in shown.content.decode()] == []
    assert model_to_dict(ClinicSettings.objects.get()) == before
    assert "Oak Street" not in public.content.decode()


def test_the_pause_is_shown_too(browser):
    shown = preview(browser, "start", is_paused="on", pause_words="Back on Monday.")

    assert "Back on Monday." in shown.content.decode()
    assert "/consultation/who/" not in shown.content.decode()


def test_what_cannot_be_saved_cannot_be_shown_and_says_why(browser):
    shown = preview(browser, "home", phone="12", zone="Mars/Base").content.decode()

    assert "Phone: " in shown
    assert "“Mars/Base” is not a time zone" in shown


def test_there_are_no_other_pages_and_no_other_people(browser, therapist, signed_in):
    assert preview(browser, "admin").status_code == 404
    assert preview(signed_in(therapist), "home").status_code == 403
    assert browser.get("/admin/clinic/clinicsettings/preview/home/").status_code == 405


def test_a_sentence_that_was_typed_over_several_lines_is_one_paragraph(browser):
    browser.post(PAGE, typed(**{name: f"First\r\n  and then {name}." for name in SENTENCES}))

    kept = ClinicSettings.objects.get()
    assert [getattr(kept, name) for name in SENTENCES] == [f"First and then {name}." for name in SENTENCES]


def test_the_boxes_of_the_page_lead_to_the_previews(browser):
    page = Page(browser.get(PAGE))

    found = [tag.attrs["formaction"] for tag in page.all("button") if tag.attrs.get("formtarget") == "_blank"]
    assert found == [f"/admin/clinic/clinicsettings/preview/{name}/" for name in PAGES]


# Hours that cannot both be


def test_hours_that_overlap_are_refused_beside_the_form_and_those_that_meet_are_not(clinic, browser, therapist):
    pages = {
        "/admin/clinic/openinghours/add/": lambda start, end: {"weekday": 5, "opens": start, "closes": end},
        "/admin/appointments/workinghours/add/": lambda start, end: {
            "therapist": therapist.pk,
            "weekday": 5,
            "starts": start,
            "ends": end,
        },
    }
    for page, sent in pages.items():
        answers = [
            browser.post(page, sent(*times)) for times in (("8:00", "12:00"), ("11:00", "13:00"), ("12:00", "13:00"))
        ]

        assert [answer.status_code for answer in answers] == [302, 200, 302]
        assert "It overlaps with 08:00–12:00 of the same day." in answers[1].content.decode()


# People


def test_nobody_is_invited_without_a_role_or_a_name(clinic, browser):
    sent = {"username": "dee", "display_name": " ", "email": "dee@clinic.example", "is_staff": "on"}

    answer = browser.post("/admin/clinic/user/add/", sent)

    assert answer.context["adminform"].form.errors.keys() == {"display_name", "groups"}
    assert "Without a role nobody can do anything here." in answer.content.decode()
    assert not User.objects.filter(username="dee").exists()


def test_two_people_cannot_have_names_that_differ_in_capitals_alone(clinic, browser, therapist, colleague):
    sent = {"username": therapist.username.upper(), "email": "dee@clinic.example", "is_staff": "on"}

    invited = browser.post(
        "/admin/clinic/user/add/", sent | {"groups": list(therapist.groups.values_list("pk", flat=True))}
    )
    renamed = browser.post(f"/admin/clinic/user/{colleague.pk}/change/", sent | {"is_active": "on"})
    own = browser.post(f"/admin/clinic/user/{therapist.pk}/change/", sent | {"is_active": "on"})

    words = "Somebody else here has this name, in capitals or not."
    assert [words in answer.content.decode() for answer in (invited, renamed)] == [True, True]
    assert own.status_code == 302
    assert User.objects.filter(username__iexact=therapist.username).count() == 1


def test_an_old_address_hears_that_it_was_replaced_and_no_other_change_is_told(clinic, browser, therapist):
    sent = {"username": therapist.username, "display_name": "Sam", "is_active": "on", "is_staff": "on"}
    path, old = f"/admin/clinic/user/{therapist.pk}/change/", therapist.email

    for email in (old.upper(), "new@clinic.example", ""):
        browser.post(path, sent | {"email": email})
    browser.post(path, sent | {"email": old})

    told = OutgoingMail.objects.order_by("pk")
    assert [(each.event, each.to) for each in told] == [
        ("account_changed", old),
        ("account_changed", "new@clinic.example"),
    ]
    assert "do not go to this address any more" in render(told[0]).body


def test_an_account_that_was_closed_ends_every_visit_for_good(clinic, browser, therapist, colleague, signed_in):
    theirs, other = signed_in(therapist), signed_in(colleague)
    person = {"username": therapist.username, "email": therapist.email, "display_name": "Sam", "is_staff": "on"}
    came_in = theirs.get("/admin/queue/").status_code

    for state in ({}, {"is_active": "on"}):
        browser.post(f"/admin/clinic/user/{therapist.pk}/change/", person | state)

    therapist.refresh_from_db()
    assert (came_in, therapist.is_active) == (200, True)
    assert theirs.get("/admin/queue/").status_code == 302
    assert other.get("/admin/queue/").status_code == 200


# A clinic that has written nothing yet


def test_the_home_page_of_a_clinic_without_tips_and_tagline_is_whole(client):
    ClinicSettings(name="Elm Street", phone="+14076985558").save()
    forget()

    page = client.get("/").content.decode()

    assert "<title>Elm Street</title>" in " ".join(page.split()).replace("> ", ">").replace(" <", "<")
    assert "New tips</h2>" not in page


@pytest.mark.parametrize("name", ["urgent_reply_hours", "reply_days", "hold_hours"])
def test_no_promise_is_to_be_kept_in_no_time(browser, name):
    answer = browser.post(PAGE, typed(**{name: "0"}))

    assert "Ensure this value is greater than or equal to 1." in answer.content.decode()
    assert getattr(ClinicSettings.objects.get(), name) > 0


def test_talks_by_video_are_offered_only_with_words_on_how_to_join(browser):
    answer = browser.post(PAGE, typed(offers_video="on", video_words=" "))

    assert "Say how, or patients with a booked time do not know where to go." in answer.content.decode()
    assert not ClinicSettings.objects.get().offers_video
