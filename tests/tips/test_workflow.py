"""How a text goes from a draft to readers: who may bring it where, who hears, and what is kept of it."""

from datetime import date

import pytest
from django.contrib.auth.models import Group, Permission

from clinic.models import OutgoingMail
from tests.factories import DAY, NOON, make_person, make_tip
from tips.models import Tip, TipKind, TipStatus, TransitionNotAllowed

pytestmark = pytest.mark.django_db

S = TipStatus
NEXT = date(2027, 3, 2)
WORDS = {"title": "Second", "summary": "Another summary.", "body": "Other words.", "sources": "A study."}


@pytest.fixture
def people(db):
    return {
        "author": make_person("Therapist", username="author"),
        "editor": make_person("Editor", username="editor"),
        "second_editor": make_person("Editor", username="second"),
        "reviewer": make_person("Clinical reviewer", username="reviewer"),
    }


def bring_to(status, people, *, live=False):
    """A tip whose newest text, by the author, stands there; `live` beside an older one that readers see."""
    tip = make_tip(author=people["author"], published_at=NOON - DAY if live or status == S.ARCHIVED else None)
    if status == S.APPROVED:
        tip = make_tip(author=people["author"])
    elif live:
        tip.revise(by=people["author"], at=NOON, **WORDS)
    if status != S.APPROVED:
        Tip.objects.filter(pk=tip.pk).update(status=status)
    tip.refresh_from_db()
    OutgoingMail.objects.all().delete()
    return tip


# Each act by whoever may do it, with what it asks.
ACTS = {
    "submit": lambda tip, people: tip.submit(by=people["author"], at=NOON),
    "take_back": lambda tip, people: tip.take_back(by=people["author"], at=NOON),
    "approve_editorial": lambda tip, people: tip.approve_editorial(tip.latest, by=people["editor"], at=NOON),
    "approve_clinical": lambda tip, people: tip.approve_clinical(
        tip.latest, next_review=NEXT, by=people["reviewer"], at=NOON
    ),
    "request_changes": lambda tip, people: tip.request_changes(
        comment="Which leg?", by=people["reviewer" if tip.status == S.IN_CLINICAL else "editor"], at=NOON
    ),
    "confirm": lambda tip, people: tip.confirm(tip.latest, next_review=NEXT, by=people["reviewer"], at=NOON),
    "archive": lambda tip, people: tip.archive(by=people["editor"], at=NOON),
    "take_up_again": lambda tip, people: tip.take_up_again(by=people["editor"], at=NOON),
}
# From where each leads where, and who hears of it.
LEADS = {
    "submit": ({S.DRAFT, S.CHANGES_REQUESTED}, S.IN_EDITORIAL, [("tip_to_edit", "editor"), ("tip_to_edit", "second")]),
    "take_back": ({S.IN_EDITORIAL, S.IN_CLINICAL}, S.DRAFT, []),
    "approve_editorial": ({S.IN_EDITORIAL}, S.IN_CLINICAL, [("tip_to_review", "reviewer")]),
    "approve_clinical": ({S.IN_CLINICAL}, S.APPROVED, [("tip_approved", "author")]),
    "request_changes": ({S.IN_EDITORIAL, S.IN_CLINICAL}, S.CHANGES_REQUESTED, [("tip_changes", "author")]),
    "confirm": ({S.APPROVED}, S.APPROVED, []),
    "archive": (set(S) - {S.ARCHIVED}, S.ARCHIVED, []),
    "take_up_again": ({S.ARCHIVED}, S.DRAFT, []),
}
ACTORS = {
    "submit": "author", "take_back": "author", "approve_clinical": "reviewer", "confirm": "reviewer",
    ("request_changes", S.IN_CLINICAL): "reviewer",
}  # fmt: skip
ALLOWED = [(act, status) for act, (places, _, _) in LEADS.items() for status in S if status in places]
REFUSED = [(act, status) for act, (places, _, _) in LEADS.items() for status in S if status not in places]


def mails():
    return sorted((mail.event, mail.to.split("@")[0]) for mail in OutgoingMail.objects.all())


def everything():
    steps = [list(tip.steps.values()) for tip in Tip.objects.all()]
    return list(Tip.objects.values()), [list(tip.revisions.values()) for tip in Tip.objects.all()], steps, mails()


