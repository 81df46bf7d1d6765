"""A review that is due: what the desk says of it, and who may see to it."""

import re

import pytest
from django.utils import timezone

from clinic.digest import look
from tests.factories import DAY, NOON, make_person, make_tip
from tests.tips.test_admin import TEXT
from tests.tips.test_standing import page

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("days", "is_said"), [(29, True), (31, False)])
def test_where_a_review_is_near_the_page_says_that_a_newer_text_keeps_it_from_being_confirmed(
    clinic, editor, signed_in, days, is_said
):
    tip = make_tip(author=editor, next_review=timezone.localdate(timezone=clinic.tzinfo) + days * DAY)
    client = signed_in(editor)
    before = client.get(page(tip)).content.decode()
    tip.revise(by=editor, at=NOON, **TEXT)

    after = client.get(page(tip)).content.decode()

    words = "While a newer text is in work, the one that readers see cannot be confirmed."
    assert (words in before, words in after) == (False, is_said)


def test_what_has_expired_is_due_for_nothing(clinic, editor, signed_in):
    due = make_tip(author=editor, next_review=NOON.date(), expire_at=timezone.now() + DAY)
    make_tip(author=editor, next_review=NOON.date(), expire_at=NOON)

    answer = signed_in(editor).get("/admin/articles/")

    [rows] = [part["rows"] for part in answer.context["parts"] if part["heading"] == "Due for review"]
    assert [tip for tip, _ in rows] == [due]
    assert look(at=timezone.now()).reviews_due == 1


def test_history_tells_a_review_from_what_was_published_without_one(clinic, signed_in):
    editor, clinician = make_person("Editor"), make_person("Clinical reviewer")
    tip, soon = make_tip(author=editor), NOON.date() + 300 * DAY
    tip.confirm(tip.live, next_review=soon, by=clinician, at=NOON)
    clinician.is_active = False
    clinician.save()
    tip.publish_alone(tip.live, reason="I work alone.", next_review=soon, by=editor, at=NOON)
    tip.revise(by=editor, at=NOON, **TEXT)
    tip.publish_alone(tip.latest, reason="I work alone.", next_review=soon, by=editor, at=NOON)

    html = signed_in(editor).get(f"{page(tip)}history/").content.decode()

    assert re.findall(r"<strong>([^<]*)</strong>", html.split('class="timeline"')[1]) == [
        "Published without review",
        "A draft again",
        "Published without review",
        "Confirmed",
    ]


def test_after_an_editor_has_agreed_the_page_says_that_no_clinician_is_left(clinic, signed_in):
    writer, editor = make_person("Editor"), make_person("Editor")
    tip = make_tip(author=writer, published_at=None)
    tip.submit(by=writer, at=NOON)
    client = signed_in(editor)

    html = client.post(f"{page(tip)}approve_editorial/", {"text": 1}, follow=True).content.decode()

    assert "No clinician here is left who could agree to it: an editor may publish it without review." in html
