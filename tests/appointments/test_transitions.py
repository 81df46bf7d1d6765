from datetime import timedelta

import pytest

from appointments.models import (
    ASSIGNED,
    TRANSITIONS,
    Actor,
    ConsultationRequest,
    RequestStatus,
    TimeOff,
    TimeTaken,
    TransitionNotAllowed,
)
from appointments.tick import tick
from clinic.models import OutgoingMail
from clinic.wording import spoken
from tests.factories import DAY, HOUR, NOON, make_person

from .stages import (
    ACTS,
    AFTER,
    ALLOWED,
    EARLIER,
    OPEN,
    REFUSED,
    START,
    THEIRS,
    S,
    bring_to,
    everything,
    make_arrived,
    quarters,
    queued,
)  # fmt: skip

pytestmark = pytest.mark.django_db

HANDED_OVER = [status for status in OPEN if status in ASSIGNED]
BACK_IN_REVIEW = [(name, frm) for name, frm in ALLOWED if ACTS[name].to == S.IN_REVIEW and frm != S.NEW]
# What ends an offer, a booking or a missed visit; a time that was chosen or agreed is another matter.
LEAVING = [
    (name, frm) for name, frm in ALLOWED if frm in {S.PROPOSED, S.BOOKED, S.NO_SHOW} and ACTS[name].to != S.BOOKED
]


def last_move(consultation):
    move = consultation.history.last()
    return move.from_status, move.to_status, move.actor, move.by, move.at


def test_every_move_of_the_table_has_a_method_and_no_method_leads_elsewhere():
    reached = {(frm, act.to) for act in ACTS.values() for frm in act.frm}

    assert reached == {(frm, to) for frm, after in TRANSITIONS.items() for to in after}
    assert set(TRANSITIONS) == set(RequestStatus)


@pytest.mark.parametrize(("name", "frm"), ALLOWED)
def test_an_allowed_move_happens_and_records_who_and_when(clinic, therapist, name, frm):
    consultation = bring_to(frm, by=therapist)
    version, moves, act = consultation.version, consultation.history.count(), ACTS[name]

    act(consultation, therapist)

    consultation.refresh_from_db()
    by = therapist if act.actor == Actor.STAFF else None
    assert (consultation.status, consultation.version) == (act.to, version + 1)
    assert consultation.history.count() == moves + 1
    assert last_move(consultation) == (frm, act.to, act.actor, by, act.at)
    assert consultation.closed_at == (None if act.to in OPEN else act.at)


@pytest.mark.parametrize(("name", "frm"), REFUSED)
def test_any_other_move_is_refused_and_nothing_changes(clinic, therapist, name, frm):
    consultation = bring_to(frm, by=therapist)
    before = everything()

    with pytest.raises(TransitionNotAllowed):
        ACTS[name](consultation, therapist)

    assert everything() == before


def test_claim_gives_the_request_to_whoever_claims_and_keeps_the_promise_made(clinic, therapist):
    consultation = make_arrived()
    promised = consultation.answer_by

    consultation.claim(by=therapist, at=NOON)

    consultation.refresh_from_db()
    assert (consultation.assigned_to, consultation.answer_by) == (therapist, promised)


@pytest.mark.parametrize(("name", "frm"), BACK_IN_REVIEW)
def test_back_in_review_an_answer_is_promised_anew_and_the_therapist_stays(clinic, therapist, name, frm):
    consultation = bring_to(frm, by=therapist)
    act = ACTS[name]

    act(consultation, therapist)

    consultation.refresh_from_db()
    assert consultation.assigned_to == therapist
    assert consultation.answer_by == act.at + DAY


@pytest.mark.parametrize(("name", "frm"), THEIRS)
def test_a_colleague_is_refused_with_the_name_of_whoever_has_the_request(clinic, therapist, colleague, name, frm):
    consultation = bring_to(frm, by=therapist)
    before = everything()

    with pytest.raises(TransitionNotAllowed) as refusal:
        ACTS[name](consultation, colleague)

    sentence = f"{therapist} has this request. It has to be handed over before you can act on it."
    assert str(refusal.value) == sentence
    assert everything() == before


