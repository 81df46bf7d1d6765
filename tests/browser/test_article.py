import pytest

from tests.factories import make_tip

pytestmark = pytest.mark.browser

BODY = """Start low.

::: exercise squat
Name: Squat
For: Your thighs.
How: Sit back as if to a chair, then stand up.
Sets: 2–3 sets of 8–12.
Stop if: your knee hurts.
:::

## When to stop

::: help
- chest pain
:::

| Day | Plan |
| --- | --- |
| Monday | Strength |
"""
WIDE = "|" + "A longer word |" * 12 + "\n|" + "---|" * 12 + "\n|" + "words |" * 12 + "\n"


LINE = "one long line, such as somebody pastes, " * 9


@pytest.mark.parametrize("body", [f"One.\n\n\t{LINE}", f"```\n{LINE}\n{'x' * 200}\n```"])
def test_no_line_is_wider_than_a_phone(page, site, body):
    tip = make_tip(text={"body": body})
    page.set_viewport_size({"width": 360, "height": 740})

    page.goto(f"{site}{tip.get_absolute_url()}")

    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_blocks_of_an_article_fit_and_break_no_rule(page, site, is_fit, width, scheme):
    tip = make_tip(text={"body": BODY})
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)

    page.goto(f"{site}{tip.get_absolute_url()}")

    is_fit(page)


def test_a_drawing_stands_beside_its_words_where_there_is_room_and_above_where_there_is_none(page, site):
    tip = make_tip(text={"body": BODY})
    beside = {}

    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{site}{tip.get_absolute_url()}")
        drawing, words = (page.locator(f".exercise {part}").bounding_box() for part in ("figure", "dl"))
        beside[width] = words["x"] >= drawing["x"] + drawing["width"]

    assert beside == {1280: True, 360: False}


def test_a_wide_table_scrolls_by_itself_and_keys_reach_it(page, site):
    tip = make_tip(text={"body": WIDE})
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(f"{site}{tip.get_absolute_url()}")
    box = page.get_by_role("group", name="Table")

    page.locator("h1").click()
    while not box.evaluate("box => box === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(500)

    assert box.evaluate("box => box.scrollLeft") > 0
    assert page.evaluate("document.documentElement.scrollWidth") == 320
