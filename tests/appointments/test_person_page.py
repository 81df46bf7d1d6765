"""The owner's page about one person: what is held, the file for them, and the erasure."""

import json

import pytest

from appointments.models import ConsultationRequest
from appointments.models.statement import PatientStatement
from clinic import audit
from clinic.models import AuditEntry, ClinicSettings, OutgoingMail
from clinic.wording import in_full, spoken
from tests.factories import HOUR, NOON, SAID

from .pages import Page
from .stages import S, bring_to, make_arrived

pytestmark = pytest.mark.django_db

PERSON = "/admin/person/"
CHOSEN = {"identity": "called_back", "reason": "asked", "checked": "on"}
WORDS = {
    "windows": "Monday morning, Wednesday evening",
    "safety": "none of the signs",
    "phone": "(407) 698-5559",
}


@pytest.fixture(autouse=True)
def own_list(settings, tmp_path):
    settings.ERASED_LIST = tmp_path / "erased.txt"


@pytest.fixture
def browser(clinic, owner, signed_in):
    return signed_in(owner)


@pytest.fixture
def consultation(clinic, therapist):
    made = bring_to(S.NEEDS_INFO, by=therapist)
    made.answer(text="The left.", at=NOON)
    made.add_note(text="Afraid of stairs.", by=therapist, at=NOON)
    made.correct_contact(email="new@patients.example", at=NOON)
    audit.record("opened", by=therapist, at=NOON, reference=made.reference)
    return made


def sent(consultation, **fields):
    return CHOSEN | {"term": SAID["email"], "reference": consultation.reference} | fields


@pytest.mark.parametrize("term", ["ZOE@patients.example", "new@patients.example", "(407) 698-5559"])
def test_a_person_is_found_by_a_whole_contact_former_or_present_and_that_is_recorded(
    browser, owner, consultation, term
):
    make_arrived(said={"email": "else@patients.example", "phone": "+14076985501"})

    page = Page(browser.post(PERSON, {"term": term}))

    assert [tag.attrs["value"] for tag in page.all("input", type="checkbox", name="reference")] == [
        consultation.reference
    ]
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.by, entry.detail) == (
        "searched",
        owner,
        {"term": audit.fingerprint(term), "references": [consultation.reference]},
    )


@pytest.mark.parametrize(
    ("name", "are_ticked"), [("zoe nunez", [True, True]), ("Zoë Núñez", [True, True]), ("Bo Núñez", [False, False])]
)
def test_nobody_is_ticked_where_a_phone_is_of_several(browser, consultation, name, are_ticked):
    make_arrived(said={"full_name": name})

    page = Page(browser.post(PERSON, {"term": SAID["phone"]}))

    boxes = page.all("input", type="checkbox", name="reference")
    assert ["checked" in tag.attrs for tag in boxes] == are_ticked
    assert bool([text for text in page.texts("p") if "Tick only the requests" in text]) != any(are_ticked)


def test_the_last_question_says_who_is_erased_and_which_visit_falls(browser, clinic, therapist):
    consultation = bring_to(S.BOOKED, by=therapist)

    page = Page(browser.post(f"{PERSON}erase/", sent(consultation)))

    (row,) = [text for text in page.texts("li") if text.startswith(consultation.reference)]
    visit = spoken(consultation.visit_at, clinic.tzinfo)
    assert row.startswith(f"{consultation.reference} · {SAID['full_name']} (Booked: {visit})")


def test_the_owner_reads_how_long_the_file_may_take(browser, consultation):
    page = Page(browser.post(PERSON, {"term": SAID["email"]}))

    assert [words for words in page.texts("p") if "within 30 days" in words and "within one month" in words]


@pytest.mark.parametrize("term", ["zoe@patients", "Zoë", "555", "nobody@patients.example", "a@b.example" * 40])
def test_nobody_is_found_by_less(browser, consultation, term):
    page = Page(browser.post(PERSON, {"term": term}))

    assert (page.all("input", name="reference"), len(page.all("p", role="alert"))) == ([], 1)


@pytest.mark.parametrize("kind", ["html", "json"])
def test_the_file_holds_all_that_was_said_and_done(browser, owner, therapist, consultation, kind):
    answer = browser.post(f"{PERSON}file/", sent(consultation, kind=kind))

    text = answer.content.decode() if kind == "html" else json.dumps(json.loads(answer.content), ensure_ascii=False)
    fields = set(PatientStatement.PERSONAL_FIELDS) - {"email"}
    wanted = [WORDS.get(name, SAID[name]) for name in fields]
    wanted += [
        "new@patients.example",
        SAID["email"],
        "Which side?",
        "The left.",
        "Afraid of stairs.",
        "Opened",
        str(therapist),
    ]
    # To read in the clinic's time, and for a program as it is kept.
    at = consultation.submitted_at
    wanted.append(in_full(at, ClinicSettings.current().tzinfo) if kind == "html" else f"{at:%Y-%m-%dT%H:%M:}")
    assert [word for word in wanted if word not in text] == []
    assert answer["Content-Disposition"].startswith('attachment; filename="access-file-')
    assert "no-store" in answer["Cache-Control"]
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.by, entry.reference) == ("exported", owner, consultation.reference)
    assert entry.detail == {"identity": "called_back", "reason": "asked", "format": kind}