@pytest.mark.parametrize(("act", "status"), ALLOWED)
def test_an_act_leads_where_it_should_is_written_down_and_told(clinic, people, act, status):
    tip = bring_to(status, people)
    _, leads, told = LEADS[act]

    ACTS[act](tip, people)

    tip.refresh_from_db()
    steps = list(tip.steps.values_list("from_status", "to_status", "by__username", "at", "revision"))
    assert tip.status == leads
    actor = ACTORS.get((act, status)) or ACTORS.get(act, "editor")
    assert steps == [(status, leads, actor, NOON, tip.latest.pk)]
    assert mails() == told


@pytest.mark.parametrize(("act", "status"), REFUSED)
def test_any_other_act_is_refused_in_words_and_changes_nothing(clinic, people, act, status):
    tip = bring_to(status, people)
    before = everything()

    with pytest.raises(TransitionNotAllowed) as refusal:
        ACTS[act](tip, people)

    assert everything() == before
    assert str(refusal.value)[-1] == "."


def test_from_a_draft_to_readers_by_three_people(clinic, people):
    tip = bring_to(S.DRAFT, people)

    for act in ("submit", "approve_editorial", "approve_clinical"):
        assert not tip.is_live(at=NOON)
        ACTS[act](tip, people)

    assert tip.is_live(at=NOON)
    facts = (tip.live, tip.clinical_reviewer, tip.last_reviewed, tip.next_review, tip.independently_reviewed)
    assert facts == (tip.latest, people["reviewer"], NOON.date(), NEXT, True)


@pytest.mark.parametrize(
    ("act", "status", "asked"),
    [
        ("approve_editorial", S.IN_EDITORIAL, {}),
        ("approve_clinical", S.IN_CLINICAL, {"next_review": NEXT}),
        ("confirm", S.APPROVED, {"next_review": NEXT}),
    ],
)
def test_no_guide_goes_live_without_its_pdf_whoever_asks(clinic, people, act, status, asked):
    text = {"body": "> " * 5000 + "x"}
    guide = make_tip(kind=TipKind.GUIDE, author=people["author"], status=status, is_minor=True, text=text)
    person = people["editor" if act == "approve_editorial" else "reviewer"]
    before = everything()

    with pytest.raises(TransitionNotAllowed, match="cannot be made into a PDF"):
        getattr(guide, act)(guide.latest, by=person, at=NOON, **asked)

    assert everything() == before


def test_a_guide_published_alone_is_tried_without_the_name_of_its_last_reviewer(clinic):
    named = make_person("Clinical reviewer", display_name="王小明", is_active=False)
    guide = make_tip(kind=TipKind.GUIDE, clinical_reviewer=named, independently_reviewed=True)

    guide.publish_alone(guide.latest, reason="I work alone.", next_review=NEXT, by=guide.author, at=NOON)

    assert (guide.clinical_reviewer, guide.status) == (None, S.APPROVED)


# Nobody agrees to their own text


def test_whose_name_it_carries_agrees_to_nothing_before_it_was_live(clinic, people):
    tip = bring_to(S.IN_EDITORIAL, people)
    Tip.objects.filter(pk=tip.pk).update(author=people["editor"])
    tip.refresh_from_db()

    with pytest.raises(TransitionNotAllowed, match="their own text"):
        tip.approve_editorial(tip.latest, by=people["editor"], at=NOON)


@pytest.mark.parametrize("live", [True, False])
def test_who_wrote_an_earlier_text_that_readers_have_not_seen_does_not_agree(clinic, people, live):
    tip = bring_to(S.DRAFT, people, live=live)
    tip.revise(by=people["editor"], at=NOON, **WORDS | {"body": "By an editor."})
    tip.revise(by=people["author"], at=NOON, **WORDS | {"body": "By the author again."})
    tip.submit(by=people["author"], at=NOON)

    with pytest.raises(TransitionNotAllowed, match="their own text"):
        tip.approve_editorial(tip.latest, by=people["editor"], at=NOON)