@pytest.mark.parametrize(("name", "frm"), [each for each in THEIRS if each[0] != "reschedule_by_phone"])
def test_the_owner_too_acts_on_a_request_only_once_it_is_handed_over(clinic, therapist, owner, name, frm):
    consultation = bring_to(frm, by=therapist)
    with pytest.raises(TransitionNotAllowed, match="has to be handed over"):
        ACTS[name](consultation, owner)

    consultation.hand_over(to=owner, reason="Sam is ill.", by=owner, at=NOON)
    ACTS[name](consultation, owner)

    consultation.refresh_from_db()
    assert last_move(consultation) == (frm, ACTS[name].to, Actor.STAFF, owner, NOON)
    assert consultation.assigned_to == owner


def test_an_owner_who_is_not_free_then_gives_a_colleagues_visit_up_with_a_reason(clinic, therapist, owner):
    consultation = bring_to(S.BOOKED, by=therapist)
    see_somebody(owner)
    OutgoingMail.objects.all().delete()

    consultation.reschedule(reason="Sam is ill.", by=owner, at=NOON)

    assert list(consultation.notes.values_list("text", "written_by")) == [("Sam is ill.", owner.pk)]
    assert ("staff_update", therapist.email) in queued()


def test_any_therapist_may_decline_a_new_request(clinic, colleague):
    consultation = make_arrived()

    ACTS["decline"](consultation, colleague)

    consultation.refresh_from_db()
    assert last_move(consultation) == (S.NEW, S.DECLINED, Actor.STAFF, colleague, NOON)


