"""A review that is due: what the desk says of it, and who may see to it."""

import pytest
from django.utils import timezone

from clinic.digest import look
from tests.factories import DAY, NOON, make_tip
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
