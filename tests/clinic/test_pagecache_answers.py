"""What a page from memory says, to whom, and how much of them is held."""

import gzip

import brotli
import pytest
from django.utils import timezone

from clinic import counting
from clinic.models import ClinicSettings, DayCount
from clinic.pagememory import encoding_for
from tests.factories import DAY, HOUR, make_tip
from tips.models import Tip

pytestmark = pytest.mark.django_db


def test_each_visitor_is_given_what_it_can_unpack(memory, tip):
    plain = memory.get("/tips/a-tip/")
    zipped = memory.get("/tips/a-tip/", HTTP_ACCEPT_ENCODING="gzip, deflate")
    best = memory.get("/tips/a-tip/", HTTP_ACCEPT_ENCODING="gzip, deflate, br")

    assert plain[1] == gzip.decompress(zipped[1]) == brotli.decompress(best[1])
    assert [said.get("content-encoding") for said, _ in (plain, zipped, best)] == [None, "gzip", "br"]
    assert [int(said["content-length"]) for said, _ in (plain, zipped, best)] == [
        len(body) for _, body in (plain, zipped, best)
    ]
    assert {said["vary"] for said, _ in (plain, zipped, best)} == {"Accept-Encoding"}
    assert len({said["etag"] for said, _ in (plain, zipped, best)}) == 3


@pytest.mark.parametrize(
    ("accepted", "given"),
    [("", ""), ("br", "br"), ("gzip;q=0.5", "gzip"), ("br;q=0, gzip", "gzip"), ("gzip; q=0.0", ""), ("identity", ""), ("bro", "")],
)  # fmt: skip
def test_what_a_visitor_takes_is_read_from_its_words(accepted, given):
    assert encoding_for(accepted) == given


def test_a_reader_who_has_the_page_is_told_so(memory, tip):
    said, _ = memory.get("/tips/a-tip/", HTTP_ACCEPT_ENCODING="br")
    again, body = memory.get("/tips/a-tip/", HTTP_ACCEPT_ENCODING="br", HTTP_IF_NONE_MATCH=said["etag"])

    assert (again["status"], body) == ("304 Not Modified", b"")
    assert again["content-security-policy"] == said["content-security-policy"]


def test_the_head_of_a_page_is_its_head_alone(memory, tip):
    said, _ = memory.get("/tips/a-tip/")

    assert memory.get("/tips/a-tip/", REQUEST_METHOD="HEAD") == (said, b"")


def test_a_page_from_memory_says_all_that_the_site_says_but_the_number_of_a_request(memory, tip):
    ours, _ = memory.get("/tips/a-tip/", HTTP_COOKIE="of=somebody")
    memory.get("/tips/a-tip/")

    said, _ = memory.get("/tips/a-tip/")

    assert {name: said.get(name) for name in ours} == ours | {"x-request-id": None}


def test_looks_are_counted_all_the_same(memory, tip):
    counting.flush()
    DayCount.objects.all().delete()
    for _ in range(3):
        memory.get("/tips/a-tip/")
    memory.get("/tips/a-tip/", HTTP_SEC_PURPOSE="prefetch")
    memory.get("/tips/a-tip/", REQUEST_METHOD="HEAD")
    counting.flush()

    counts = DayCount.objects.values_list("day", "kind", "key", "count")
    today = timezone.localdate(timezone=ClinicSettings.current().tzinfo)
    assert list(counts) == [(today, "tip", "a-tip", 3)]


def test_an_answer_that_is_no_page_is_not_kept(memory, tip):
    Tip.objects.filter(pk=tip.pk).update(expire_at=timezone.now() - HOUR)

    answers = [memory.get("/tips/a-tip/")[0]["status"] for _ in range(2)]

    assert (answers, memory.asked) == (["410 Gone"] * 2, 2)


def test_it_never_holds_more_than_it_may(memory, settings):
    settings.PAGE_MEMORY_BYTES = 60_000
    for number in range(8):
        make_tip(slug=f"tip-{number}", published_at=timezone.now() - DAY)
    for number in range(8):
        memory.get(f"/tips/tip-{number}/")

    memory.get("/tips/tip-7/")
    memory.get("/tips/tip-0/")

    held = sum(2 * len(page.body) for page in memory.cache.memory.pages.values())
    assert (held, memory.asked) == (memory.cache.memory.bytes, 9)
    assert 0 < held <= 60_000


def test_a_site_that_fails_fails_for_each(memory, tip):
    def fail():
        raise RuntimeError("made to fail")

    memory.before = fail
    for _ in range(2):
        with pytest.raises(RuntimeError):
            memory.get("/tips/a-tip/")
    memory.before = lambda: None

    assert memory.get("/tips/a-tip/")[0]["status"] == "200 OK"