def test_decline_keeps_the_reason_and_the_next_step(clinic, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    consultation.decline(reason="too_far", next_step="other_clinic", by=therapist, at=NOON)

    consultation.refresh_from_db()
    assert (consultation.decline_reason, consultation.next_step) == ("too_far", "other_clinic")


def test_ask_keeps_the_question_and_answer_closes_it(clinic, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    consultation.ask(question="Which side?", by=therapist, at=NOON)

    consultation.answer(text="The left.", at=NOON + HOUR)

    said = list(consultation.questions.values_list("text", "asked_by", "asked_at", "answer", "answered_at"))
    assert said == [("Which side?", therapist.pk, NOON, "The left.", NOON + HOUR)]


def test_a_second_answer_is_given_to_the_second_question(clinic, therapist):
    consultation = bring_to(S.NEEDS_INFO, by=therapist)
    consultation.answer(text="The left.", at=NOON)
    consultation.ask(question="Since when?", by=therapist, at=NOON + HOUR)

    consultation.answer(text="May.", at=NOON + 2 * HOUR, by=therapist)

    assert list(consultation.questions.values_list("text", "answer")) == [
        ("Which side?", "The left."),
        ("Since when?", "May."),
    ]


@pytest.mark.parametrize("frm", HANDED_OVER)
def test_hand_over_gives_the_request_to_a_colleague_and_keeps_the_reason(clinic, therapist, colleague, frm):
    consultation = bring_to(frm, by=therapist)
    version = consultation.version

    consultation.hand_over(to=colleague, reason="I am away from tomorrow.", by=therapist, at=NOON)

    consultation.refresh_from_db()
    assert (consultation.assigned_to, consultation.version) == (colleague, version + 1)
    assert last_move(consultation) == (frm, frm, Actor.STAFF, therapist, NOON)
    kept = list(consultation.notes.values_list("text", "written_by", "written_at"))
    assert kept == [("I am away from tomorrow.", therapist.pk, NOON)]


@pytest.mark.parametrize("frm", [status for status in RequestStatus if status not in HANDED_OVER])
def test_only_a_claimed_open_request_can_be_handed_over(clinic, therapist, colleague, frm):
    consultation = bring_to(frm, by=therapist)
    before = everything()

    with pytest.raises(TransitionNotAllowed):
        consultation.hand_over(to=colleague, reason="I am away.", by=therapist, at=NOON)

    assert everything() == before


def test_a_colleague_can_take_a_request_over_in_an_emergency(clinic, therapist, colleague):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    consultation.hand_over(to=colleague, reason="She is ill today.", by=colleague, at=NOON)

    consultation.refresh_from_db()
    assert consultation.assigned_to == colleague


def test_a_hand_over_takes_the_booked_time_into_the_colleagues_day(clinic, therapist, colleague):
    consultation = bring_to(S.BOOKED, by=therapist)

    consultation.hand_over(to=colleague, reason="I am away.", by=therapist, at=NOON)

    assert (quarters(therapist), quarters(colleague)) == ([], [0, 15])
    assert [time.therapist for time in consultation.times.booked()] == [colleague]


def see_somebody(colleague):
    bring_to(S.BOOKED, by=colleague)


def be_away(colleague):
    TimeOff.objects.create(therapist=colleague, starts_at=START + HOUR / 4, ends_at=START + DAY)


@pytest.mark.parametrize("be_busy", [see_somebody, be_away])
def test_a_colleague_who_is_not_free_cannot_be_handed_the_booked_time(clinic, therapist, colleague, be_busy):
    consultation = bring_to(S.BOOKED, by=therapist)
    be_busy(colleague)
    before = everything()

    with pytest.raises(TimeTaken, match=f"{colleague} is not free"):
        consultation.hand_over(to=colleague, reason="I am away.", by=therapist, at=NOON)

    assert everything() == before


@pytest.mark.parametrize("be_busy", [see_somebody, be_away])
def test_what_is_only_offered_holds_no_hand_over_back(clinic, therapist, colleague, be_busy):
    consultation = bring_to(S.PROPOSED, by=therapist)
    be_busy(colleague)
    before = quarters(colleague)

    consultation.hand_over(to=colleague, reason="She is ill today.", by=colleague, at=NOON)

    assert (consultation.assigned_to, quarters(therapist)) == (colleague, [])
    assert quarters(colleague)[: len(before)] == before
    assert not consultation.times.standing().filter(starts_at=START).exists()


def test_an_offer_of_which_nothing_is_left_by_a_hand_over_is_taken_back_and_has_not_run_out(
    clinic, therapist, colleague
):
    consultation = bring_to(S.PROPOSED, by=therapist)
    TimeOff.objects.create(therapist=colleague, starts_at=NOON, ends_at=START + 30 * DAY)
    OutgoingMail.objects.all().delete()

    consultation.hand_over(to=colleague, reason="She is ill today.", by=colleague, at=NOON)
    tick(at=NOON + HOUR)

    consultation.refresh_from_db()
    assert (consultation.status, consultation.has_let_an_offer_expire) == (S.IN_REVIEW, False)
    assert consultation.answer_by > NOON
    assert {event for event, _to in queued()} == {"staff_handed_over"}


def test_time_off_that_is_over_holds_no_past_visit_back(clinic, therapist, colleague):
    consultation = bring_to(S.BOOKED, by=therapist)
    be_away(colleague)

    consultation.hand_over(to=colleague, reason="Sam has left.", by=therapist, at=START + 2 * DAY)

    assert consultation.assigned_to == colleague


def test_staff_who_give_up_the_agreed_time_say_why(clinic, therapist):
    consultation = bring_to(S.BOOKED, by=therapist)

    consultation.reschedule(reason="She is ill.", by=therapist, at=NOON)

    assert list(consultation.notes.values_list("text", "written_by", "written_at")) == [
        ("She is ill.", therapist.pk, NOON)
    ]


def test_restored_from_spam_it_belongs_to_whoever_restored_it_with_the_reason(clinic, therapist, colleague):
    consultation = bring_to(S.SPAM, by=therapist)

    consultation.restore_from_spam(reason="A real person.", by=colleague, at=NOON)

    consultation.refresh_from_db()
    assert consultation.assigned_to == colleague
    assert list(consultation.notes.values_list("text", "written_by")) == [("A real person.", colleague.pk)]


@pytest.mark.parametrize(("name", "frm"), LEAVING)
def test_leaving_the_offer_or_the_booking_sets_the_times_free_unless_the_visit_was_due(clinic, therapist, name, frm):
    consultation = bring_to(frm, by=therapist)

    ACTS[name](consultation, therapist)

    was_due = ACTS[name].to in {S.COMPLETED, S.NO_SHOW}
    assert quarters(therapist) == ([0, 15] if was_due else [])
    assert consultation.times.standing().count() == (1 if was_due else 0)


@pytest.mark.parametrize("name", ["complete", "mark_missed"])
def test_how_a_visit_went_can_be_said_from_its_start_on(clinic, therapist, name):
    consultation = bring_to(S.BOOKED, by=therapist)
    before = everything()

    with pytest.raises(TransitionNotAllowed, match="not begun"):
        ACTS[name](consultation, therapist, at=START - timedelta(seconds=1))

    assert everything() == before
    ACTS[name](consultation, therapist, at=START)
    assert consultation.status == ACTS[name].to


def test_a_lapsed_request_cannot_be_taken_up_by_the_patient_after_thirty_days(clinic, therapist):
    consultation = bring_to(S.LAPSED, by=therapist)
    before = everything()

    with pytest.raises(TransitionNotAllowed):
        consultation.take_up_again(at=EARLIER + 31 * DAY)

    assert everything() == before


def test_a_lapsed_request_can_be_taken_up_by_its_therapist_at_any_time(clinic, therapist):
    consultation = bring_to(S.LAPSED, by=therapist)

    consultation.take_up_again(by=therapist, at=EARLIER + 31 * DAY)

    consultation.refresh_from_db()
    assert consultation.status == S.IN_REVIEW


def test_after_a_missed_visit_the_patient_can_choose_another_time(clinic, therapist):
    consultation = bring_to(S.NO_SHOW, by=therapist)
    consultation.take_up_again(at=AFTER)
    consultation.propose([START + 7 * DAY], minutes=30, mode="clinic", by=therapist, at=AFTER)

    consultation.choose(consultation.times.held(at=AFTER).get(), at=AFTER)

    assert [time.starts_at for time in consultation.times.booked()] == [START + 7 * DAY]


@pytest.mark.parametrize(("name", "frm"), ALLOWED)
def test_a_request_read_before_somebody_elses_move_is_refused(clinic, therapist, name, frm):
    consultation = bring_to(frm, by=therapist)
    stale = ConsultationRequest.objects.get(pk=consultation.pk)
    ConsultationRequest.objects.filter(pk=consultation.pk).update(version=consultation.version + 1)
    before = everything()

    with pytest.raises(TransitionNotAllowed):
        ACTS[name](stale, therapist)

    assert everything() == before


def test_the_second_of_two_is_told_who_moved_the_request_where_to_and_when(clinic, therapist):
    consultation = make_arrived()
    stale = ConsultationRequest.objects.get(pk=consultation.pk)
    consultation.claim(by=make_person("Therapist", display_name="Ana Ruiz"), at=NOON)

    with pytest.raises(TransitionNotAllowed) as refusal:
        stale.claim(by=therapist, at=NOON + HOUR)

    when = spoken(NOON, clinic.tzinfo)
    told = f"{consultation.reference} is “In review” since {when} (Ana Ruiz). Nothing was changed."
    assert str(refusal.value) == told


def test_a_hand_over_in_between_refuses_the_one_who_had_it(clinic, therapist, colleague):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    stale = ConsultationRequest.objects.get(pk=consultation.pk)
    consultation.hand_over(to=colleague, reason="I am away.", by=therapist, at=NOON)

    with pytest.raises(TransitionNotAllowed, match="Nothing was changed"):
        stale.hand_over(to=therapist, reason="Mine.", by=therapist, at=NOON)

    consultation.refresh_from_db()
    assert consultation.assigned_to == colleague