def test_who_wrote_the_same_words_before_does_not_agree_when_another_brings_them_back(clinic, people):
    tip = make_tip(author=people["editor"])
    tip.revise(by=people["author"], at=NOON, **WORDS)
    tip.submit(by=people["author"], at=NOON)
    tip.approve_editorial(tip.latest, by=people["second_editor"], at=NOON)
    tip.approve_clinical(tip.latest, next_review=NEXT, by=people["reviewer"], at=NOON)
    tip.restore(tip.revisions.get(number=1), by=people["author"], at=NOON)
    tip.submit(by=people["author"], at=NOON)

    with pytest.raises(TransitionNotAllowed, match="their own text"):
        tip.approve_editorial(tip.latest, by=people["editor"], at=NOON)


def test_who_brings_an_older_text_back_does_not_agree_to_it(clinic, people):
    tip = bring_to(S.APPROVED, people)
    older = tip.latest
    tip.revise(by=people["author"], at=NOON, **WORDS)
    Tip.objects.filter(pk=tip.pk).update(live=tip.latest, status=S.APPROVED)
    tip.refresh_from_db()
    tip.restore(older, by=people["editor"], at=NOON)
    tip.submit(by=people["author"], at=NOON)

    with pytest.raises(TransitionNotAllowed, match="their own text"):
        tip.approve_editorial(tip.latest, by=people["editor"], at=NOON)


def test_who_wrote_what_has_gone_live_since_agrees_to_the_next_text(clinic, people):
    tip = bring_to(S.IN_EDITORIAL, people, live=True)
    tip.revise(by=people["editor"], at=NOON, **WORDS | {"body": "By an editor."})
    tip.submit(by=people["author"], at=NOON)
    tip.approve_editorial(tip.latest, by=people["second_editor"], at=NOON)
    ACTS["approve_clinical"](tip, people)
    tip.revise(by=people["author"], at=NOON, **WORDS | {"body": "By the author."})
    tip.submit(by=people["author"], at=NOON)

    tip.approve_editorial(tip.latest, by=people["editor"], at=NOON)

    assert tip.status == S.IN_CLINICAL


def test_who_is_editor_and_clinician_gives_one_agreement_only(clinic, people):
    people["editor"].groups.add(Group.objects.get(name="Clinical reviewer"))
    tip = bring_to(S.IN_EDITORIAL, people)
    tip.approve_editorial(tip.latest, by=people["editor"], at=NOON)

    with pytest.raises(TransitionNotAllowed, match="as an editor"):
        tip.approve_clinical(tip.latest, next_review=NEXT, by=people["editor"], at=NOON)

    assert tip.live is None


def test_whose_name_a_live_article_carries_may_agree_to_a_colleagues_correction(clinic, people):
    tip = make_tip(author=people["editor"])
    tip.revise(by=people["second_editor"], at=NOON, **WORDS)
    tip.submit(by=people["second_editor"], at=NOON, minor=True)

    tip.approve_editorial(tip.latest, by=people["editor"], at=NOON)

    assert tip.live.body == "Other words."


# Exactly this text


@pytest.mark.parametrize("act", ["approve_editorial", "approve_clinical"])
def test_agreeing_to_a_text_that_was_changed_meanwhile_is_refused(clinic, people, act):
    tip = bring_to(S.DRAFT, people)
    seen = tip.latest
    tip.revise(by=people["author"], at=NOON, **WORDS)
    Tip.objects.filter(pk=tip.pk).update(status=S.IN_EDITORIAL if act == "approve_editorial" else S.IN_CLINICAL)
    tip.refresh_from_db()
    asked = {"next_review": NEXT} if act == "approve_clinical" else {}
    by = people["editor"] if act == "approve_editorial" else people["reviewer"]

    with pytest.raises(TransitionNotAllowed, match="changed after you opened it"):
        getattr(tip, act)(seen, by=by, at=NOON, **asked)

    assert tip.live is None


@pytest.mark.parametrize("status", [S.IN_EDITORIAL, S.IN_CLINICAL, S.APPROVED])
def test_a_new_text_is_a_draft_and_what_readers_see_stays(clinic, people, status):
    tip = bring_to(status, people, live=True)
    live = tip.live

    tip.revise(by=people["author"], at=NOON, **WORDS | {"body": "Newer still."})

    tip.refresh_from_db()
    assert (tip.status, tip.live, tip.is_live(at=NOON)) == (S.DRAFT, live, True)


