import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings

from clinic.management.commands.demo import TOPICS
from tips import figures
from tips.markdown import contents, plain_text, to_html

FILES = sorted(Path(settings.BASE_DIR, "tips", "demo").glob("*.md"))
FACTS = {
    "kind", "title", "summary", "topics", "regions", "call_to_action", "reviewed_days_ago", "next_review_months", "sources",
}  # fmt: skip
LIMITS = {"title": 120, "summary": 300, "call_to_action": 200}
SLUGS = [
    "healthy-lifestyle-checklist",
    "start-decreasing-your-pain",
    "strength-after-60",
    "strength-after-a-knee-injury",
    "strength-for-a-sore-lower-back",
    "strength-for-cyclists",
    "strength-for-desk-workers",
    "strength-for-new-parents",
    "strength-training-for-runners",
]

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def read(path):
    _, front, body = path.read_text(encoding="utf-8").split("+++\n", 2)
    return tomllib.loads(front), body.strip()


def named(slug):
    return read(next(path for path in FILES if path.stem == slug))


def addresses():
    return {f"/{read(path)[0]['kind']}s/{path.stem}/" for path in FILES}


def test_the_sample_is_seven_tips_and_two_guides():
    kinds = {path.stem: read(path)[0]["kind"] for path in FILES}

    assert list(kinds) == SLUGS
    assert [slug for slug, kind in kinds.items() if kind == "guide"] == SLUGS[:2]


@each_file
def test_a_file_states_its_facts_and_stays_within_their_limits(path):
    facts, body = read(path)

    too_long = [name for name, limit in LIMITS.items() if not 0 < len(facts[name]) <= limit]

    assert set(facts) == FACTS
    assert too_long == []
    assert len(body) <= 60_000
    assert len("\n".join(facts["sources"])) <= 10_000


@each_file
def test_a_file_is_about_topics_that_exist_and_is_reviewed_again_within_two_years(path):
    facts, _ = read(path)

    unknown = set(facts["topics"]) - set(TOPICS)

    assert (bool(facts["topics"]), unknown) == (True, set())
    assert 0 < facts["next_review_months"] <= 24
    assert 0 <= facts["reviewed_days_ago"] < 30 * facts["next_review_months"]


@each_file
def test_a_tip_says_enough_to_be_worth_reading(path):
    facts, body = read(path)

    words = len(re.findall(r"\w+", plain_text(body)))

    assert words >= (500 if facts["kind"] == "tip" else 300)


@each_file
def test_a_text_has_sources_each_said_once_and_each_doi_is_whole(path):
    facts, _ = read(path)
    sources = facts["sources"]

    dois = [re.findall(r"doi:\s*(\S+)", source) for source in sources]
    broken = [doi for found in dois for doi in found if not re.fullmatch(r"10\.\d{4,9}/[^\s.,;][^\s]*[^\s.,;]", doi)]

    assert len(set(sources)) == len(sources) > 0
    assert broken == []
    assert [source for source in sources if not source.strip() or "\n" in source] == []


@each_file
def test_a_doi_in_the_text_is_in_its_list_of_sources(path):
    facts, body = read(path)

    cited = set(re.findall(r"10\.\d{4,9}/[^\s)\]]+", body))

    assert {doi for doi in cited if doi not in "\n".join(facts["sources"])} == set()


@each_file
def test_a_year_that_the_text_gives_for_a_study_is_the_year_of_a_source(path):
    facts, body = read(path)
    sources = "\n".join(facts["sources"])

    years = set(re.findall(r"\b(?:19|20)\d\d\b", plain_text(body)))

    assert {year for year in years if year not in sources} == set()


@each_file
def test_every_exercise_has_a_drawing(path):
    _, body = read(path)

    keys = re.findall(r"^:::+ *exercise(.*)$", body, re.MULTILINE)

    assert [key for key in keys if key.strip() not in figures.EXERCISES] == []
    assert to_html(body).count("<svg") == len(keys)


@each_file
def test_every_block_is_known_and_closed(path):
    _, body = read(path)

    marks = re.findall(r"^:::+ *(\w*)", body, re.MULTILINE)

    assert (set(marks[::2]) <= {"exercise", "help"}, set(marks[1::2])) == (True, {""})


@each_file
def test_every_exercise_says_what_it_is_for_how_how_often_and_when_to_stop(path):
    _, body = read(path)

    exercises = re.findall(r"^::: exercise \S+\n(.*?)^:::$", body, re.MULTILINE | re.DOTALL)

    fields = [re.findall(r"^([\w ]+): ", exercise, re.MULTILINE) for exercise in exercises]
    assert fields == [["Name", "For", "How", "Sets", "Stop if"]] * len(exercises)


@each_file
def test_every_text_has_its_own_card_of_warning_signs(path):
    _, body = read(path)

    html = to_html(body)

    assert html.count('<section class="help-now">') == 1


@each_file
def test_every_link_within_the_site_leads_to_a_page_of_the_sample(path):
    _, body = read(path)

    links = re.findall(r'<a href="(?!https://)([^"]*)"', to_html(body))

    assert [link for link in links if link not in addresses()] == []


@each_file
def test_no_text_has_the_page_s_own_heading_or_html(path):
    _, body = read(path)

    assert re.findall(r"^# |^=+$|</?[a-zA-Z]+[ />]", body, re.MULTILINE) == []


@each_file
def test_headings_go_down_one_level_at_a_time(path):
    _, body = read(path)

    levels = [2, *map(int, re.findall(r"<h(\d)", to_html(body)))]

    assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == []


@each_file
def test_no_text_names_the_emergency_number_of_one_country(path):
    text = path.read_text(encoding="utf-8")

    assert re.findall(r"\b(?:911|112|999|988)\b", text) == []


@each_file
def test_a_source_that_stands_on_the_web_can_be_opened(path):
    facts, _ = read(path)

    unopened = [
        source for source in facts["sources"] if re.search(r"(?<![/.\w])[a-z.]+\.(?:uk|int|ca|org|com)\b", source)
    ]

    assert unopened == []


@each_file
def test_every_text_says_when_to_get_help(path):
    _, body = read(path)

    said = plain_text(body).lower()

    assert ("get help now if" in said, "doctor" in said) == (True, True)


def test_the_article_for_runners_holds_its_five_tips_in_order():
    _, body = named("strength-training-for-runners")

    tips = [words for _, words in contents(body) if words.startswith("Tip ")]

    assert [words.split(":")[0] for words in tips] == [f"Tip {number}" for number in range(1, 6)]


def test_the_guide_to_less_pain_holds_its_six_things_each_with_one_for_today():
    _, body = named("start-decreasing-your-pain")

    steps = [words for _, words in contents(body) if re.match(r"\d\. ", words)]

    assert [words[0] for words in steps] == list("123456")
    assert len(re.findall(r"^\*\*Today:\*\*", body, re.MULTILINE)) == 6


def test_the_checklist_has_boxes_to_tick_in_each_of_its_areas():
    _, body = named("healthy-lifestyle-checklist")

    areas = {area.splitlines()[0]: area.count("- ☐ ") for area in body.split("\n## ")}

    ticked = {area: boxes for area, boxes in areas.items() if boxes}
    assert len(ticked) == 8
    assert {area: boxes for area, boxes in ticked.items() if boxes < 2} == {}
