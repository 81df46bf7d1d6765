"""Hostile texts in a real browser, without the content policy that would also stop them: the sanitiser alone has to do."""

import re

import pytest

from tests.tips.hostile_texts import DEEP, HOSTILE, LONG
from tips.markdown import to_html
from tips.pictures import NAME, WIDTH

pytestmark = pytest.mark.browser

ORIGIN = "http://page.example"
# What a text may ask for: a picture of ours, which is not there.
PICTURE = re.compile(rf"{ORIGIN}/media/pictures/{NAME}-{WIDTH}\.webp")
# Of a page with thousands of links, all of one kind.
MOST_CLICKS = 8
CLICK = "index => document.links[index]?.click()"
MARK = "<!doctype html><meta charset=utf-8><title>x</title><main>"


@pytest.fixture
def visit(browser):
    """Opens a page, clicks its links one after the other, and gives whatever ran and whatever was asked for elsewhere."""
    html, happened, page = "", [], None

    def answer(route):
        asked = route.request
        if asked.url == f"{ORIGIN}/":
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        elif asked.is_navigation_request() and asked.frame == page.main_frame:
            # A link that was clicked.
            route.fulfill(status=204)
        elif PICTURE.fullmatch(asked.url):
            route.fulfill(status=404)
        else:
            happened.append(asked.url)
            route.abort()

    def look(written):
        nonlocal html, page
        html = MARK + written
        happened.clear()
        # A page of its own for each: a click of the one before may still be on its way, and would end the visit to the next.
        page = browser.new_page()
        page.on("dialog", lambda dialog: (happened.append("dialog"), dialog.dismiss()))
        page.on("popup", lambda popup: happened.append("popup"))
        page.route("**/*", answer)
        page.goto(f"{ORIGIN}/")
        links = page.evaluate("document.links.length")
        for index in range(min(links, MOST_CLICKS)):
            page.evaluate(CLICK, index)
            page.wait_for_timeout(20)
        if page.evaluate("window.pwned"):
            happened.append("pwned")
        if page.url.partition("#")[0] != f"{ORIGIN}/":
            happened.append(page.url)
        page.close()
        return happened[:]

    return look


def test_nothing_of_a_hostile_text_runs_or_calls_elsewhere(visit):
    texts = [*HOSTILE, *(text[:15_000] for text in (DEEP | LONG).values())]

    happened = {text[:80]: found for text in texts if (found := visit(to_html(text)))}

    assert happened == {}


def test_nothing_of_all_hostile_texts_on_one_page_runs_either(visit):
    written = "".join(to_html(text) for text in HOSTILE)

    happened = visit(written)

    assert happened == []


@pytest.mark.parametrize(
    ("html", "seen"),
    [
        ("<img src=x onerror=alert(1)>", [f"{ORIGIN}/x", "dialog"]),
        ("<a href=javascript:void(pwned=1)>x</a>", ["pwned"]),
        ("<script src=//evil.example/x></script>", ["http://evil.example/x"]),
        ("<iframe src=//evil.example/></iframe>", ["http://evil.example/"]),
        ("<meta http-equiv=refresh content='0;url=data:text/plain,x'><script>pwned=1</script>", ["pwned"]),
    ],
)
def test_what_runs_and_calls_elsewhere_would_be_seen(visit, html, seen):
    happened = visit(html)

    assert happened == seen
