"""What holds when two people, or two workers, do something at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from time import sleep

import pytest
from django.db import connection, transaction

from clinic.models import OutgoingMail
from tests.factories import DAY, NOON, come_in, make_person, make_tip
from tips import emails
from tips.models import Tip, TipStatus, Topic, TransitionNotAllowed
from tips.search import SearchEntry
from tips.tick import tick

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

S = TipStatus
NEXT = date(2027, 3, 2)
NEWER = {"title": "Newer", "summary": "Nobody has read this.", "body": "Other words.", "sources": "A study."}


def guards(guarded, unguarded):
    """The code as it is; and on PostgreSQL, where races are real, what would happen without its guard."""
    control = [pytest.param(unguarded, False, id="control")] * (connection.vendor == "postgresql")
    return [pytest.param(guarded, True, id="guarded"), *control]


def closing(act, *given):
    """What came of it, in a thread that leaves no connection behind."""
    try:
        return act(*given) or "done"
    except TransitionNotAllowed as refusal:
        return str(refusal)
    finally:
        connection.close()


def at_once(acts):
    ready = threading.Barrier(len(acts), timeout=20)
    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(lambda act: closing(act, ready), acts))


def agree(tip, reviewer):
    tip.approve_clinical(tip.latest, next_review=NEXT, by=reviewer, at=NOON)


def agree_without_comparing(tip, reviewer):
    if tip.status != S.IN_CLINICAL:
        raise TransitionNotAllowed
    Tip.objects.filter(pk=tip.pk).update(status=S.APPROVED, live=tip.latest, publish_at=NOON)
    tip.steps.create(revision=tip.latest, from_status=S.IN_CLINICAL, to_status=S.APPROVED, by=reviewer, at=NOON)


@pytest.mark.parametrize(("act", "guarded"), guards(agree, agree_without_comparing))
def test_agreeing_while_a_new_text_is_kept_is_refused(act, guarded):
    tip, reviewer = make_tip(published_at=None, status=S.IN_CLINICAL), make_person("Clinical reviewer")

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            Tip.objects.get().revise(by=tip.author, at=NOON, **NEWER)
            agreed = other.submit(closing, act, tip, reviewer)
            sleep(0.5)
        said = agreed.result()

    kept = Tip.objects.get()
    assert ((kept.status, kept.live) == (S.DRAFT, None)) == guarded
    assert (said != "done") == guarded


def test_a_new_text_kept_while_another_agrees_waits_for_an_agreement_of_its_own():
    tip, reviewer = make_tip(published_at=None, status=S.IN_CLINICAL), make_person("Clinical reviewer")

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            agree(Tip.objects.get(), reviewer)
            kept = other.submit(closing, lambda: tip.revise(by=tip.author, at=NOON, **NEWER))
            sleep(0.5)
        kept.result()

    after = Tip.objects.get()
    assert (after.status, after.live.number, after.latest.number) == (S.DRAFT, 1, 2)


@pytest.mark.parametrize(("act", "guarded"), guards(agree, agree_without_comparing))
def test_of_two_who_agree_at_once_one_does_and_the_other_reads_who(act, guarded):
    make_tip(published_at=None, status=S.IN_CLINICAL)
    people = [make_person("Clinical reviewer") for _ in range(2)]

    def agreeing(person):
        def run(ready):
            tip = Tip.objects.get()
            ready.wait()
            act(tip, person)

        return run

    said = at_once([agreeing(person) for person in people])

    tip = Tip.objects.get()
    assert tip.steps.count() == (1 if guarded else 2)
    if guarded:
        other = said[1 - said.index("done")]
        assert f"“Approved” since {tip.clinical_reviewer}" in other
        assert OutgoingMail.objects.filter(event="tip_approved").count() == 1


def test_a_topic_that_is_renamed_while_a_text_goes_live_leaves_that_text_to_be_found(clinic, editor, reviewer):
    topic = Topic.objects.create(name="Backs", slug="backs")
    tip = make_tip(topics=[topic])
    tip.revise(by=tip.author, at=NOON, **NEWER)
    Tip.objects.update(status=S.IN_CLINICAL)
    browser = come_in(editor)

    def rename():
        return browser.post(f"/admin/tips/topic/{topic.pk}/change/", {"name": "Spines"}).status_code

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            agree(Tip.objects.get(), reviewer)
            renamed = other.submit(closing, rename)
            sleep(0.5)
        said = renamed.result()

    found = SearchEntry.objects.get()
    assert (said, found.text_id) == (302, Tip.objects.get().latest.pk)
    assert "spine" in found.topics


def tell_without_marking(*, at):
    for tip in list(Tip.objects.to_be_told(at=at)):
        sleep(0.1)
        emails.tip_review_due(tip, [tip.author], at=at)
        Tip.objects.filter(pk=tip.pk).update(review_told_at=at)


@pytest.mark.parametrize(("tell", "guarded"), guards(tick, tell_without_marking))
def test_however_many_workers_tell_at_once_each_article_s_people_hear_once(tell, guarded):
    author = make_person("Editor")
    for _ in range(5):
        make_tip(author=author, next_review=NOON.date() + DAY)

    def work(ready):
        ready.wait()
        tell(at=NOON)

    at_once([work] * 4)

    assert (OutgoingMail.objects.filter(event="tip_review_due").count() == 5) == guarded
