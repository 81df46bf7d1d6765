import pytest
from django.contrib.auth.models import Permission

from appointments import emails
from appointments.models import RequestStatus
from clinic.models import OutgoingMail
from tests.factories import NOON, SAID, come_in, make_person

from .desk import BUTTONS, address, audited, facts, notices, offered
from .pages import Page
from .stages import ACTS, ALLOWED, CLAIMING, OPEN, S, bring_to, everything, make_arrived, queued

pytestmark = pytest.mark.django_db

XSS = "<script>alert(1)</script>"
# What is sent for each act, and the status from which it is legal.
POSTS = {
    "claim": ({}, S.NEW),
    "ask": ({"question": "Which side?"}, S.IN_REVIEW),
    "answer": ({"text": "The left."}, S.NEEDS_INFO),
    "note": ({"text": "Call after five."}, S.IN_REVIEW),
    "decline": ({"reason": "too_far", "next_step": "other_clinic"}, S.IN_REVIEW),
    "spam": ({}, S.IN_REVIEW),
    "restore": ({"reason": "A real person."}, S.SPAM),
}


# Who may


@pytest.mark.parametrize("role", ["Editor", "Clinical reviewer", None])
@pytest.mark.parametrize("act", ["", *POSTS])
def test_whoever_may_not_triage_reads_and_changes_nothing(clinic, signed_in, therapist, role, act):
    consultation = bring_to(POSTS[act][1] if act else S.NEW, by=therapist)
    person = make_person(role)
    client, before = signed_in(person), everything()

    answer = client.post(address(consultation, act), POSTS[act][0]) if act else client.get(address(consultation))

    assert answer.status_code == 403
    assert SAID["full_name"] not in answer.content.decode()
    refused = ("refused", person.pk, consultation.reference, {"method": "POST" if act else "GET"})
    assert (everything(), audited()) == (before, [refused])


@pytest.mark.parametrize("act", ["", *POSTS])
def test_a_stranger_is_asked_to_sign_in(clinic, client, therapist, act):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    before = everything()

    answer = client.post(address(consultation, act))

    assert (answer.status_code, 'action="/admin/sign-in/"' in answer.content.decode()) == (403, True)
    assert SAID["full_name"] not in answer.content.decode()
    assert everything() == before


def test_the_permission_to_triage_is_what_opens_a_request(clinic, signed_in):
    person = make_person()
    person.user_permissions.add(Permission.objects.get(codename="triage_consultationrequest"))

    answer = signed_in(person).get(address(make_arrived()))

    assert facts(Page(answer))["Name"] == SAID["full_name"]


@pytest.mark.parametrize("act", POSTS)
@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete"])
def test_an_act_that_is_not_posted_only_leads_to_the_request(clinic, signed_in, therapist, act, method):
    consultation = bring_to(POSTS[act][1], by=therapist)
    before = everything()

    answer = getattr(signed_in(therapist), method)(address(consultation, act))

    assert (answer.status_code, answer.url) == (302, address(consultation))
    assert (everything(), audited()) == (before, [])


@pytest.mark.parametrize("act", POSTS)
def test_an_act_from_another_site_is_refused(clinic, therapist, act):
    consultation = bring_to(POSTS[act][1], by=therapist)
    client, before = come_in(therapist, enforce_csrf_checks=True), everything()

    answer = client.post(address(consultation, act), POSTS[act][0])

    assert answer.status_code == 403
    assert everything() == before


@pytest.mark.parametrize("reference", ["CR-XXXXXX", "cr-xxxxxx", "x" * 2000, "..%2F..", "' OR 1=1"])
@pytest.mark.parametrize("act", ["", "claim/"])
def test_a_reference_that_does_not_exist_opens_nothing(clinic, signed_in, therapist, reference, act):
    make_arrived()
    client, before = signed_in(therapist), everything()

    answer = getattr(client, "post" if act else "get")(f"/admin/queue/{reference}/{act}")

    assert answer.status_code == 404
    assert (everything(), audited()) == (before, [])


# The page


