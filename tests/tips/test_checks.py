from itertools import chain

import pytest
from django.core.management import call_command
from django.urls import reverse

from tests.factories import DAY, NOON, make_person, make_roles, make_tip
from tips.checks import Finding, check, grade, syllables
from tips.models import Picture, Tip, TipKind, TipStatus, Topic, TransitionNotAllowed

pytestmark = pytest.mark.django_db

PARAGRAPH = (
    "Stand tall and look straight ahead. Let your arms hang by your sides. Breathe in, and breathe out with a long "
    "sigh. Now bend your knees a little, as if you were to sit down on a low chair. Stay there for as long as one "
    "breath takes. Then stand up again, and rest for a moment before you go on.\n\n"
)
CLEAN = {
    "title": "Three calm moves for a stiff back",
    "summary": "Three calm moves that need no more than a wall and a chair, with how often, and when to stop.",
    "body": "Start low.\n\n## Warm up\n\n" + 3 * PARAGRAPH + "### Go on\n\nSee [Warm up](#warm-up).\n",
    "sources": "Doe J. *A study of backs*. 2020. https://doi.example/10.1",
}
HARD = (
    "Individuals experiencing persistent musculoskeletal discomfort following considerable physiological exertion "
    "should consider consulting an appropriately qualified rehabilitation professional. "
)


NAME = "3f2a9c1be4d0-1600x900"


def found(at=NOON, **text):
    tip = make_tip(slug="own", text=CLEAN | text)
    Picture.objects.create(name=NAME, title="Knee", uploaded_by=tip.author, uploaded_at=NOON)
    return check(tip, tip.latest, at=at)


def with_body(text):
    return {"body": CLEAN["body"] + "\n" + text + "\n"}


MUST = [
    ({"sources": " \n"}, "No source is named: one a line, in the field “sources”."),
    ({"title": " "}, "There is no title yet."),
    (with_body("##"), "A heading has no words."),
    (with_body("## A\n\n#### B"), "The heading “B” skips a level: write ### in front of it."),
    (with_body("## A\n\n::: exercise squat\nSit back.\n:::\n\n#### B"), "The heading “B” skips a level: write ### in front of it."),
    ({"body": "### First\n\n" + 3 * PARAGRAPH}, "The heading “First” skips a level: write ## in front of it."),
    (with_body("[knees](/tips/nope/)"), "The link “knees” leads to /tips/nope/, and there is no such page."),
    (with_body("[knees](/nope)"), "The link “knees” leads to /nope, and there is no such page."),
    (with_body("[knees](/tips/regions/kne/)"), "The link “knees” leads to /tips/regions/kne/, and there is no such page."),
    (with_body("[knees](/tips/topics/nope/)"), "The link “knees” leads to /tips/topics/nope/, and there is no such page."),
    (with_body("[keep](/guides/nope.pdf)"), "The link “keep” leads to /guides/nope.pdf, and there is no such page."),
    ({"sources": "See [knees](/tips/nope/)."}, "The link “knees” leads to /tips/nope/, and there is no such page."),
    (with_body("[rest](#rest)"), "The link “rest” leads to #rest, and no heading here has that address."),
    (
        with_body("[rest](rest/)"),
        "The link “rest” has the address “rest/”. Begin it with / for a page here, or with https://.",
    ),
    (with_body("::: exericse squat\nSit.\n:::"), "There is no block “exericse”. There are: exercise, help."),
    (with_body("Words.\n\n:::"), "A line “:::” ends no block."),
    (with_body("::: exercise squat\nSit."), "The block “exercise squat” is left open: end it with a line “:::”."),
    *(
        (
            with_body(f"![{alt}](picture:{NAME})"),
            f"“{alt}” does not say what the picture shows. Write it as you would tell it on the phone.",
        )
        for alt in ["image1.jpg", "photo", "A picture", "IMG_2031", "knee-final.PNG"]
    ),
    (
        {"hero": NAME, "hero_alt": "photo"},
        "“photo” does not say what the picture shows. Write it as you would tell it on the phone.",
    ),
    (
        with_body(f"![*Photo*](picture:{NAME})"),
        "“Photo” does not say what the picture shows. Write it as you would tell it on the phone.",
    ),
    *(
        (
            with_body(f"![A bent knee]({address})"),
            f"There is no picture “{address}” here. Send it under “Pictures” and copy the line that it gets.",
        )
        for address in ["picture:000000000000-8x8", "picture:knee", "https://a.example/knee.jpg", "/media/knee.jpg"]
    ),
    (with_body("[](/tips/)"), "A link to /tips/ has no words."),
]  # fmt: skip
ADVICE = [
    (
        with_body(f"![](picture:{NAME})"),
        "A picture in the text counts as decorative: nobody who cannot see it is told what it shows.",
    ),
    (
        with_body("[A study](http://a.example/)"),
        "The link “A study” is not encrypted. See whether the address also opens with https://.",
    ),
    ({"title": "a" * 71}, "The title has 71 characters. Search engines show 70."),
    ({"summary": "a" * 49}, "The summary has 49 characters. Search engines show 50 to 160."),
    ({"summary": "a" * 161}, "The summary has 161 characters. Search engines show 50 to 160."),
    (with_body("[Click here](https://a.example/)"), "The words “Click here” do not say where the link leads."),
    (
        with_body("•\tFirst\n•\tThen"),
        "A line begins with “•” and runs on from the one before. Begin it with - and it is part of a list.",
    ),
    *(
        ({"sources": f"Guideline 193, {address}. 2021"}, f"The source “{address}” is no link yet. Write https:// in front of it.")
        for address in ["nice.org.uk/guidance/ng193", "www.nice.org.uk"]
    ),
    ({"body": "Stand tall."}, "The text has 2 words. Fewer than 150 seldom answer a question."),
]  # fmt: skip


