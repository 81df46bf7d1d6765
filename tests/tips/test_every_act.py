"""Every act of the desk, for every role at every place: its button is shown exactly where its press works."""

from itertools import product

import pytest
from django.db import transaction
from django.utils import timezone

from clinic.models import OutgoingMail
from tests.factories import DAY, NOON, make_person, make_tip
from tests.tips.test_admin import TEXT
from tests.tips.test_standing import offered, page
from tips.admin.acts import ACTS
from tips.models import Tip, TipRevision, TipStatus, TipStep

pytestmark = pytest.mark.django_db

S = TipStatus
CROWD = ("Editor", "Editor", "Clinical reviewer", "Clinical reviewer")
PEOPLE = [(role, CROWD) for role in ("Owner", "Therapist", "Editor", "Clinical reviewer")] + [("Editor", ())]
FORBIDDEN, REFUSED, DONE = 403, 409, 302


def place(status, *, live, author):
    """An article whose newest text, by this author, stands there, beside an older one if readers see one."""
    sound = {"title": "A stronger back", "summary": "Three calm exercises.", "body": "Stand tall.", "sources": "A."}
    tip = make_tip(author=author, published_at=NOON if live else None, text=sound)
    if live and status != S.APPROVED:
        tip.revise(by=author, at=NOON, **sound | TEXT)
    if status != S.APPROVED:
        Tip.objects.filter(pk=tip.pk).update(status=status)
    tip.refresh_from_db()
    return tip


def everything():
    return [list(model.objects.order_by("pk").values()) for model in (Tip, TipRevision, TipStep, OutgoingMail)]


def press(client, tip, name):
    """What comes of it, and whether anything changed; it is undone again."""
    soon = timezone.localdate() + 300 * DAY
    asked = {"text": tip.latest.number, "comment": "Which leg?", "reason": "I work alone.", "next_review": str(soon)}
    with transaction.atomic():
        before, steps = everything(), TipStep.objects.count()
        response = client.post(f"{page(tip)}{name}/", asked)
        changed, written = everything() != before, TipStep.objects.count() - steps
        transaction.set_rollback(True)
    return response.status_code, changed, written


PLACES = [(status, live) for status, live in product(S, [True, False]) if live or status != S.APPROVED]


@pytest.mark.parametrize("own", [False, True], ids=["of another", "of their own"])
@pytest.mark.parametrize(("status", "live"), PLACES, ids=str)
@pytest.mark.parametrize(("role", "others"), PEOPLE, ids=str)
def test_a_button_is_shown_exactly_where_its_press_works(clinic, signed_in, role, others, status, live, own):
    for other in others:
        make_person(other)
    person = make_person(role)
    tip = place(status, live=live, author=person if own else make_person("Therapist"))
    client = signed_in(person)

    shown = [name for name in offered(client, tip) if name in ACTS]
    came = {name: press(client, tip, name) for name in ACTS}

    assert shown == [name for name, (code, _, _) in came.items() if code == DONE]
    assert {(changed, written) for code, changed, written in came.values() if code == DONE} <= {(True, 1)}
    assert {one for one in came.values() if one[0] != DONE} <= {(FORBIDDEN, False, 0), (REFUSED, False, 0)}


@pytest.mark.parametrize("name", ACTS)
def test_who_has_no_role_and_who_is_not_signed_in_do_nothing(clinic, client, signed_in, name):
    tip = place(S.IN_EDITORIAL, live=True, author=make_person("Therapist"))

    nobody, stranger = press(signed_in(make_person(None)), tip, name), press(client, tip, name)

    assert (nobody, stranger[1:]) == ((FORBIDDEN, False, 0), (False, 0))


@pytest.mark.parametrize("name", ACTS)
def test_nothing_is_done_by_a_link(clinic, editor, signed_in, name):
    tip = place(S.IN_EDITORIAL, live=True, author=editor)
    before = everything()

    response = signed_in(editor).get(f"{page(tip)}{name}/")

    assert (response.status_code, response["Location"], everything()) == (302, page(tip), before)
