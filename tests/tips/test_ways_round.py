"""Ways that somebody found to go round the rules of publishing; each is closed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from html import unescape
from threading import Barrier

import pytest
from defusedxml.minidom import parseString
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.utils import timezone

from clinic.mail import render
from clinic.models import OutgoingMail, User
from tests.factories import DAY, NOON, make_person, make_tip
from tests.tips.test_admin import ADD, TEXT, as_it_stands, change, form, wrong_fields
from tips.importing.folder import Folder
from tips.importing.importer import Importer
from tips.importing.pictures import Pictures
from tips.models import FormerAddress, Tip, TipKind, TipStatus, Topic, TransitionNotAllowed

pytestmark = pytest.mark.django_db

NEXT = date(2027, 3, 2)


def reworded(tip, body):
    return tip.latest.text | {"body": body}


# Whose words are on the page


def test_who_wrote_the_page_does_not_confirm_it_after_a_colleagues_comma():
    writer, other, third = make_person("Clinical reviewer"), make_person("Editor"), make_person("Editor")
    tip = make_tip(author=writer)
    tip.revise(by=other, at=NOON, **reworded(tip, "Stand tall!"))
    tip.submit(by=other, at=NOON, minor=True)
    tip.approve_editorial(tip.latest, by=third, at=NOON)

    with pytest.raises(TransitionNotAllowed, match="Your words are on this page"):
        tip.confirm(tip.latest, next_review=NEXT, by=writer, at=NOON)


def test_whose_name_the_page_carries_is_not_its_reviewer():
    named, writer = make_person("Clinical reviewer"), make_person("Editor")
    tip = make_tip(author=named)
    editor = make_person("Editor")
    text = tip.revise(by=writer, at=NOON, **reworded(tip, "Other."))
    tip.submit(by=writer, at=NOON)
    tip.approve_editorial(text, by=editor, at=NOON)

    with pytest.raises(TransitionNotAllowed, match="Your words are on this page"):
        tip.approve_clinical(text, next_review=NEXT, by=named, at=NOON)


def test_naming_the_only_clinician_as_author_leaves_nobody_alone(clinic, signed_in):
    writer, clinician = make_person("Editor"), make_person("Clinical reviewer")
    make_person("Editor")
    tip = make_tip(author=writer, published_at=None)
    client = signed_in(writer)
    client.post(change(tip), as_it_stands(tip, author=clinician.pk))
    soon = {"text": "1", "reason": "In a hurry", "next_review": str((timezone.now() + 30 * DAY).date())}

    response = client.post(f"/admin/articles/{tip.pk}/publish_alone/", soon)

    assert (response.status_code, Tip.objects.get().live) == (409, None)


@pytest.mark.parametrize("act", ["discard", "restore"])
def test_who_throws_a_colleagues_draft_away_has_written_none_of_the_page(act):
    writer, editor, clinician = make_person("Editor"), make_person("Editor"), make_person("Clinical reviewer")
    tip = make_tip(author=writer)
    live = tip.live
    tip.revise(by=editor, at=NOON, **reworded(tip, "Run on it."))
    again = {"discard": [], "restore": [live]}[act]

    getattr(tip, act)(*again, by=clinician, at=NOON)
    tip.confirm(tip.latest, next_review=NEXT, by=clinician, at=NOON)

    assert (tip.latest.written_by, tip.clinical_reviewer) == (writer, clinician)
    assert list(tip.steps.values_list("to_status", "by")) == [
        ("draft", editor.pk),
        ("approved", clinician.pk),
        ("approved", clinician.pk),
    ]


# Refusals


def test_what_a_clinician_refused_is_no_minor_correction():
    writer, editor, clinician = make_person("Editor"), make_person("Editor"), make_person("Clinical reviewer")
    tip = make_tip(author=writer)
    tip.revise(by=writer, at=NOON, **reworded(tip, "Run on it."))
    tip.submit(by=writer, at=NOON)
    tip.approve_editorial(tip.latest, by=editor, at=NOON)
    tip.request_changes(comment="Dangerous", by=clinician, at=NOON)

    with pytest.raises(TransitionNotAllowed, match="A clinician has asked for changes"):
        tip.submit(by=writer, at=NOON, minor=True)


def test_what_a_clinician_refused_is_none_either_when_it_was_thrown_away_and_written_again():
    writer, editor, clinician = make_person("Editor"), make_person("Editor"), make_person("Clinical reviewer")
    tip = make_tip(author=writer)
    refused = reworded(tip, "Run on it.")
    tip.revise(by=writer, at=NOON, **refused)
    tip.submit(by=writer, at=NOON)
    tip.approve_editorial(tip.latest, by=editor, at=NOON)
    tip.request_changes(comment="Dangerous", by=clinician, at=NOON)
    tip.discard(by=writer, at=NOON)
    tip.revise(by=writer, at=NOON, **refused)

    with pytest.raises(TransitionNotAllowed, match="A clinician has asked for changes"):
        tip.submit(by=writer, at=NOON, minor=True)


def test_who_agreed_as_an_editor_once_may_agree_as_the_clinician_after_another_editor():
    writer, editor, both = make_person("Therapist"), make_person("Editor"), make_person("Editor")
    both.groups.add(Group.objects.get(name="Clinical reviewer"))
    both = User.objects.get(pk=both.pk)
    tip = make_tip(author=writer, published_at=None)
    tip.submit(by=writer, at=NOON)
    tip.approve_editorial(tip.latest, by=both, at=NOON)
    tip.request_changes(comment="The wrong hat.", by=both, at=NOON)
    tip.submit(by=writer, at=NOON)
    tip.approve_editorial(tip.latest, by=editor, at=NOON)

    tip.approve_clinical(tip.latest, next_review=NEXT, by=both, at=NOON)

    assert tip.live == tip.latest


def test_where_every_editor_wrote_some_of_it_a_clinician_is_asked_and_the_reason_kept():
    one, other, clinician = make_person("Editor"), make_person("Editor"), make_person("Clinical reviewer")
    tip = make_tip(author=one, published_at=None)
    tip.revise(by=other, at=NOON, **reworded(tip, "By both."))

    tip.pass_over_editors(reason="Both of us wrote it.", by=one, at=NOON)
    assert "No editor has agreed to it" in render(OutgoingMail.objects.get(to=clinician.email)).body
    tip.approve_clinical(tip.latest, next_review=NEXT, by=clinician, at=NOON)

    assert (tip.independently_reviewed, tip.clinical_reviewer) == (True, clinician)
    assert tip.steps.first().comment == "Both of us wrote it."


# What nobody saw, and what nobody may lose


def test_a_title_that_readers_never_saw_is_not_told_when_it_is_taken_down(clinic, client):
    tip = make_tip(published_at=timezone.now() + 5 * DAY, text={"title": "SECRET"})
    tip.archive(by=make_person("Editor"), at=timezone.now())

    response = client.get(tip.get_absolute_url())

    assert (response.status_code, "SECRET" in response.content.decode()) == (404, False)


def test_of_what_was_taken_up_and_down_again_nothing_is_promised_to_who_saw_it_once(clinic, client, editor, signed_in):
    tip = make_tip(status=TipStatus.ARCHIVED)
    tip.take_up_again(by=editor, at=NOON)

    answer = signed_in(editor).post(f"/admin/articles/{tip.pk}/archive/", follow=True)
    found = client.get(tip.get_absolute_url())

    said = [str(message) for message in answer.context["messages"]]
    assert said == ["Archived. Readers who could open it until now are told, and shown what is near."]
    assert found.status_code == 404


def test_the_second_of_two_sees_what_the_first_arranged_around_the_text(clinic, editor, signed_in):
    tip = make_tip(slug="mine", author=editor)
    opened = as_it_stands(tip, title="Mine")
    tip.arrange(by=make_person("Editor"), at=NOON, topics=[], regions=["knee"], slug="theirs")

    html = unescape(signed_in(editor).post(change(tip), opened).content.decode())

    assert "address: theirs → mine" in html.replace("Address", "address")
    assert "Knee → –" in html


# Names and letters


def test_a_topic_is_found_by_its_new_name(clinic, client, editor, signed_in):
    topic = Topic.objects.create(name="Knees", slug="knees")
    tip = make_tip(topics=[topic])

    signed_in(editor).post(f"/admin/tips/topic/{topic.pk}/change/", {"name": "Hips", "slug": "knees"})

    assert tip.live.title in client.get("/tips/", {"q": "hips"}).content.decode()


def test_topics_stand_in_the_order_of_their_letters():
    for name in ("running", "Knees", "back"):
        Topic.objects.create(name=name, slug=name.lower())

    assert [topic.name for topic in Topic.objects.all()] == ["back", "Knees", "running"]


@pytest.mark.parametrize(("name", "again"), [("Knees", "knees"), ("épaule", "Épaule")])
def test_a_topic_has_a_name_of_its_own(clinic, editor, signed_in, name, again):
    Topic.objects.create(name=name, slug="one")

    refused = signed_in(editor).post("/admin/tips/topic/add/", {"name": again, "slug": "more"})

    assert "Another topic has this name, in capitals or not." in refused.content.decode()
    assert Topic.objects.count() == 1


@pytest.mark.parametrize("letter", ["\x0b", "\x1f", "\ufffe", "\uffff", "\U0001fffe"])
def test_no_letter_breaks_the_feed(clinic, client, editor, signed_in, letter):
    signed_in(editor).post("/admin/tips/topic/add/", {"name": f"Kn{letter}ees", "slug": "knees"})
    make_tip(topics=[Topic.objects.get()], text={"title": f"A{letter}b"})

    feed = client.get("/tips/feed/")

    assert parseString(feed.content).documentElement.tagName == "feed"


def test_an_address_that_differs_in_its_case_only_is_taken(clinic, editor, signed_in):
    make_tip(slug="back-pain")

    assert wrong_fields(signed_in(editor).post(ADD, form(editor, slug="Back-Pain"))) == ["slug"]


@pytest.mark.parametrize("typed", ["Back-Pain", "back--pain", "-back-pain_"])
def test_an_address_is_kept_as_the_form_for_a_consultation_is_told_of_it(clinic, client, editor, signed_in, typed):
    tip = make_tip(slug=typed, author=editor)

    signed_in(editor).post(change(tip), as_it_stands(tip))

    assert Tip.objects.get().slug == "back-pain"
    assert client.get(f"/tips/{typed}/")["Location"] == "/tips/back-pain/"
    assert "/consultation/?tip=back-pain" in client.get("/tips/back-pain/").content.decode()


def test_a_guide_does_not_take_the_address_of_a_tip(clinic, editor, signed_in):
    make_tip(slug="hips")
    make_tip(slug="back-pain")
    shares = make_tip(slug="back-pain", kind=TipKind.GUIDE, author=editor)
    other = make_tip(slug="other", kind=TipKind.GUIDE, author=editor)
    client = signed_in(editor)

    kept = client.post(change(shares), as_it_stands(shares, title="It goes on"))
    refused = client.post(change(other), as_it_stands(other, slug="hips"))

    assert (kept.status_code, wrong_fields(refused)) == (302, ["slug"])


def test_an_address_of_nothing_but_dashes_is_refused(clinic, editor, signed_in):
    assert wrong_fields(signed_in(editor).post(ADD, form(editor, slug="--"))) == ["slug"]


@pytest.mark.parametrize("field", ["publish_at", "expire_at"])
@pytest.mark.parametrize("when", ["9999-12-31T23:59", "0001-01-01T00:00"])
def test_a_date_beyond_all_dates_is_told_beside_its_field(clinic, editor, signed_in, field, when):
    response = signed_in(editor).post(ADD, form(editor, **{field: when}))

    assert (response.status_code, wrong_fields(response)) == (200, [field])


def test_a_site_that_nobody_has_set_up_yet_answers(client):
    make_tip()

    assert client.get("/").status_code == 200


@pytest.mark.parametrize("path", ["/consultation", "/admin", "/privacy", "/tips"])
def test_an_imported_address_takes_none_of_the_sites_own(clinic, client, editor, tmp_path, path):
    (tmp_path / "a.md").write_text(f"---\ntitle: Old page\nurl: {path}\n---\nText of it.\n")

    Importer(Folder(tmp_path), Pictures(tmp_path), author=editor, at=NOON, write=True).run()

    assert (Tip.objects.count(), FormerAddress.objects.count()) == (1, 0)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_who_choose_one_address_at_once_one_has_it_and_nobody_loses_a_text(clinic):
    editors = [make_person("Editor") for _ in range(4)]
    barrier = Barrier(len(editors))

    def add(editor):
        client = Client()
        client.force_login(editor)
        try:
            barrier.wait()
            return client.post(ADD, form(editor)).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(editors)) as threads:
        statuses = sorted(threads.map(add, editors))

    assert statuses == [200, 200, 200, 302]
    assert [tip.latest.title for tip in Tip.objects.all()] == [TEXT["title"]]