@pytest.mark.parametrize("act", ["take_back", "archive", "request_changes", "approve_editorial"])
def test_of_two_at_once_the_second_is_told_who_was_first(clinic, people, act):
    tip = bring_to(S.IN_EDITORIAL, people)
    stale = Tip.objects.get(pk=tip.pk)
    tip.approve_editorial(tip.latest, by=people["second_editor"], at=NOON)
    before = everything()

    with pytest.raises(TransitionNotAllowed, match=r"With a clinical reviewer.*Second.*March 2"):
        ACTS[act](stale, people)

    assert everything() == before


# Minor corrections, and a clinic of one


def test_a_minor_correction_needs_one_other_editor_and_leaves_the_review(clinic, people):
    tip = make_tip(author=people["author"], independently_reviewed=True)
    review = (tip.clinical_reviewer, tip.last_reviewed, tip.next_review)
    text = tip.revise(by=people["author"], at=NOON, **WORDS)
    tip.submit(by=people["author"], at=NOON, minor=True)

    tip.approve_editorial(text, by=people["editor"], at=NOON)

    tip.refresh_from_db()
    assert (tip.status, tip.live, tip.independently_reviewed) == (S.APPROVED, text, True)
    assert (tip.clinical_reviewer, tip.last_reviewed, tip.next_review) == review


def test_what_readers_never_saw_has_no_minor_correction(clinic, people):
    tip = bring_to(S.DRAFT, people)

    with pytest.raises(TransitionNotAllowed, match="readers see already"):
        tip.submit(by=people["author"], at=NOON, minor=True)


def test_where_somebody_else_could_agree_nobody_publishes_alone(clinic, people):
    tip = bring_to(S.DRAFT, people)

    with pytest.raises(TransitionNotAllowed, match="Send it to review"):
        tip.publish_alone(tip.latest, reason="In a hurry", next_review=NEXT, by=people["editor"], at=NOON)

    assert tip.live is None


@pytest.mark.parametrize("left", [["editor"], ["editor", "author"]])
def test_a_clinic_without_somebody_else_publishes_with_a_reason_and_says_so(clinic, people, left):
    for name, person in people.items():
        person.is_active = name in left
        person.save()
    make_person("Editor", is_staff=False)
    make_person("Clinical reviewer", is_staff=False)
    tip = make_tip(author=people["editor"], published_at=None)

    tip.publish_alone(tip.latest, reason="I work alone.", next_review=NEXT, by=people["editor"], at=NOON)

    step = tip.steps.get()
    assert (tip.is_live(at=NOON), tip.independently_reviewed, tip.clinical_reviewer) == (True, False, None)
    assert (tip.last_reviewed, tip.next_review, step.comment) == (NOON.date(), NEXT, "I work alone.")


# Who hears


def test_no_mail_goes_to_who_has_left_or_has_no_address_or_wrote_it(clinic, people):
    people["editor"].is_active = False
    people["editor"].save()
    make_person("Editor", username="silent", email="")
    make_person("Editor", username="no-desk", is_staff=False)
    tip = make_tip(author=people["author"], published_at=None)
    tip.revise(by=people["second_editor"], at=NOON, **WORDS)
    make_person("Editor", username="third")

    tip.submit(by=people["author"], at=NOON)

    assert mails() == [("tip_to_edit", "third")]


def test_who_may_agree_for_two_reasons_has_one_mail(clinic, people):
    people["editor"].user_permissions.add(Permission.objects.get(codename="publish_tip"))
    people["second_editor"].groups.add(Group.objects.get(name="Clinical reviewer"))
    tip = bring_to(S.DRAFT, people)

    tip.submit(by=people["author"], at=NOON)

    assert mails() == [("tip_to_edit", "editor"), ("tip_to_edit", "second")]


@pytest.mark.parametrize(("act", "event"), [("request_changes", "tip_changes"), ("approve_clinical", "tip_approved")])
def test_everybody_who_wrote_some_of_it_hears_what_became_of_it(clinic, people, act, event):
    tip = bring_to(S.DRAFT, people)
    tip.revise(by=people["second_editor"], at=NOON, **WORDS)
    tip.revise(by=people["author"], at=NOON, **WORDS | {"body": "More words."})
    Tip.objects.filter(pk=tip.pk).update(status=S.IN_CLINICAL)
    tip.refresh_from_db()

    ACTS[act](tip, people)

    assert mails() == [(event, "author"), (event, "second")]
