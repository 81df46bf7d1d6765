"""The page of an article at the desk: which acts it offers to whom, what a press does, its links, its history."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from clinic.models import DayCount
from tests.factories import DAY, NOON, make_person, make_tip
from tests.tips.test_admin import TEXT
from tips.models import PreviewLink, Tip, TipKind, TipStatus

pytestmark = pytest.mark.django_db

S = TipStatus
ROLES = ["Owner", "Therapist", "Editor", "Clinical reviewer"]
NEXT = {"next_review": "2099-01-01"}


@pytest.fixture
def somebody(db):
    """Somebody else could always agree."""
    return [make_person("Editor"), make_person("Editor"), make_person("Clinical reviewer")]


def page(tip):
    return f"/admin/articles/{tip.pk}/"


def in_status(status, **fields):
    return make_tip(status=status, published_at=NOON if status in {S.APPROVED, S.ARCHIVED} else None, **fields)


def offered(client, tip):
    html = client.get(page(tip)).content.decode()
    return re.findall(rf'action="{page(tip)}(\w+)/"', html.split('id="acts"')[1])


def unchanged():
    return [list(Tip.objects.values()), *[list(tip.steps.values()) for tip in Tip.objects.all()]]


def said(response):
    return [str(message) for message in response.context["messages"]]


@pytest.mark.parametrize(
    ("status", "role", "acts"),
    [
        (S.DRAFT, "Owner", []),
        (S.DRAFT, "Therapist", ["submit", "links"]),
        (S.DRAFT, "Editor", ["submit", "archive", "links"]),
        (S.DRAFT, "Clinical reviewer", ["submit", "links"]),
        (S.IN_EDITORIAL, "Therapist", ["links"]),
        (S.IN_EDITORIAL, "Editor", ["approve_editorial", "request_changes", "archive", "links"]),
        (S.IN_EDITORIAL, "Clinical reviewer", ["links"]),
        (S.IN_CLINICAL, "Editor", ["archive", "links"]),
        (S.IN_CLINICAL, "Clinical reviewer", ["approve_clinical", "request_changes", "links"]),
        (S.CHANGES_REQUESTED, "Therapist", ["submit", "links"]),
        (S.APPROVED, "Editor", ["archive", "links"]),
        (S.APPROVED, "Clinical reviewer", ["confirm", "links"]),
        (S.APPROVED, "Owner", []),
        (S.ARCHIVED, "Editor", ["take_up_again"]),
        (S.ARCHIVED, "Therapist", []),
    ],
)
def test_each_is_offered_what_is_theirs_to_do(clinic, somebody, signed_in, status, role, acts):
    tip = in_status(status)

    found = offered(signed_in(make_person(role)), tip)

    assert found == acts


def test_who_wrote_it_is_told_that_somebody_else_has_to_agree_and_may_take_it_back(clinic, somebody, editor, signed_in):
    tip = in_status(S.IN_EDITORIAL, author=editor)
    client = signed_in(editor)

    html = client.get(page(tip)).content.decode()

    assert offered(client, tip) == ["request_changes", "take_back", "archive", "links"]
    assert "somebody else has to agree" in html


def test_who_agreed_as_an_editor_is_not_offered_to_agree_as_a_clinician(clinic, somebody, editor, signed_in):
    editor.groups.add(Group.objects.get(name="Clinical reviewer"))
    tip, client = in_status(S.IN_EDITORIAL), signed_in(editor)

    client.post(f"{page(tip)}approve_editorial/", {"text": 1})

    assert offered(client, tip) == ["request_changes", "archive", "links"]


@pytest.mark.parametrize(
    ("act", "status", "role"),
    [
        ("submit", S.DRAFT, "Owner"),
        ("approve_editorial", S.IN_EDITORIAL, "Therapist"),
        ("approve_editorial", S.IN_EDITORIAL, "Clinical reviewer"),
        ("approve_clinical", S.IN_CLINICAL, "Editor"),
        ("request_changes", S.IN_EDITORIAL, "Therapist"),
        ("confirm", S.APPROVED, "Editor"),
        ("publish_alone", S.DRAFT, "Therapist"),
        ("archive", S.APPROVED, "Clinical reviewer"),
        ("take_up_again", S.ARCHIVED, "Therapist"),
    ],
)
def test_what_is_not_theirs_is_forbidden_and_changes_nothing(clinic, somebody, signed_in, act, status, role):
    tip = in_status(status)
    before = unchanged()

    response = signed_in(make_person(role)).post(
        f"{page(tip)}{act}/", NEXT | {"text": 1, "comment": "x", "reason": "x"}
    )

    assert (response.status_code, unchanged()) == (403, before)


def test_a_therapist_sends_no_new_text_of_a_live_article_to_review(clinic, somebody, therapist, editor, signed_in):
    tip = make_tip(author=therapist)
    tip.revise(by=editor, at=NOON, **TEXT)
    client = signed_in(therapist)

    response = client.post(f"{page(tip)}submit/", {"minor": "on"})

    assert (offered(client, tip), response.status_code) == ([], 403)


@pytest.mark.parametrize("role", ["Therapist", "Editor", "Clinical reviewer"])
def test_who_wrote_none_of_it_does_not_take_it_back(clinic, somebody, signed_in, role):
    tip = in_status(S.IN_EDITORIAL)
    before = unchanged()

    response = signed_in(make_person(role)).post(f"{page(tip)}take_back/")

    assert (response.status_code, unchanged()) == (409, before)
    assert said(response) == ["Only who wrote some of it takes it back."]


@pytest.mark.parametrize("act", ["submit", "approve_editorial", "archive", "take_back"])
def test_a_link_does_nothing(clinic, somebody, editor, signed_in, act):
    tip = in_status(S.IN_EDITORIAL)
    before = unchanged()

    response = signed_in(editor).get(f"{page(tip)}{act}/")

    assert (response.status_code, response["Location"], unchanged()) == (302, page(tip), before)


def test_a_press_agrees_to_the_text_that_was_on_the_page(clinic, somebody, editor, signed_in):
    tip = in_status(S.IN_EDITORIAL)

    response = signed_in(editor).post(f"{page(tip)}approve_editorial/", {"text": 1}, follow=True)

    assert (said(response), Tip.objects.get().status) == (["Agreed."], S.IN_CLINICAL)


def test_a_clinician_confirms_the_live_text_that_was_on_the_page(clinic, somebody, signed_in):
    tip, soon = in_status(S.APPROVED), timezone.localdate() + 300 * DAY
    client = signed_in(make_person("Clinical reviewer"))

    refused = client.post(f"{page(tip)}confirm/", {"text": 2, "next_review": soon})
    response = client.post(f"{page(tip)}confirm/", {"text": 1, "next_review": soon}, follow=True)

    assert (refused.status_code, said(response)) == (409, ["Its next review is set."])
    assert (Tip.objects.get().next_review, tip.steps.count()) == (soon, 1)


@pytest.mark.parametrize("text", ["1", "", "x", "999", "9" * 30])
def test_a_press_on_a_page_with_another_text_agrees_to_nothing(clinic, somebody, editor, signed_in, text):
    tip = make_tip(published_at=None)
    tip.revise(by=tip.author, at=NOON, **TEXT)
    Tip.objects.filter(pk=tip.pk).update(status=S.IN_EDITORIAL)
    before = unchanged()

    response = signed_in(editor).post(f"{page(tip)}approve_editorial/", {"text": text})

    assert (response.status_code, unchanged()) == (409, before)
    assert "changed after you opened it" in response.content.decode()


@pytest.mark.parametrize(
    ("act", "status", "role", "typed", "words"),
    [
        ("request_changes", S.IN_EDITORIAL, "Editor", {"comment": " "}, "This field is required."),
        ("approve_clinical", S.IN_CLINICAL, "Clinical reviewer", {"next_review": "soon"}, "Enter a valid date."),
        ("approve_clinical", S.IN_CLINICAL, "Clinical reviewer", NEXT, "in two years at the latest"),
    ],
)
def test_a_mistake_is_told_beside_its_field(clinic, somebody, signed_in, act, status, role, typed, words):
    tip = in_status(status)
    before = unchanged()

    response = signed_in(make_person(role)).post(f"{page(tip)}{act}/", typed | {"text": 1})

    assert (response.status_code, words in response.content.decode(), unchanged()) == (200, True, before)


@pytest.mark.parametrize("status", [S.DRAFT, S.IN_CLINICAL, S.CHANGES_REQUESTED, S.APPROVED, S.ARCHIVED])
def test_a_comment_typed_too_late_is_still_there(clinic, somebody, editor, signed_in, status):
    tip = in_status(status)
    before = unchanged()

    response = signed_in(editor).post(f"{page(tip)}request_changes/", {"comment": "Which leg first?"})

    assert (response.status_code, "Which leg first?" in response.content.decode()) == (409, True)
    assert unchanged() == before


def test_what_was_asked_for_stands_on_the_page(clinic, somebody, editor, therapist, signed_in):
    tip = in_status(S.IN_EDITORIAL, author=therapist)
    signed_in(editor).post(f"{page(tip)}request_changes/", {"comment": "Say which leg <first>."})

    html = signed_in(therapist).get(page(tip)).content.decode()

    assert "Say which leg &lt;first&gt;." in html


def test_a_guide_that_cannot_be_a_pdf_does_not_go_live(clinic, somebody, signed_in):
    guide = in_status(S.IN_CLINICAL, kind=TipKind.GUIDE, text={"body": "> " * 5000 + "x"})
    soon = {"next_review": str((timezone.now() + 300 * DAY).date()), "text": 1}

    response = signed_in(make_person("Clinical reviewer")).post(f"{page(guide)}approve_clinical/", soon)

    assert "This text cannot be made into a PDF" in response.content.decode()
    assert Tip.objects.get().live is None


@pytest.mark.parametrize(("act", "status"), [("approve_clinical", S.IN_CLINICAL), ("confirm", S.APPROVED)])
def test_nor_does_it_with_a_reviewer_whose_name_no_pdf_shows(clinic, somebody, signed_in, act, status):
    guide = in_status(status, kind=TipKind.GUIDE)
    soon = {"next_review": str((timezone.now() + 300 * DAY).date()), "text": 1}

    response = signed_in(make_person("Clinical reviewer", display_name="王小明")).post(f"{page(guide)}{act}/", soon)

    assert "This text cannot be made into a PDF" in response.content.decode()
    assert Tip.objects.get().clinical_reviewer is None


def test_nor_does_it_as_a_minor_correction(clinic, somebody, editor, signed_in):
    guide = in_status(S.APPROVED, kind=TipKind.GUIDE)
    guide.revise(by=guide.author, at=NOON, **TEXT | {"body": "> " * 5000 + "x"})
    Tip.objects.filter(pk=guide.pk).update(status=S.IN_EDITORIAL, is_minor=True)

    response = signed_in(editor).post(f"{page(guide)}approve_editorial/", {"text": 2})

    assert "This text cannot be made into a PDF" in response.content.decode()
    assert Tip.objects.get().live.number == 1


@pytest.mark.parametrize("path", ["", "history/", "preview/"])
def test_nobody_without_the_right_to_read_looks_at_an_article(clinic, client, signed_in, path):
    tip = make_tip()

    answers = [signed_in(make_person(None)).get(f"{page(tip)}{path}").status_code]
    client.logout()
    answers.append(client.get(f"{page(tip)}{path}").status_code)

    assert answers == [403, 302]


# Links for people without an account


def test_whoever_has_a_link_reads_the_newest_text_and_nothing_keeps_it(clinic, client, editor, signed_in):
    tip = make_tip(author=editor, published_at=None)
    tip.revise(by=editor, at=NOON, **TEXT)
    signed_in(editor).post(f"{page(tip)}links/")
    link = PreviewLink.objects.get()
    client.logout()

    response = client.get(link.get_absolute_url())

    assert "<h1>Stronger knees</h1>" in response.content.decode()
    assert (response["X-Robots-Tag"], response["Cache-Control"]) == ("noindex", "no-store")
    assert response.cookies == {}


def test_a_link_ends_after_seven_days_or_when_it_is_taken_back_and_cannot_be_forged(clinic):
    tip = make_tip(published_at=None)
    link = tip.preview_links.create(made_by=tip.author, made_at=NOON)
    token = link.get_absolute_url().split("/")[-2]
    last = NOON + timedelta(days=7) - timedelta(microseconds=1)

    opened = [PreviewLink.for_token(token, at=at) for at in (NOON, last, NOON + timedelta(days=7))]
    forged = [PreviewLink.for_token(each, at=NOON) for each in ("1", f"{link.pk}:x", token[:-1], token + "x")]
    link.revoke(at=NOON)

    assert opened == [link, link, None]
    assert forged == [None] * 4
    assert PreviewLink.for_token(token, at=NOON) is None


def test_an_ended_link_says_so(clinic, client):
    response = client.get("/tips/preview/1:forged/")

    assert (response.status_code, "This link has ended" in response.content.decode()) == (404, True)


def test_a_link_is_taken_back_by_who_writes(clinic, editor, owner, signed_in):
    tip = make_tip(published_at=None)
    link = tip.preview_links.create(made_by=tip.author, made_at=NOON)

    refused = signed_in(owner).post(f"{page(tip)}links/{link.pk}/")
    signed_in(editor).post(f"{page(tip)}links/{link.pk}/")

    link.refresh_from_db()
    assert (refused.status_code, link.revoked_at is not None) == (403, True)


# History


def test_history_shows_what_changed_in_each_text_and_who_agreed(clinic, somebody, editor, signed_in):
    tip = make_tip(author=editor, text={"title": "Strong backs"})
    tip.revise(by=editor, at=NOON, **TEXT | {"title": "Strong knees"})
    tip.submit(by=editor, at=NOON)

    html = " ".join(signed_in(editor).get(f"{page(tip)}history/").content.decode().split())

    marks = re.findall(r"<(del|ins)>\s*<span[^>]*>[^<]*</span>\s*([^<]*)</", html)
    assert marks[:2] == [("del", "backs"), ("ins", "knees")]
    assert re.findall(r"<strong>([^<]*)</strong>", html.split('class="timeline"')[1]) == [
        "Sent to review",
        "A draft again",
    ]


def test_an_older_text_is_brought_back_as_a_new_one(clinic, editor, signed_in):
    tip = make_tip(author=editor, text={"title": "First"})
    tip.revise(by=editor, at=NOON, **TEXT | {"title": "Second"})
    Tip.objects.filter(pk=tip.pk).update(live=tip.latest, status=S.APPROVED)

    signed_in(editor).post(f"{page(tip)}history/1/")

    tip.refresh_from_db()
    assert [text.title for text in tip.revisions.all()] == ["First", "Second", "First"]
    assert (tip.live.number, tip.status) == (2, S.DRAFT)


def test_a_new_text_is_thrown_away_and_what_readers_see_is_the_newest_again(clinic, editor, signed_in):
    tip = make_tip(author=editor, text={"title": "First"})
    tip.revise(by=editor, at=NOON, **TEXT | {"title": "Second"})

    signed_in(editor).post(f"{page(tip)}discard/")

    tip.refresh_from_db()
    assert [text.title for text in tip.revisions.all()] == ["First", "Second", "First"]
    assert (tip.live, tip.status) == (tip.latest, S.APPROVED)


def test_what_is_thrown_away_changes_nothing_for_readers_and_nobody_has_agreed_to_it(clinic, editor, signed_in):
    tip = make_tip(author=editor, published_at=NOON, text={"title": "First"})
    tip.steps.create(revision=tip.live, from_status=S.IN_CLINICAL, to_status=S.APPROVED, by=editor, at=NOON)
    client = signed_in(editor)
    tip.revise(by=editor, at=NOON + DAY, **TEXT | {"title": "Second"})

    answer = client.post(f"{page(tip)}history/1/", follow=True)
    history = client.get(f"{page(tip)}history/").content.decode()

    assert Tip.objects.with_changed_at().get().changed_at == NOON
    assert "It has been agreed to already." in answer.content.decode()
    assert "Back to the text that readers see" in history
    assert history.count("Agreed to: this is what readers see") == 1


def test_who_may_not_write_in_it_brings_nothing_back(clinic, therapist, editor, signed_in):
    tip = make_tip(author=editor, text={"title": "First"})
    tip.revise(by=editor, at=NOON, **TEXT)

    signed_in(therapist).post(f"{page(tip)}history/1/")

    assert tip.revisions.count() == 2


def test_a_guide_says_how_often_its_pdf_was_fetched_lately(clinic, editor, signed_in):
    guide = make_tip(kind=TipKind.GUIDE)
    today = timezone.localdate(timezone=clinic.tzinfo)
    for days, count in ((0, 2), (29, 3), (30, 40)):
        DayCount.objects.add({(today - days * DAY, "guide_pdf", str(guide.pk)): count})

    html = signed_in(editor).get(page(guide)).content.decode()

    assert "Its PDF was fetched 5 times in the last 30 days." in html


def test_alone_an_editor_says_that_a_live_text_still_holds(clinic, editor, signed_in):
    tip = make_tip(author=editor, next_review=NOON.date())
    soon = {"next_review": str((timezone.now() + 300 * DAY).date()), "reason": "I work alone.", "text": "1"}
    Tip.objects.filter(pk=tip.pk).update(last_reviewed=None)

    response = signed_in(editor).post(f"{page(tip)}publish_alone/", soon, follow=True)

    tip.refresh_from_db()
    assert said(response) == ["Published. Its page says that nobody independent has reviewed it."]
    assert (tip.status, str(tip.next_review), tip.publish_at) == (S.APPROVED, soon["next_review"], NOON - DAY)
