import pytest

from appointments.models import OPEN, ConsultationRequest
from clinic.wording import spoken
from tests.factories import DAY, NOON, SAID, make_person

from .stages import ACTS, AFTER, ALLOWED, START, THEIRS, S, bring_to, everything, queued

pytestmark = pytest.mark.django_db

# What the patient hears; the acts that are not here say nothing to them.
PATIENT_HEARS = {
    "ask": "one_thing",
    "propose": "choose_a_time",
    "book": "booked",
    "choose": "booked",
    "choose_by_phone": "booked",
    "let_offer_expire": "still_want_to_talk",
    "reschedule": "time_changed",
    "reschedule_by_phone": "time_changed",
    "mark_missed": "missed",
    "decline": "about_your_request",
    "reconsider": "taken_up_again",
    "withdraw": "withdrawn",
    "withdraw_by_phone": "withdrawn",
    "lapse": "closed_for_now",
}
# After which whoever has the request hears that it moved, unless they moved it.
ASSIGNEE_HEARS = [
    ("answer", S.NEEDS_INFO),
    ("log_answer", S.NEEDS_INFO),
    ("choose", S.PROPOSED),
    ("choose_by_phone", S.PROPOSED),
    ("book", S.PROPOSED),
    ("none_of_these", S.PROPOSED),
    ("take_back_offer", S.PROPOSED),
    ("let_offer_expire", S.PROPOSED),
    ("lapse", S.NEEDS_INFO),
    ("lapse", S.PROPOSED),
    ("reschedule", S.BOOKED),
    ("reschedule_by_phone", S.BOOKED),
    ("take_up_again", S.NO_SHOW),
    ("take_up_again", S.LAPSED),
    ("take_up_again_by_phone", S.NO_SHOW),
    ("take_up_again_by_phone", S.LAPSED),
    ("reconsider", S.DECLINED),
    *[(name, frm) for name in ("withdraw", "withdraw_by_phone") for frm in OPEN if frm != S.NEW],
]


def expected(name, frm, *, therapist, by):
    mails = [(PATIENT_HEARS[name], SAID["email"])] if name in PATIENT_HEARS else []
    if (name, frm) in ASSIGNEE_HEARS and (ACTS[name].actor != "staff" or by != therapist):
        mails.append(("staff_update", therapist.email))
    return sorted(mails)


@pytest.mark.parametrize(("name", "frm"), ALLOWED)
def test_a_move_tells_the_patient_and_whoever_has_the_request_but_not_who_made_it(clinic, therapist, name, frm):
    consultation = bring_to(frm, by=therapist)

    ACTS[name](consultation, therapist)

    assert queued() == expected(name, frm, therapist=therapist, by=therapist)


@pytest.mark.parametrize(
    ("name", "frm"),
    [pair for pair in ALLOWED if ACTS[pair[0]].actor == "staff" and pair not in THEIRS]
    + [("reschedule_by_phone", S.BOOKED)],
)
def test_whoever_has_the_request_hears_when_the_owner_moves_it(clinic, therapist, owner, name, frm):
    consultation = bring_to(frm, by=therapist)

    ACTS[name](consultation, owner)

    assert queued() == expected(name, frm, therapist=therapist, by=owner)


@pytest.mark.parametrize("name", PATIENT_HEARS)
def test_a_patient_who_gave_only_a_phone_number_gets_no_mail(clinic, therapist, name):
    act = ACTS[name]
    consultation = bring_to(act.frm[-1], by=therapist, said={"email": ""})

    act(consultation, therapist)

    assert {to for event, to in queued()} <= {therapist.email}


def test_a_hand_over_tells_both(clinic, therapist, colleague):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    consultation.hand_over(to=colleague, reason="I am away.", by=therapist, at=NOON)

    assert queued() == sorted([("staff_handed_over", therapist.email), ("staff_handed_over", colleague.email)])


def test_what_a_colleague_takes_over_the_owner_hears_of_too(clinic, owner, therapist, colleague):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    consultation.hand_over(to=colleague, reason="Sam is out.", by=colleague, at=NOON)

    assert queued() == sorted(("staff_handed_over", who.email) for who in (owner, therapist, colleague))


def test_what_an_owner_hands_over_no_owner_is_told_of(clinic, owner, therapist, colleague):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    consultation.hand_over(to=colleague, reason="Sam is out.", by=owner, at=NOON)

    assert queued() == sorted(("staff_handed_over", who.email) for who in (therapist, colleague))


def test_a_colleague_without_an_address_is_no_reason_to_fail(clinic, therapist):
    silent = make_person("Therapist", email="")
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    consultation.hand_over(to=silent, reason="I am away.", by=therapist, at=NOON)

    assert queued() == [("staff_handed_over", therapist.email)]


def test_a_new_request_that_is_withdrawn_tells_only_the_patient(clinic, therapist):
    consultation = bring_to(S.NEW, by=therapist)

    consultation.withdraw(at=NOON)

    assert queued() == [("withdrawn", SAID["email"])]


def test_a_move_whose_mail_cannot_be_queued_did_not_happen(clinic, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    ConsultationRequest.objects.filter(pk=consultation.pk).update(link_sealed="broken")
    consultation.refresh_from_db()
    before = everything()

    with pytest.raises(ValueError, match="patient link"):
        consultation.ask(question="Which side?", by=therapist, at=NOON)

    assert everything() == before


def test_the_offer_after_a_missed_visit_names_only_the_new_time(clinic, therapist):
    consultation = bring_to(S.NO_SHOW, by=therapist)
    consultation.take_up_again(at=AFTER)

    consultation.propose([START + 7 * DAY], minutes=30, mode="clinic", by=therapist, at=AFTER)

    assert consultation.for_mail()["times"] == [spoken(START + 7 * DAY, clinic.tzinfo)]
