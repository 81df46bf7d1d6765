"""A text in somebody's name who did not write it: they may not agree to it, and where nobody else is left it says so."""

import pytest
from django.utils import timezone

from clinic.models import OutgoingMail
from tests.factories import DAY, NOON, make_person, make_tip
from tests.tips.test_standing import offered, page
from tips.models import TipStatus, TransitionNotAllowed

pytestmark = pytest.mark.django_db

S = TipStatus
WORDS = {"title": "Second", "summary": "Another summary.", "body": "Other words.", "sources": "A study."}
REFUSED = "Name another author first"


@pytest.fixture
def writer(db):
    return make_person("Editor", username="writer")


def in_the_name_of(author, *, by, **fields):
    """A text that only this person has written, and that carries another's name."""
    tip = make_tip(author=by, **{"published_at": None} | fields)
    name(tip, author)
    return tip


def name(tip, author):
    tip.arrange(by=tip.author, at=NOON, topics=[], regions=[], author=author)


def told():
    return sorted(mail.to.split("@")[0] for mail in OutgoingMail.objects.all())


def test_in_the_name_of_the_last_editor_it_is_not_sent_to_them(clinic, writer, signed_in):
    named = make_person("Editor", username="named")
    make_person("Clinical reviewer")
    tip = in_the_name_of(named, by=writer)
    client = signed_in(writer)

    with pytest.raises(TransitionNotAllowed, match=REFUSED):
        tip.submit(by=writer, at=NOON)
    with pytest.raises(TransitionNotAllowed, match=REFUSED):
        tip.pass_over_editors(reason="x", by=writer, at=NOON)
    before, said = offered(client, tip), REFUSED in client.get(page(tip)).content.decode()
    name(tip, writer)
    tip.submit(by=writer, at=NOON)

    assert (before, said, told()) == (["archive", "links"], True, ["named"])


@pytest.mark.parametrize(("others", "act"), [(1, "submit"), (0, "pass_over_editors")])
def test_in_the_name_of_the_last_clinician_it_goes_to_nobody(clinic, writer, signed_in, others, act):
    named = make_person("Clinical reviewer", username="named")
    for _ in range(others):
        make_person("Editor")
    tip = in_the_name_of(named, by=writer)
    asked = {"reason": "x"} if act == "pass_over_editors" else {}

    with pytest.raises(TransitionNotAllowed, match=REFUSED):
        getattr(tip, act)(by=writer, at=NOON, **asked)

    assert (offered(signed_in(writer), tip), told()) == (["archive", "links"], [])


def test_an_editor_does_not_agree_where_that_would_leave_the_named_clinician_alone(clinic, writer, signed_in):
    named, editor = make_person("Clinical reviewer", username="named"), make_person("Editor")
    leaves = make_person("Clinical reviewer")
    tip = in_the_name_of(named, by=writer)
    tip.submit(by=writer, at=NOON)
    leaves.is_active = False
    leaves.save()
    client = signed_in(editor)

    with pytest.raises(TransitionNotAllowed, match=REFUSED):
        tip.approve_editorial(tip.latest, by=editor, at=NOON)
    before = offered(client, tip)
    name(tip, writer)
    tip.approve_editorial(tip.latest, by=editor, at=NOON)

    assert (before, tip.status) == (["request_changes", "archive", "links"], S.IN_CLINICAL)
    assert told()[-1] == "named"


def test_a_correction_of_what_a_clinician_s_name_is_on_needs_no_clinician(clinic, writer):
    named, editor = make_person("Clinical reviewer"), make_person("Editor")
    tip = in_the_name_of(named, by=writer, published_at=NOON - DAY)
    tip.revise(by=writer, at=NOON, **WORDS)

    tip.submit(by=writer, at=NOON, minor=True)
    tip.approve_editorial(tip.latest, by=editor, at=NOON)

    assert tip.live == tip.latest


@pytest.mark.parametrize(("days", "is_said"), [(29, True), (31, False)])
def test_where_its_review_is_near_the_page_says_that_another_has_to_be_named(clinic, writer, signed_in, days, is_said):
    named, soon = make_person("Clinical reviewer"), timezone.localdate(timezone=clinic.tzinfo) + days * DAY
    tip = in_the_name_of(named, by=writer, published_at=NOON - DAY, next_review=soon)

    html = signed_in(named).get(page(tip)).content.decode()

    assert (REFUSED in html) == is_said


def test_whose_name_it_carries_hears_only_of_what_they_may_agree_to(clinic, writer):
    named = make_person("Editor", username="named")
    make_person("Editor", username="other")
    draft, live = in_the_name_of(named, by=writer), in_the_name_of(named, by=writer, published_at=NOON - DAY)
    live.revise(by=writer, at=NOON, **WORDS)

    draft.submit(by=writer, at=NOON)
    of_draft = told()
    live.submit(by=writer, at=NOON)

    assert (of_draft, told()) == (["other"], ["named", "other", "other"])
