"""How often a guide is fetched as a PDF: counted by day, without knowing by whom."""

import pytest
from django.db import connection
from django.utils import timezone

from clinic import counting
from clinic.models import DayCount
from tests.factories import make_tip
from tips.models import Tip, TipKind

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_unwritten():
    counting.flush()
    DayCount.objects.all().delete()


@pytest.fixture
def guide(clinic):
    return make_tip(kind=TipKind.GUIDE, slug="rest")


def counts():
    counting.flush()
    slugs = {str(guide.pk): guide.slug for guide in Tip.objects.guides()}
    rows = DayCount.objects.filter(kind="guide_pdf").order_by("pk").values_list("key", "day", "count")
    return [(slugs[key], day, count) for key, day, count in rows]


def test_a_guide_s_downloads_are_counted_on_the_clinic_s_day(client, clinic, guide):
    for _ in range(3):
        client.get("/guides/rest.pdf")

    assert counts() == [("rest", timezone.localdate(timezone=clinic.tzinfo), 3)]


def test_each_guide_has_a_count_of_its_own_that_stays_when_its_address_changes(client, clinic, guide):
    make_tip(kind=TipKind.GUIDE, slug="sleep")
    for slug in ("rest", "rest", "sleep"):
        client.get(f"/guides/{slug}.pdf")
    counting.flush()
    Tip.objects.filter(slug="rest").update(slug="calm")
    client.get("/guides/calm.pdf")

    today = timezone.localdate(timezone=clinic.tzinfo)
    assert counts() == [("calm", today, 3), ("sleep", today, 1)]


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("head", {}),
        ("get", {"if-none-match": '"x"'}),
        ("get", {"if-modified-since": "Mon, 02 Mar 2026 17:00:00 GMT"}),
        ("get", {"range": "bytes=1000-"}),
    ],
)
def test_who_only_looks_or_has_it_already_is_not_counted(client, guide, method, headers):
    answer = getattr(client, method)("/guides/rest.pdf", headers=headers)

    assert (answer.status_code, counts()) == (200, [])


def test_neither_the_page_nor_what_is_not_there_is_counted(client, guide):
    make_tip(kind=TipKind.GUIDE, slug="hidden", published_at=None)

    for address in ("/guides/rest/", "/guides/hidden.pdf", "/guides/nothing.pdf"):
        client.get(address)

    assert counts() == []


def test_a_download_sets_no_cookie_and_keeps_nothing_of_who_it_was(client, guide):
    answer = client.get("/guides/rest.pdf", headers={"user-agent": "CANARY"}, REMOTE_ADDR="203.0.113.9")

    counting.flush()
    kept = DayCount.objects.values().get(kind="guide_pdf")
    assert (answer.cookies.output(), sorted(kept)) == ("", ["count", "day", "id", "key", "kind"])


def test_a_guide_is_handed_out_without_a_word_to_the_database(client, guide):
    written = []

    def note(execute, sql, params, many, context):
        written.extend([] if sql.startswith("SELECT") else [sql])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        answer = client.get("/guides/rest.pdf")

    assert (answer.status_code, answer.content[:5], written) == (200, b"%PDF-", [])


@pytest.mark.parametrize("name", ["王小明", "김민지"])
def test_where_a_name_has_letters_that_no_pdf_shows_readers_are_led_to_the_page(client, clinic, guide, caplog, name):
    clinic.name = name
    clinic.save()

    answer = client.get("/guides/rest.pdf")

    assert (answer.status_code, answer["Location"], counts()) == (302, "/guides/rest/", [])
    [line] = [record for record in caplog.records if record.name == "tips.views"]
    assert (line.msg, line.public) == ("a guide cannot be made into a PDF", {"reference": f"GUIDE-{guide.pk}"})