def test_the_file_tells_what_happened_as_staff_read_it_and_what_each_time_is(browser, therapist, colleague):
    offered, handed = bring_to(S.PROPOSED, by=therapist), bring_to(S.IN_REVIEW, by=therapist)
    handed.hand_over(to=colleague, reason="Knees are theirs.", by=therapist, at=NOON)
    handed.ask(question="Which side?", by=colleague, at=NOON)
    OutgoingMail.objects.filter(event="one_thing").update(sent_at=NOON + HOUR)

    both = [handed.reference, offered.reference]

    [said, _other] = json.loads(browser.post(f"{PERSON}file/", sent(handed, reference=both, kind="json")).content)[
        "requests"
    ]
    page = Page(browser.post(f"{PERSON}file/", sent(handed, reference=both, kind="html")))

    assert [(each["by"], each["what"]) for each in said["history"]] == [
        ("Patient", "New"),
        (str(therapist), "In review"),
        (str(therapist), "Handed over"),
        (str(colleague), "Question asked"),
    ]
    assert said["said"]["area of the body"] == "Knee"
    assert [each["what"] for each in said["mails"]] == ["We need one thing from you"]
    zone = ClinicSettings.current().tzinfo
    promised, left = in_full(NOON, zone), in_full(NOON + HOUR, zone)
    assert f"We need one thing from you · promised {promised} · sent {left}" in page.texts("li")
    assert [text for text in page.texts("li") if "Staff" in text or text.endswith("·")] == []


def test_the_file_says_with_which_words_a_request_was_declined(browser, therapist):
    consultation = bring_to(S.DECLINED, by=therapist)
    words = "We have no free place in reasonable time. Please call us, and we will look for a way together."

    files = [
        browser.post(f"{PERSON}file/", sent(consultation, kind=kind)).content.decode() for kind in ("html", "json")
    ]

    assert [words in text for text in files] == [True, True]


def test_the_file_names_a_sign_that_the_screen_does_not_know_any_more(browser):
    ticked = {"emergency": ["none"], "urgent": ["U99"], "seen": []}
    consultation = make_arrived(said={"safety": ticked, "safety_version": "2025-1"})

    answer = browser.post(f"{PERSON}file/", sent(consultation, kind="html")).content.decode()

    assert "U99 (version 2025-1 of the screen)" in answer
    assert WORDS["safety"] not in answer


def test_a_refused_form_says_so_in_the_title_and_ties_what_is_wrong_to_its_group(browser, consultation):
    facts = sent(consultation)
    del facts["reference"]

    before, page = Page(browser.post(PERSON, {"term": SAID["email"]})), Page(browser.post(f"{PERSON}file/", facts))

    [group] = page.all("fieldset", class_="form-row")
    assert [each.title.startswith("Error:") for each in (before, page)] == [False, True]
    assert page.errors == {group.attrs["aria-describedby"]: "Tick one or more requests."}


@pytest.mark.parametrize("missing", ["identity", "reason", "checked", "reference"])
@pytest.mark.parametrize("act", ["file/", "erase/"])
def test_without_knowing_who_asks_nothing_is_done(browser, consultation, act, missing):
    facts = sent(consultation, sure="yes")
    del facts[missing]

    answer = browser.post(f"{PERSON}{act}", facts)

    assert "Content-Disposition" not in answer
    assert Page(answer).all("ul", class_="errorlist")
    assert not AuditEntry.objects.filter(action__in=["exported", "erased"]).exists()


def test_a_request_of_somebody_else_is_not_to_be_had(browser, consultation):
    other = make_arrived(said={"email": "else@patients.example", "phone": "+14076985501"})

    browser.post(f"{PERSON}erase/", sent(other, sure="yes"))

    assert ConsultationRequest.objects.unerased().count() == 2


def test_an_erasure_is_asked_twice_and_its_receipt_names_nobody(browser, owner, consultation):
    asked = Page(browser.post(f"{PERSON}erase/", sent(consultation)))
    before = ConsultationRequest.objects.unerased().count()
    receipt = browser.post(f"{PERSON}erase/", {name: values[-1] for name, values in asked.fields.items()})
    again = browser.post(f"{PERSON}erase/", sent(consultation, sure="yes"))

    assert (before, ConsultationRequest.objects.unerased().count()) == (1, 0)
    text = receipt.content.decode()
    assert (consultation.reference in text, SAID["email"] in text, SAID["full_name"] in text) == (True, False, False)
    assert "Nobody was found" in again.content.decode()
    request_page = browser.get(f"/admin/queue/{consultation.reference}/").content.decode()
    assert ("Erased on" in request_page, SAID["full_name"] in request_page) == (True, False)
    assert list(AuditEntry.objects.filter(action="erased").values_list("by", "reference", "detail")) == [
        (owner.pk, consultation.reference, {"identity": "called_back", "reason": "asked"})
    ]


@pytest.mark.parametrize("address", ["", "file/", "erase/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_but_the_owner_comes_here(clinic, therapist, editor, reviewer, signed_in, address, method):
    answers = [getattr(signed_in(each), method)(PERSON + address) for each in (therapist, editor, reviewer)]

    assert [answer.status_code for answer in answers] == [403, 403, 403]


@pytest.mark.parametrize("address", ["file/", "erase/"])
def test_whoever_arrives_by_a_link_finds_the_page(browser, address):
    assert browser.get(PERSON + address).url == PERSON