def test_a_clean_text_has_no_findings():
    findings = found()

    assert findings == []


@pytest.mark.parametrize(("text", "message"), MUST)
def test_what_has_to_be_mended_is_found_once_and_said(text, message):
    findings = found(**text)

    assert findings == [Finding(must=True, message=message)]


@pytest.mark.parametrize(("text", "message"), ADVICE)
def test_what_could_be_better_is_advice(text, message):
    findings = found(**text)

    assert findings == [Finding(must=False, message=message)]


def test_a_line_that_only_some_count_leaves_no_block_open():
    findings = found(**with_body("One.\u2028Two.\x85Three.\n\n::: exercise squat\nSit.\n:::"))

    assert findings == []


@pytest.mark.parametrize(
    "source",
    [
        "https://nice.org.uk/guidance/ng193",
        "<https://a.example/?u=b.org/c>",
        "J. Orthop. 2021;4/5",
        "[NICE](https://nice.org.uk/a)",
    ],
)
def test_what_is_a_link_already_or_no_address_is_no_advice(source):
    assert found(sources=source) == []


@pytest.mark.parametrize("kind", TipKind)
@pytest.mark.parametrize("field", ["title", "summary", "body", "sources"])
def test_a_sign_that_no_pdf_has_is_told_to_who_writes_a_guide(kind, field):
    tip = make_tip(kind=kind, published_at=None, text=CLEAN | {field: f"{CLEAN[field]}\n\nDone ✅"})

    must = [finding.message for finding in check(tip, tip.latest, at=NOON) if finding.must]

    told = ["This text cannot be made into a PDF: “✅” cannot be printed. Say it in words"]
    assert must == (told if kind == TipKind.GUIDE else [])


def test_an_empty_text_has_to_be_written():
    findings = found(body=" \n")

    assert [finding.message for finding in findings if finding.must] == ["There is no text yet."]


def test_an_unknown_exercise_is_told_with_those_there_are():
    findings = found(**with_body("::: exercise sqat\nSit.\n:::"))

    assert [finding.must for finding in findings] == [True]
    assert findings[0].message.startswith("There is no drawing “sqat”. There are: band-row, bent-over-row,")


def test_the_same_mistake_twice_is_said_once():
    findings = found(**with_body("[knees](/nope/) and [knees](/nope/)"))

    assert len(findings) == 1


def test_links_to_what_readers_can_open_are_sound():
    make_tip(slug="knees")
    make_tip(slug="keep", kind=TipKind.GUIDE)
    make_tip(slug="hips").former_addresses.create(path="/2019/05/hips/")
    Topic.objects.create(slug="running", name="Running")
    links = [
        "/", "/tips/", "/tips/?q=a", "/tips/knees/", "/tips/knees", "/tips/knees/#a", "/guides/keep/", "/guides/keep.pdf",
        "/tips/own/", "/2019/05/hips/", "/tips/topics/running/", "/tips/regions/knee/", "/consultation/", "#sources", "mailto:a@b.example",
    ]  # fmt: skip

    findings = found(**with_body(" ".join(f"[The page {link}]({link})" for link in links)))

    assert findings == []


