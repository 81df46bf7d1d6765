"""Floods, traps and pauses: real people get through, nothing typed is lost, nobody is mailed by a stranger's hand."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from appointments.models import ConsultationRequest, PatientStatement
from appointments.views import steps
from clinic.models import ClinicSettings, OutgoingMail, Tally, forget
from tests.factories import DAY, HOUR, NOON, SAID, make_consultation

from .pages import CHECK, SENT, TYPED, Page, address, fill

pytestmark = pytest.mark.django_db

PHONE = "Call us: (407) 698-5558"


def send(client=None, trap="", **changed):
    """A whole request from a browser of its own."""
    client = fill(client or Client(), **changed)
    return client.post(CHECK, {"leave_empty": trap})


def suspicions():
    return list(ConsultationRequest.objects.order_by("pk").values_list("suspicion", flat=True))


def mails():
    return sorted(OutgoingMail.objects.values_list("event", "to"))


def another(number):
    return {"contact": {"email": f"patient-{number}@patients.example", "phone": ""}}


# What looks like spam


def test_the_hidden_field_is_hidden_from_people_on_every_page(clinic, client):
    fill(client)

    pages = [Page(client.get(path)) for path in [*map(address, TYPED), CHECK]]

    traps = [page.all("input", name="leave_empty") for page in pages]
    assert [(trap.attrs["tabindex"], trap.attrs["autocomplete"]) for (trap,) in traps] == [("-1", "off")] * len(pages)
    assert [any(tag.attrs.get("aria-hidden") == "true" for tag in trap.inside) for (trap,) in traps] == [True] * 8


@pytest.mark.parametrize("step", [*TYPED, "check"])
def test_a_filled_trap_on_any_page_sets_the_request_apart(clinic, client, therapist, step):
    fill(client)

    client.post(CHECK if step == "check" else address(step), TYPED.get(step, {}) | {"leave_empty": "x"})
    client.post(CHECK)

    assert suspicions() == ["trapped"]


def test_a_suspect_sees_the_usual_page_and_nobody_is_mailed(clinic, client, therapist):
    answer = send(client, trap="http://pills.example")

    consultation = ConsultationRequest.objects.get()
    page = Page(client.get(SENT))
    assert (answer.url, page.texts("h1"), page.texts("strong")[0]) == (
        SENT,
        ["We have your request"],
        consultation.reference,
    )
    assert mails() == []
    assert consultation.answer_by > timezone.now()


def test_answers_that_nobody_can_have_read_set_the_request_apart(clinic, settings):
    settings.CONSULTATION_FASTEST_SECONDS = 3600

    send()

    assert suspicions() == ["quick"]


def test_the_time_is_counted_from_the_first_page_whichever_page_brings_it_back(clinic, client, settings, monkeypatch):
    settings.CONSULTATION_FASTEST_SECONDS = 3600
    long_ago = timezone.now() - 2 * HOUR
    monkeypatch.setattr(steps.timezone, "now", lambda: long_ago)
    fill(client)
    page = Page(client.get(CHECK))
    monkeypatch.undo()

    Client().post(CHECK, page.fields)

    assert suspicions() == [""]


def test_a_request_posted_without_any_page_before_it_is_set_apart(clinic, settings):
    settings.CONSULTATION_FASTEST_SECONDS = 10
    client = Client()
    for step, typed in TYPED.items():
        client.post(address(step), typed)

    client.post(CHECK)

    assert suspicions() == ["quick"]


def test_a_flood_is_set_apart_and_what_came_before_it_is_not(clinic, therapist, settings):
    settings.CONSULTATION_FLOOD_PER_HOUR = 3

    for number in range(5):
        send(contact=TYPED["contact"] | another(number)["contact"])

    assert suspicions() == ["", "", "", "flood", "flood"]
    assert len(mails()) == 6


def test_a_flood_that_ticks_an_urgent_sign_stays_in_the_queue_and_the_mail_is_bounded(clinic, therapist, settings):
    settings.CONSULTATION_FLOOD_PER_HOUR = 3

    for number in range(6):
        send(contact=TYPED["contact"] | another(number)["contact"], urgent={"urgent_signs": ["U7"]})

    assert suspicions() == [""] * 6
    patients = [("received", f"patient-{number}@patients.example") for number in range(3)]
    assert mails() == [*patients, *[("staff_new", therapist.email)] * 3]

    OutgoingMail.objects.update(queued_at=timezone.now() - HOUR)
    for number in range(6, 9):
        send(contact=TYPED["contact"] | another(number)["contact"], urgent={"urgent_signs": ["U7"]})

    assert mails() == [*patients, *[("staff_new", therapist.email)] * 4]


def test_half_way_nobody_hears_of_each_of_a_flood(clinic, therapist, settings):
    settings.CONSULTATION_FLOOD_PER_HOUR = 3
    for _ in range(5):
        make_consultation(urgency="urgent", nudge_at=NOON + HOUR).nudge(at=NOON + HOUR)

    assert (mails(), ConsultationRequest.objects.to_be_nudged(at=NOON + DAY).count()) == (
        [("staff_nudge", therapist.email)] * 3,
        0,
    )


# Limits


def test_the_network_that_sends_too_often_keeps_its_text_and_gets_the_phone_number(clinic, client, settings):
    settings.CONSULTATION_SENDS_PER_HOUR = 2
    for number in range(2):
        send(contact=TYPED["contact"] | another(number)["contact"])

    answer = send(client)

    page = Page(answer)
    assert answer.status_code == 429
    assert page.notes == [str(steps.TOO_MANY)]
    assert PHONE in page.texts("p", class_="call")
    assert SAID["goal"] in page.texts("dd")
    assert ConsultationRequest.objects.count() == 2


def test_another_network_is_not_held_up(clinic, client, settings):
    settings.CONSULTATION_SENDS_PER_HOUR = 1
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    send(Client(headers={"x-forwarded-for": "203.0.113.7"}))

    answers = [
        send(Client(headers={"x-forwarded-for": forwarded}), contact=TYPED["contact"] | another(number)["contact"])
        for number, forwarded in enumerate(["1.1.1.1, 203.0.113.7", "198.51.100.1"])
    ]

    assert [answer.status_code for answer in answers] == [429, 302]


def test_the_page_refused_for_now_goes_out_with_one_press_later(clinic, client, settings):
    settings.CONSULTATION_SENDS_PER_HOUR = 1
    send()
    refused = Page(send(client, contact=TYPED["contact"] | another(1)["contact"]))
    Tally.objects.all().delete()

    answer = client.post(CHECK, refused.fields)

    assert (answer.url, ConsultationRequest.objects.count()) == (SENT, 2)


def test_sending_the_same_form_again_is_never_too_often(clinic, client, settings):
    settings.CONSULTATION_SENDS_PER_HOUR = 1
    fill(client)
    form = Page(client.get(CHECK)).fields
    client.post(CHECK, form)

    again = client.post(CHECK, form)

    assert again.url == SENT


def test_pages_are_limited_too_and_keep_what_was_typed(clinic, client, settings, monkeypatch):
    settings.CONSULTATION_SENDS_PER_HOUR = 1
    monkeypatch.setattr(steps, "PAGES_PER_SEND", 4)
    fill(client, until="problem")

    answer = client.post(address("problem"), TYPED["problem"])

    page = Page(answer)
    assert (answer.status_code, page.notes) == (429, [str(steps.TOO_MANY)])
    assert page.fields["goal"] == [SAID["goal"]]
    assert PHONE in page.texts("p", class_="call")


@pytest.mark.parametrize("contact", [{"phone": ""}, {"email": "", "prefer": ""}, {"email": "ZOE@Patients.example"}])
def test_the_sixth_request_of_a_day_from_one_contact_is_asked_to_call(clinic, client, contact):
    for hours in range(5):
        make_consultation(at=timezone.now() - hours * HOUR)

    answer = send(client, contact=contact)

    page = Page(answer)
    assert (answer.status_code, page.notes) == (429, [str(steps.SAME_CONTACT)])
    assert SAID["goal"] in page.texts("dd")
    assert ConsultationRequest.objects.count() == 5


def test_a_refusal_is_a_mistake_in_the_title_and_where_the_page_begins(clinic, client):
    for hours in range(5):
        make_consultation(at=timezone.now() - hours * HOUR)

    page = Page(send(client))

    assert page.title.startswith("Error: Check your answers")
    assert [(tag.attrs["role"], tag.attrs["tabindex"]) for tag in page.tags if "autofocus" in tag.attrs] == [
        ("alert", "-1")
    ]


def test_a_page_that_is_limited_says_so_in_its_title(clinic, client, monkeypatch):
    monkeypatch.setattr(steps, "PAGES_PER_SEND", 0)

    page = Page(client.post(address("who"), TYPED["who"]))

    assert page.title.startswith("Error: ")


def test_requests_of_other_days_and_other_people_do_not_count(clinic, client):
    for number in range(6):
        make_consultation(at=timezone.now() - DAY - timedelta(minutes=number))
        make_consultation(at=timezone.now(), said={"email": f"{number}@patients.example", "phone": ""})

    answer = send(client)

    assert answer.url == SENT


# Mail to strangers


def test_one_address_gets_one_confirmation_a_day_whoever_types_it(clinic):
    for name in ("Buy pills", "Zoë"):
        send(contact=TYPED["contact"] | {"full_name": name})
    OutgoingMail.objects.update(queued_at=timezone.now() - DAY - timedelta(minutes=1))
    send()

    assert mails() == [("received", SAID["email"])] * 2


def test_an_address_in_other_capitals_is_the_same_address(clinic):
    send()

    send(contact=TYPED["contact"] | {"email": SAID["email"].upper()})

    assert len(mails()) == 1


# Pause


def pause(paused=True):
    ClinicSettings.objects.update(is_paused=paused, pause_words="We are all at a course until Monday.")
    forget()


def test_while_paused_the_start_page_says_so_and_offers_the_phone_and_no_form(clinic, client):
    pause()

    page = Page(client.get("/consultation/"))

    assert "We are all at a course until Monday." in page.texts("strong")
    assert PHONE in page.texts("p", class_="call")
    assert [link.attrs["href"] for link in page.all("a", class_="button")] == []
    assert page.texts("h2", id="help-now") == ["Get help now if"]


def test_while_paused_a_page_of_the_form_leads_to_the_start(clinic, client):
    pause()

    answers = [client.get(address("who")), client.post(address("who"), TYPED["who"])]

    assert [answer.url for answer in answers] == ["/consultation/"] * 2


def test_what_was_typed_when_the_pause_began_is_kept_and_sent_when_it_ends(clinic, client):
    fill(client)
    pause()
    refused = client.post(CHECK)
    pause(False)

    answer = client.post(CHECK, Page(refused).fields)

    assert (refused.status_code, Page(refused).notes) == (503, ["We are all at a course until Monday."])
    assert answer.url == SENT
    assert PatientStatement.objects.get().goal == SAID["goal"]


# Slips in an address


def test_a_likely_slip_is_hinted_at_and_may_be_sent_as_it_is(clinic, client):
    fill(client, contact={"email": "zoe@gmial.com"})
    page = Page(client.get(CHECK))

    client.post(CHECK, page.fields)

    assert page.texts("button", name="correct_email") == ["Use zoe@gmail.com"]
    assert PatientStatement.objects.get().email == "zoe@gmial.com"


def test_a_likely_slip_is_mended_with_one_press(clinic, client):
    fill(client, contact={"email": "zoe@gmial.com"})
    page = Page(client.get(CHECK))

    answer = client.post(CHECK, page.fields | {"correct_email": ""})
    client.post(CHECK)

    assert (answer.url, PatientStatement.objects.get().email) == (CHECK, "zoe@gmail.com")


def test_a_good_address_is_not_doubted_and_cannot_be_changed_by_that_press(clinic, client):
    fill(client)
    page = Page(client.get(CHECK))

    client.post(CHECK, page.fields | {"correct_email": ""})

    assert page.all("button", name="correct_email") == []
    assert SAID["email"] in Page(client.get(CHECK)).texts("dd")
