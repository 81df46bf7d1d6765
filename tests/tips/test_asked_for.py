"""What a reader at the desk asked to have changed: who is told it, and for how long."""

import pytest
from django.utils import timezone

from tests.factories import make_person, make_tip
from tests.tips.test_standing import in_status, page, said
from tips.models import TipStatus

pytestmark = pytest.mark.django_db


def test_what_was_asked_for_is_settled_once_whoever_asked_has_agreed(clinic, client):
    editor, author, clinician = make_person("Editor"), make_person("Editor"), make_person("Clinical reviewer")
    tip = make_tip(status=TipStatus.IN_EDITORIAL, author=author)
    now = timezone.now()
    tip.request_changes(by=editor, at=now, comment="Say when to stop.")
    client.force_login(author)
    before = client.get(page(tip)).content.decode()
    tip.submit(by=author, at=now)
    tip.approve_editorial(by=editor, at=now, revision=tip.latest)

    client.force_login(clinician)
    after = client.get(page(tip)).content.decode()

    assert f"{editor} asked for changes to text 1:" in before
    assert "Say when to stop." in before
    assert "asked for changes" not in after


def test_an_empty_comment_is_told_on_top_of_the_page_and_in_its_title(clinic, client):
    tip = in_status(TipStatus.IN_EDITORIAL)
    client.force_login(make_person("Editor"))

    response = client.post(f"{page(tip)}request_changes/", {"comment": ""})

    html = response.content.decode()
    assert "<title>Error: " in html
    assert 'id="act-request_changes" open' in html
    [told] = said(response)
    assert told.startswith('Nothing was done yet. Please look again at <a href="#act-request_changes">')