def test_a_link_to_a_page_that_was_taken_down_or_expired_leads_nowhere():
    make_tip(slug="archived", status=TipStatus.ARCHIVED)
    make_tip(slug="expired", expire_at=NOON)

    findings = found(**with_body("[One](/tips/archived/), [two](/tips/expired/)"))

    assert [(finding.must, finding.message[-22:]) for finding in findings] == 2 * [(True, "there is no such page.")]


def test_a_link_to_a_page_still_in_work_holds_nothing_up():
    make_tip(slug="draft", published_at=None)
    make_tip(slug="tomorrow", published_at=NOON + DAY)

    findings = found(**with_body("[One](/tips/draft/), [two](/tips/tomorrow/)"))

    assert findings == [
        Finding(False, "The link “One” leads to /tips/draft/, which readers cannot open yet."),
        Finding(False, "The link “two” leads to /tips/tomorrow/, which readers cannot open yet."),
    ]


def test_a_hard_text_is_told_its_grade_and_longest_sentence():
    findings = found(body=HARD + PARAGRAPH + 6 * HARD.replace("persistent ", ""))

    assert [finding.must for finding in findings] == [False]
    assert findings[0].message == (
        "Reads like grade 22; aim for 8 or lower: shorter sentences, everyday words. The longest sentence: "
        f"“{HARD.strip()}”"
    )


def test_names_of_headings_and_tables_do_not_make_a_text_hard():
    findings = found(**with_body(f"## {HARD}\n\n| {HARD} |\n| --- |\n| {HARD} |"))

    assert findings == []


@pytest.mark.parametrize(
    ("word", "count"),
    [("knee", 1), ("the", 1), ("walked", 1), ("wanted", 2), ("muscles", 2), ("exercises", 4), ("table", 2), ("agree", 2), ("repetition", 4)],
)  # fmt: skip
def test_syllables_are_counted_about_as_they_are_spoken(word, count):
    counted = syllables(word)

    assert counted == count


def test_the_grade_is_that_of_the_formula():
    level = grade(["The cat sat on the mat.", "It was warm."])

    assert round(level, 2) == round(0.39 * 9 / 2 + 11.8 * 9 / 9 - 15.59, 2)


def test_nothing_said_has_the_lowest_grade():
    level = grade([])

    assert level == 0


def test_a_text_with_something_to_mend_is_not_sent_to_review():
    tip = make_tip(published_at=None, text=CLEAN | {"sources": ""})

    with pytest.raises(TransitionNotAllowed, match=r"^No source is named"):
        tip.submit(by=tip.author, at=NOON)

    tip.refresh_from_db()
    assert (tip.status, list(tip.steps.all())) == (TipStatus.DRAFT, [])


def test_nor_does_it_go_live_without_review():
    tip = make_tip(published_at=None, text=CLEAN | {"sources": ""})

    with pytest.raises(TransitionNotAllowed, match=r"^No source is named"):
        tip.publish_alone(tip.latest, reason="Alone.", next_review=NOON.date() + 90 * DAY, by=tip.author, at=NOON)

    assert Tip.objects.get().live is None


def test_advice_holds_nothing_up():
    tip = make_tip(published_at=None, text={"title": "a" * 80})
    make_person("Editor")

    tip.submit(by=tip.author, at=NOON)

    assert Tip.objects.get().status == TipStatus.IN_EDITORIAL


def test_findings_stand_on_the_page_of_a_text_being_written(clinic, signed_in):
    tip = make_tip(published_at=None, text=CLEAN | {"sources": "", "title": "a" * 80})

    page = signed_in(make_person("Editor")).get(reverse("admin:tips_standing", args=[tip.pk]))

    assert [finding.must for finding in page.context["findings"]] == [True, False]
    assert "No source is named" in page.content.decode()


def test_a_text_in_review_is_not_checked_again(clinic, signed_in):
    tip = make_tip(published_at=None, text=CLEAN | {"sources": ""}, status=TipStatus.IN_EDITORIAL)

    page = signed_in(make_person("Editor")).get(reverse("admin:tips_standing", args=[tip.pk]))

    assert page.context["findings"] == []


def test_no_text_of_the_demonstration_has_to_be_mended(settings, tmp_path, capsys):
    settings.DATA_DIR = tmp_path
    make_roles()
    call_command("demo")

    findings = chain.from_iterable(check(tip, tip.live, at=tip.publish_at) for tip in Tip.objects.all())

    assert [finding.message for finding in findings if finding.must] == []