def test_the_page_shows_what_the_patient_said_and_how_to_reach_them(clinic, signed_in, therapist):
    consultation = make_arrived()

    page = Page(signed_in(therapist).get(address(consultation)))

    assert {label: words for label, words in facts(page).items() if label in SAYS} == SAYS
    assert "tel:+1-407-698-5559" in [tag.attrs["href"] for tag in page.within("a", "facts")]
    assert SAID["full_name"] not in page.title
    assert consultation.reference in page.title


SAYS = {
    "Goal": "carry my cello upstairs",
    "Area": "Knee",
    "How long, how it began": "One to six weeks; Little by little",
    "Pain": "4 of 10",
    "Note": "It aches after rehearsals.",
    "For": "Me, 18 or over",
    "Times that suit": "Monday morning, Wednesday evening Tell them if something sooner opens.",
    "How to meet": "At the clinic",
    "Name": "Zoë Núñez",
    "Phone": "(407) 698-5559 Voicemail is fine. Do not say the clinic’s name to others.",
    "E-mail": "zoe@patients.example",
    "Prefers": "Call me",
    "Access needs": "A ramp, please.",
}


def test_each_opening_is_recorded(clinic, signed_in, therapist, owner):
    consultation = make_arrived()

    for person in (therapist, owner):
        signed_in(person).get(address(consultation))

    assert audited() == [("opened", person.pk, consultation.reference, {}) for person in (therapist, owner)]


@pytest.mark.parametrize("act", POSTS)
def test_each_act_is_recorded_by_its_name(clinic, signed_in, therapist, act):
    consultation = bring_to(POSTS[act][1], by=therapist)

    signed_in(therapist).post(address(consultation, act), POSTS[act][0])

    assert audited() == [("changed", therapist.pk, consultation.reference, {"act": act})]


def test_a_view_that_cannot_be_recorded_is_not_shown(clinic, signed_in, therapist, monkeypatch):
    consultation = make_arrived()
    client = signed_in(therapist)
    client.raise_request_exception = False
    monkeypatch.setattr("clinic.audit.AuditEntry.objects.create", None)

    answer = client.get(address(consultation))

    assert answer.status_code == 500
    assert SAID["full_name"] not in answer.content.decode()


@pytest.mark.parametrize("status", RequestStatus)
@pytest.mark.parametrize("role", ["therapist", "colleague", "owner"])
def test_only_legal_acts_are_offered(clinic, signed_in, therapist, colleague, owner, status, role):
    person = {"therapist": therapist, "colleague": colleague, "owner": owner}[role]
    consultation = bring_to(status, by=therapist)

    acts = offered(Page(signed_in(person).get(address(consultation))))

    legal = {button for name, button in BUTTONS.items() if (name, status) in {*ALLOWED, *CLAIMING}}
    only_theirs = {"ask", "propose", "book", "choose", "take_back", "reschedule", "decline", "spam"}
    not_theirs = only_theirs if role != "therapist" and status != S.NEW else set()
    not_theirs |= {"propose", "book"} if role == "owner" else set()
    hand_over = {"hand_over"} if status in OPEN and status != S.NEW else set()
    # The visit was on a day that has passed.
    too_late = {"reschedule"} | ({"decline", "withdraw"} if status == S.BOOKED else {"complete", "missed"})
    assert acts == (legal - not_theirs - too_late) | hand_over | ({"contact"} if status in OPEN else set()) | {"note"}


def test_the_timeline_holds_moves_and_notes_in_order(clinic, signed_in, therapist, colleague):
    consultation = bring_to(S.NEEDS_INFO, by=therapist)
    consultation.hand_over(to=colleague, reason="I am away.", by=therapist, at=NOON)

    page = Page(signed_in(colleague).get(address(consultation)))

    timeline = [tag.text for tag in page.within("strong", "timeline")]
    assert timeline == ["New", "In review", "Question asked", "Handed over", "Note"]
    assert [tag.text for tag in page.within("p", "timeline")] == ["I am away."]


