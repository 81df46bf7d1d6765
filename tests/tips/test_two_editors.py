"""Two people at one article at once: the second is told, sees both texts, and loses nothing."""

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from time import sleep

import pytest
from django.db import connection, transaction

from tests.factories import DAY, NOON, make_person, make_tip
from tests.tips.test_admin import TEXT, as_it_stands, change, stored
from tips.models import FormerAddress, Tip, TipStatus

pytestmark = pytest.mark.django_db


def test_the_second_of_two_sees_both_texts_and_a_second_press_keeps_theirs(clinic, editor, signed_in):
    tip = make_tip(published_at=None, slug="a")
    opened = as_it_stands(tip, title="Mine", body="What I typed.")
    tip.revise(by=make_person("Editor", display_name="Nora"), at=NOON, **TEXT)
    client = signed_in(editor)

    refused = client.post(change(tip), opened)
    html = unescape(refused.content.decode())
    newer = re.search(r'name="based_on" value="(\d+)"', html)[1]
    client.post(change(tip), opened | {"based_on": newer})

    assert [
        part for part in ("Nora has changed this page", "What I typed.", "## Why", 'value="Mine"') if part not in html
    ] == []
    assert [title for *_, title in stored()] == ["A stronger back", "Stronger knees", "Mine"]


def test_only_what_differs_from_theirs_is_marked(clinic, editor, signed_in):
    tip = make_tip(published_at=None, slug="a", text={"body": "One.\n\nTwo."})
    opened = as_it_stands(tip, title="Mine")
    tip.revise(by=make_person("Editor"), at=NOON, **tip.latest.text | {"summary": "Theirs."})

    response = signed_in(editor).post(change(tip), opened)

    assert [difference.label for difference in response.context["mine"]] == ["title", "summary"]


def test_the_second_of_two_who_arrange_is_told_as_well(clinic, editor, signed_in):
    tip = make_tip(published_at=None, slug="a")
    opened = as_it_stands(tip, expire_at="2126-03-03T00:00")
    tip.arrange(by=make_person("Editor", display_name="Nora"), at=NOON, topics=[], regions=["knee"])

    response = signed_in(editor).post(change(tip), opened)

    assert ("Nora has changed this page" in response.content.decode(), Tip.objects.get().expire_at) == (True, None)


def test_a_reviewer_who_is_the_second_of_two_sees_both_texts_as_well(clinic, signed_in):
    tip = make_tip(slug="a")
    opened = as_it_stands(tip, title="Mine")
    tip.arrange(by=make_person("Editor", display_name="Nora"), at=NOON, topics=[], regions=["knee"])

    response = signed_in(make_person("Clinical reviewer")).post(change(tip), opened)

    assert (response.status_code, "Nora has changed this page" in response.content.decode()) == (200, True)


def test_a_second_press_keeps_what_was_arranged_and_both_are_in_the_history(clinic, editor, signed_in):
    tip = make_tip(slug="a")
    opened = as_it_stands(tip, slug="mine")
    tip.arrange(by=make_person("Editor"), at=NOON, topics=[], regions=["knee"], slug="theirs")
    client = signed_in(editor)

    client.post(change(tip), opened)
    client.post(change(tip), opened | {"based_on": Tip.objects.get().version})

    assert (Tip.objects.get().slug, [each.path for each in FormerAddress.objects.all()]) == (
        "mine",
        ["/tips/a/", "/tips/theirs/"],
    )
    assert [step.comment.splitlines()[0] for step in tip.steps.all()] == [
        "address: a → theirs",
        "address: theirs → mine",
    ]


def test_who_opened_it_before_it_moved_on_without_a_new_text_saves_what_is_the_same(clinic, editor, signed_in):
    tip = make_tip(slug="a", published_at=None)
    opened = as_it_stands(tip)
    tip.submit(by=tip.author, at=NOON)

    response = signed_in(editor).post(change(tip), opened)

    assert (response.status_code, stored()) == (302, [("a", "in_editorial", 1, "A stronger back")])


def test_nobody_is_told_of_a_save_that_changed_nothing(clinic, editor, signed_in):
    tip = make_tip(published_at=None, slug="a")
    opened = as_it_stands(tip, title="Mine")
    signed_in(make_person("Editor")).post(change(tip), as_it_stands(tip))

    signed_in(editor).post(change(tip), opened)

    assert [title for *_, title in stored()] == ["A stronger back", "Mine"]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_who_saves_while_another_agrees_is_told_and_undoes_nothing(clinic, signed_in):
    tip = make_tip(published_at=None, publish_at=NOON, slug="a", status=TipStatus.IN_CLINICAL)
    client = signed_in(make_person("Editor"))
    sent = as_it_stands(tip, title="Changed")

    def save():
        try:
            client.post(change(tip), sent)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            tip.approve_clinical(
                tip.latest, next_review=NOON.date() + DAY, by=make_person("Clinical reviewer"), at=NOON
            )
            saved = other.submit(save)
            sleep(0.8)
        saved.result()

    assert stored() == [("a", "approved", 1, "A stronger back")]
    assert Tip.objects.get().live.number == 1
