"""Whatever people do, in whatever order: readers see no text that two others, or one for a correction, did not agree to."""

from contextlib import suppress
from datetime import date

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import NOON, make_person, make_tip
from tips.models import Tip, TransitionNotAllowed

pytestmark = pytest.mark.django_db

NEXT = date(2027, 3, 2)
NAMES = ["author", "editor", "both", "reviewer"]
WORDS = {"title": "A stronger back", "summary": "Three calm exercises.", "sources": "A study."}
ACTS = {
    "write": lambda tip, by, n: tip.revise(by=by, at=NOON, **WORDS, body=f"Words {n}."),
    "restore": lambda tip, by, n: tip.restore(tip.revisions.first(), by=by, at=NOON),
    "submit": lambda tip, by, n: tip.submit(by=by, at=NOON, minor=n == 0),
    "agree as an editor": lambda tip, by, n: tip.approve_editorial(tip.latest, by=by, at=NOON),
    "agree as a clinician": lambda tip, by, n: tip.approve_clinical(tip.latest, next_review=NEXT, by=by, at=NOON),
    "ask for changes": lambda tip, by, n: tip.request_changes(comment="Which leg?", by=by, at=NOON),
    "take back": lambda tip, by, n: tip.take_back(by=by, at=NOON),
    "publish alone": lambda tip, by, n: tip.publish_alone(tip.latest, reason="x", next_review=NEXT, by=by, at=NOON),
    "confirm": lambda tip, by, n: tip.confirm(tip.latest, next_review=NEXT, by=by, at=NOON),
    "archive": lambda tip, by, n: tip.archive(by=by, at=NOON),
    "take up again": lambda tip, by, n: tip.take_up_again(by=by, at=NOON),
}
MAY = {
    "agree as an editor": {"editor", "both"},
    "agree as a clinician": {"both", "reviewer"},
    "publish alone": {"editor", "both"},
}
NAME, N = st.sampled_from(NAMES), st.integers(0, 2)
ONE = st.tuples(st.sampled_from(sorted(ACTS)), NAME, N).map(lambda act: [act])
# By chance alone hardly anything would go live: here the whole way comes as one, by anybody.
WAY = st.tuples(st.tuples(NAME, NAME, NAME), NAME, N, N).map(
    lambda drawn: [
        *[("write", name, drawn[2] + place) for place, name in enumerate(drawn[0][:2])],
        ("submit", "author", drawn[3]),
        ("agree as an editor", drawn[0][2], 0),
        ("agree as a clinician", drawn[1], 0),
    ]
)
ORDERS = st.lists(WAY | ONE, min_size=1, max_size=8).map(lambda parts: [act for part in parts for act in part])


def writers(tip, *, since):
    """Who wrote what readers have not seen since that text, or the same words before; of a first text, whose it is."""
    live = tip.live
    texts = tip.revisions.filter(number__lte=live.number).values_list("number", "body", "written_by__username")
    wrote = {who for number, body, who in texts if number > since or body == live.body}
    return wrote if since else wrote | {"author"}


def may_be_live(tip, act, name, agreed, *, since):
    """The rule in plain words; `agreed` says which editors have agreed to which text."""
    wrote, editors = writers(tip, since=since), agreed.get(tip.live.number, set())
    if act == "agree as an editor":
        return since > 0 and name not in wrote
    if act == "agree as a clinician":
        return name not in wrote and bool(editors - wrote - {name})
    ever = set(tip.revisions.values_list("written_by__username", flat=True))
    return act == "publish alone" and not MAY["agree as a clinician"] - ever - editors


@given(orders=ORDERS, is_live=st.booleans())
@settings(max_examples=100, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_is_live_without_the_agreement_of_others(clinic, orders, is_live):
    with transaction.atomic():
        roles = {"author": "Therapist", "editor": "Editor", "both": "Editor", "reviewer": "Clinical reviewer"}
        people = {name: make_person(role, username=name) for name, role in roles.items()}
        people["both"].groups.add(Group.objects.get(name="Clinical reviewer"))
        tip = make_tip(author=people["author"], published_at=NOON if is_live else None, text=WORDS)
        seen, agreed, wrong = tip.live, {}, []

        for act, name, n in orders:
            tip = Tip.objects.get()
            with suppress(TransitionNotAllowed):
                if name in MAY.get(act, NAMES):
                    ACTS[act](tip, people[name], n)
                    if act == "agree as an editor":
                        agreed.setdefault(tip.latest.number, set()).add(name)
            tip = Tip.objects.get()
            since = seen.number if seen else 0
            # The same words once more need nobody.
            is_new = tip.live and not (seen and tip.live.text == seen.text)
            if is_new and not may_be_live(tip, act, name, agreed, since=since):
                wrong.append((act, name, tip.live.number))
            seen = tip.live
        transaction.set_rollback(True)

    assert wrong == []