def test_what_was_typed_is_shown_as_text_everywhere(clinic, signed_in, therapist):
    said = dict.fromkeys(["goal", "note", "full_name", "access_needs"], XSS) | {"email": "a@b.example"}
    consultation = bring_to(S.IN_REVIEW, by=therapist, said=said)
    consultation.ask(question=XSS, by=therapist, at=NOON)
    consultation.answer(text=XSS, at=NOON)
    consultation.add_note(text=XSS, by=therapist, at=NOON)
    client = signed_in(therapist)

    pages = [
        client.get(address(consultation)),
        client.post(address(consultation, "ask"), {"question": XSS * 20}),
        client.post(address(consultation, "note"), {"text": XSS * 100}),
        client.get("/admin/queue/?show=open"),
        client.post("/admin/queue/search/", {"term": XSS}),
        client.get(f"/r/{consultation.link_token}/"),
    ]

    assert [page.content.decode().count("<script>alert") for page in pages] == [0] * len(pages)
    assert pages[0].content.decode().count("&lt;script&gt;alert(1)&lt;/script&gt;") == 7


# The acts


def test_claim_makes_it_mine_and_tells_what_was_promised(clinic, signed_in, therapist):
    consultation = make_arrived()

    answer = signed_in(therapist).post(address(consultation, "claim"), follow=True)

    consultation.refresh_from_db()
    assert (consultation.status, consultation.assigned_to) == (S.IN_REVIEW, therapist)
    assert notices(Page(answer)) == [
        "It is yours. The patient was promised an answer by Tuesday, March 3, 10:00 AM EST."
    ]
    assert answer.redirect_chain == [(address(consultation), 302)]
    assert queued() == []


