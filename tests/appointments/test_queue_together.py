"""Several requests at once: each by its own transition, so that one which refuses stops no other."""

import pytest
from django.utils import timezone

from appointments.models import ConsultationRequest
from tests.factories import HOUR, SAID, come_in

from .desk import QUEUE, notices, references
from .pages import Page
from .stages import S, bring_to, everything, make_arrived, make_visit, queued

pytestmark = pytest.mark.django_db

ACT = f"{QUEUE}act/"


def suspect():
    return make_arrived(suspicion="trapped")


def do(client, name, *consultations, show="new"):
    chosen = [each.reference for each in consultations]
    return client.post(ACT, {"act": name, "reference": chosen, "show": show}, follow=True)


def standing(*consultations):
    rows = ConsultationRequest.objects.in_bulk([each.pk for each in consultations])
    return [(rows[each.pk].status, rows[each.pk].assigned_to, rows[each.pk].suspicion) for each in consultations]


def ticks(page):
    return [tag.attrs["value"] for tag in page.all("input", type="checkbox", name="reference")]


def buttons(page):
    return [tag.attrs["value"] for tag in page.within("button", "together")]


def test_claiming_several_makes_each_mine_and_says_how_many(clinic, signed_in, therapist):
    first, second, other = [make_arrived() for _ in range(3)]

    answer = do(signed_in(therapist), "claim", first, second)

    assert standing(first, second, other) == [(S.IN_REVIEW, therapist, "")] * 2 + [(S.NEW, None, "")]
    assert (notices(Page(answer)), references(answer)) == (["2 requests are yours."], [other.reference])
    assert [change.by for change in first.history.filter(to_status=S.IN_REVIEW)] == [therapist]


def test_what_was_refused_is_said_and_the_others_go_through(clinic, signed_in, therapist, colleague):
    taken, free = make_arrived(), make_arrived()
    taken.claim(by=colleague, at=timezone.now())

    answer = do(signed_in(therapist), "claim", taken, free)

    assert standing(taken, free) == [(S.IN_REVIEW, colleague, ""), (S.IN_REVIEW, therapist, "")]
    refused, done = notices(Page(answer))
    assert refused.startswith(f"{taken.reference} is “In review” since ")
    assert f"({colleague}). Nothing was changed." in refused
    assert done == "1 request is yours."


def test_marking_several_as_spam_tells_nobody(clinic, signed_in, therapist):
    rows = [suspect(), suspect()]

    answer = do(signed_in(therapist), "spam", *rows, show="suspect")

    assert [status for status, *_ in standing(*rows)] == [S.SPAM] * 2
    assert notices(Page(answer)) == ["2 requests are marked as spam. Nobody was told."]
    assert queued() == []


def test_several_that_are_no_spam_are_among_the_new_ones_and_their_senders_hear_of_it(clinic, signed_in, therapist):
    first, second = suspect(), make_arrived(suspicion="quick")

    answer = do(signed_in(therapist), "clear", first, second, show="suspect")

    assert standing(first, second) == [(S.NEW, None, "")] * 2
    assert notices(Page(answer)) == [
        "2 requests are among the new ones now.",
    ]
    assert queued() == [("received", SAID["email"])]


@pytest.mark.parametrize(
    ("show", "acts"),
    [
        ("waiting", ["claim"]),
        ("new", ["claim"]),
        ("suspect", ["clear", "claim", "spam"]),
        ("mine", []),
        ("open", []),
    ],
)
def test_only_some_parts_offer_to_act_on_several(clinic, signed_in, therapist, show, acts):
    make_arrived()
    suspect()
    bring_to(S.IN_REVIEW, by=therapist)

    page = Page(signed_in(therapist).get(QUEUE, {"show": show}))

    assert buttons(page) == acts
    assert bool(ticks(page)) == bool(acts)


def test_only_what_can_be_claimed_has_a_box_to_tick(clinic, signed_in, therapist, colleague):
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    make_visit(therapist, now - 200 * HOUR, at=now - 400 * HOUR)
    bring_to(S.IN_REVIEW, by=colleague, answer_by=now - HOUR)
    new = make_arrived()

    page = Page(signed_in(therapist).get(QUEUE))

    assert (len(page.within("tr", "queue")), ticks(page)) == (4, [new.reference])


@pytest.mark.parametrize(
    "sent",
    [
        {"act": "claim"},
        {"act": "claim", "show": "mine"},
        {"act": "clear", "show": "new"},
        {"act": "spam", "show": "new"},
        {"act": "spam", "show": "waiting"},
        {"act": "delete", "show": "new"},
        {"act": "__class__", "show": "new"},
        {},
    ],
)
def test_what_the_part_does_not_offer_changes_nothing(clinic, signed_in, therapist, sent):
    consultation = make_arrived()
    before = everything()

    answer = signed_in(therapist).post(ACT, ({"reference": consultation.reference} if "show" in sent else {}) | sent)

    assert (answer.status_code, everything()) == (302, before)


def test_nothing_ticked_is_said(clinic, signed_in, therapist):
    make_arrived()

    answer = do(signed_in(therapist), "claim")

    assert notices(Page(answer)) == ["Tick one or more requests first."]


def test_whoever_arrives_by_a_link_finds_the_queue_unchanged(clinic, signed_in, therapist):
    consultation = make_arrived()
    before = everything()

    answer = signed_in(therapist).get(ACT, {"act": "claim", "reference": consultation.reference})

    assert (answer.status_code, answer.url, everything()) == (302, f"{QUEUE}?show=waiting", before)


def test_acting_on_several_needs_the_token_of_the_page(clinic, therapist):
    consultation = make_arrived()
    client = come_in(therapist, enforce_csrf_checks=True)

    answer = client.post(ACT, {"act": "claim", "reference": consultation.reference})

    assert answer.status_code == 403
    assert standing(consultation) == [(S.NEW, None, "")]