def test_ask_puts_the_question_on_the_patients_page(clinic, signed_in, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    answer = signed_in(therapist).post(address(consultation, "ask"), {"question": "Which side?"}, follow=True)

    consultation.refresh_from_db()
    assert (consultation.status, consultation.questions.get().text) == (S.NEEDS_INFO, "Which side?")
    assert notices(Page(answer)) == ["Done. The patient gets a mail. They asked to be called: (407) 698-5559."]
    assert queued() == [("one_thing", SAID["email"])]


def test_log_answer_keeps_what_was_said_on_the_phone(clinic, signed_in, therapist):
    consultation = bring_to(S.NEEDS_INFO, by=therapist)

    answer = signed_in(therapist).post(address(consultation, "answer"), {"text": "The left."}, follow=True)

    consultation.refresh_from_db()
    assert (consultation.status, consultation.questions.get().answer) == (S.IN_REVIEW, "The left.")
    assert notices(Page(answer)) == ["Logged. The request is in review again."]


def test_note_is_kept_and_moves_nothing(clinic, signed_in, therapist, colleague):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    version = consultation.version

    answer = signed_in(colleague).post(address(consultation, "note"), {"text": "Call after five."}, follow=True)

    consultation.refresh_from_db()
    assert list(consultation.notes.values_list("text", "written_by")) == [("Call after five.", colleague.pk)]
    assert (consultation.status, consultation.version) == (S.IN_REVIEW, version)
    assert notices(Page(answer)) == ["The note is kept."]


def test_decline_tells_the_patient_why_and_what_next(clinic, signed_in, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    answer = signed_in(therapist).post(address(consultation, "decline"), POSTS["decline"][0], follow=True)

    consultation.refresh_from_db()
    decided = (consultation.status, consultation.decline_reason, consultation.next_step)
    assert decided == (S.DECLINED, "too_far", "other_clinic")
    assert notices(Page(answer)) == ["Done. The patient gets a mail. They asked to be called: (407) 698-5559."]
    assert queued() == [("about_your_request", SAID["email"])]


def test_a_patient_without_mail_is_to_be_called(clinic, signed_in, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist, said={"email": ""})

    answer = signed_in(therapist).post(address(consultation, "decline"), POSTS["decline"][0], follow=True)

    assert notices(Page(answer)) == ["Done. The patient gave no e-mail address: please call (407) 698-5559."]
    assert OutgoingMail.objects.count() == 0


def test_spam_is_marked_and_nobody_is_told(clinic, signed_in, therapist):
    consultation = bring_to(S.NEW, by=therapist)

    answer = signed_in(therapist).post(address(consultation, "spam"), follow=True)

    consultation.refresh_from_db()
    assert consultation.status == S.SPAM
    assert notices(Page(answer)) == ["Marked as spam. Nobody was told."]
    assert queued() == []


BAD = [
    ("ask", {"question": " "}, "This field is required."),
    ("ask", {"question": "x" * 301}, "Ensure this value has at most 300 characters (it has 301)."),
    ("answer", {"text": "x" * 1001}, "Ensure this value has at most 1000 characters (it has 1001)."),
    ("note", {"text": "x" * 2001}, "Ensure this value has at most 2000 characters (it has 2001)."),
    ("decline", {"reason": "", "next_step": "call_us"}, "This field is required."),
    (
        "decline",
        {"reason": "too_far", "next_step": "x"},
        "Select a valid choice. x is not one of the available choices.",
    ),
]


@pytest.mark.parametrize(("act", "typed", "error"), BAD)
def test_a_form_that_is_not_good_keeps_its_text_and_says_why(clinic, signed_in, therapist, act, typed, error):
    consultation = bring_to(POSTS[act][1], by=therapist)
    before = everything()

    page = Page(signed_in(therapist).post(address(consultation, act), typed))

    texts = [tag.text for tag in page.all("textarea")]
    chosen = [tag.attrs["value"] for tag in page.all("option") if "selected" in tag.attrs and tag.attrs["value"]]
    assert [tag.text for tag in page.within("li", "errorlist")] == [error]
    [link] = page.within("a", "messagelist")
    assert (page.title[:7], link.attrs["href"][1:] in page.ids) == ("Error: ", True)
    assert [text for text in (typed.get("question"), typed.get("text")) if text and text.strip() not in texts] == []
    assert chosen == [value for value in typed.values() if value in {"call_us", "too_far"}]
    assert everything() == before


def test_the_second_to_claim_is_told_who_was_first_and_when(clinic, signed_in, therapist, colleague):
    consultation = make_arrived()
    signed_in(colleague).post(address(consultation, "claim"))
    before = everything()

    page = Page(signed_in(therapist).post(address(consultation, "claim")))

    (told,) = notices(page)
    assert told.startswith(f"{consultation.reference} is “In review” since ")
    assert f"({colleague})" in told
    assert everything() == before


LATE = [
    ("ask", "question", ["ask"]),
    ("ask", "question", ["decline"]),
    ("answer", "text", ["log_answer"]),
    ("answer", "text", ["withdraw"]),
]


@pytest.mark.parametrize(("act", "field", "meanwhile"), LATE)
def test_whoever_comes_second_keeps_the_text_they_typed(clinic, signed_in, therapist, act, field, meanwhile):
    consultation = bring_to(POSTS[act][1], by=therapist)
    for name in meanwhile:
        ACTS[name](consultation, therapist)
    before = everything()

    answer = signed_in(therapist).post(address(consultation, act), {field: "Words I would not type twice."})

    assert len(notices(Page(answer))) == 1
    assert "Words I would not type twice." in answer.content.decode()
    assert everything() == before


def test_a_colleague_who_acts_is_told_whose_it_is_and_keeps_the_text(clinic, signed_in, therapist, colleague):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    before = everything()

    answer = signed_in(colleague).post(address(consultation, "ask"), {"question": "Words I would not type twice."})

    assert notices(Page(answer)) == [
        f"{therapist} has this request. It has to be handed over before you can act on it."
    ]
    assert "Words I would not type twice." in answer.content.decode()
    assert everything() == before


def test_the_mails_are_told_by_what_whoever_got_them_read(clinic, signed_in, therapist):
    consultation = bring_to(S.NEW, by=therapist)
    emails.received(consultation, at=NOON)
    emails.staff_new(consultation, at=NOON)

    page = Page(signed_in(therapist).get(address(consultation)))

    mails = page.within("ul", "happened")[0].text
    assert "“We received your request” · to the patient · waiting to leave" in mails
    assert f"“Request {consultation.reference} is waiting” · to staff · waiting to leave" in mails
