import re
from datetime import date
from html.parser import HTMLParser

import pytest
import typst
from django.conf import settings
from django.core.management import call_command
from django.utils import translation

from clinic.models import ClinicSettings, forget
from tests.factories import NOON, make_clinic, make_person, make_roles, make_tip
from tips import pdf
from tips.figures import EXERCISES
from tips.models import Tip, TipKind
from tips.pdf import CannotTypeset, literal, markup

pytestmark = pytest.mark.django_db

COMMANDS = [
    '#import "/etc/passwd": *',
    "#sys.version",
    '#panic("no")',
    '#read("/etc/passwd")',
    '#image("/etc/passwd")',
    "#{ 1 + 1 }",
    "#(1)",
    "#let x = 1",
    "#set page(width: 1pt)",
    '"',
    '"); #panic(); #("',
    "\\",
    "\\\\\\",
    '\\"',
    "\\u{41}",
    "]",
    "]]]",
    "[",
    ")",
    ");",
    "}",
    "{title}",
    "{0.__class__}",
    "%s",
    "$x^2$",
    "a _b_c",
    "//note",
    "/* open",
    "@somebody",
    "= Heading",
    "+ item",
    "~",
    "#",
    "##",
]  # fmt: skip


@pytest.fixture
def pages(monkeypatch):
    """What is given to Typst from now on."""
    pages = []
    compiles = typst.compile
    monkeypatch.setattr(
        typst, "compile", lambda page, **options: pages.append(page.decode()) or compiles(page, **options)
    )
    return pages


class Words(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.words = ""
        self.feed(html)
        self.close()

    def handle_data(self, data):
        self.words += data


def words_of(typst_markup):
    """The words as Typst itself sets them."""
    html = typst.compile(typst_markup.encode(), format="html").decode()
    return " ".join(Words(html).words.split())


def make_guide(**text):
    return make_tip(kind=TipKind.GUIDE, text=text)


def links(document):
    return [address.decode() for address in re.findall(rb"/URI ?\(([^)]*)\)", document)]


def markers(document):
    wanted = [b"/StructTreeRoot", b"/Marked true", b"<pdfuaid:part>1</pdfuaid:part>", b"/Lang(en)"]
    return [marker for marker in wanted if marker in document]


def test_a_guide_is_a_tagged_pdf_for_all_readers(clinic):
    guide = make_guide(title="Stretch & rest")

    document = pdf.guide(guide, day=NOON.date())

    assert document.startswith(b"%PDF-")
    assert len(markers(document)) == 4


def test_the_document_carries_its_title_and_author(clinic):
    author = make_person("Editor", display_name="Nora Fields", credentials="PT")
    guide = make_tip(kind=TipKind.GUIDE, author=author, text={"title": "Stretch and rest"})

    document = pdf.guide(guide, day=NOON.date())

    assert b">Stretch and rest</rdf:li>" in document
    assert b"Nora Fields, PT" in document


def test_links_lead_to_the_site_from_paper_as_well(clinic):
    body = "[a](/tips/strength/) [b](https://other.example/b) [c](mailto:c@a.example) [d](tel:+14076985558)"
    guide = make_guide(body=body)

    document = pdf.guide(guide, day=NOON.date())

    assert links(document)[:4] == [
        f"{settings.BASE_URL}/tips/strength/",
        "https://other.example/b",
        "mailto:c@a.example",
        "tel:+14076985558",
    ]


@pytest.mark.parametrize("href", ["#rest", "strength/", "../x", "file:///etc/passwd", "javascript:alert(1)"])
def test_no_link_leads_to_anything_but_the_web(clinic, href):
    guide = make_guide(body=f"[words]({href}) and [more](https://a.example/).")

    document = pdf.guide(guide, day=NOON.date())

    assert {link.split(":")[0] for link in links(document)} <= {"http", "https", "tel"}


def test_what_leads_to_another_part_of_the_page_is_words_on_paper():
    assert "#link" not in markup("See [warm-up](#warm-up).")
    assert "#link" in markup("See [our tips](/tips/).")


def test_a_list_goes_on_with_the_number_that_it_has_on_the_page():
    assert "#enum(start: 3,\n" in markup("3. third\n4. fourth")


def test_a_list_to_tick_has_its_boxes_alone_on_paper_as_well():
    assert "#list(marker: []" in markup("- ☐ I moved on most days")
    assert "#list(marker: []" not in markup("- Choose one or two areas")


def test_the_newest_text_is_not_set_before_it_is_published(clinic):
    guide = make_guide(body="Old.")
    before = pdf.guide(guide, day=NOON.date())
    guide.revise(by=guide.author, at=guide.publish_at, title="New", summary="New.", body="New.", sources="")

    document = pdf.guide(Tip.objects.get(pk=guide.pk), day=NOON.date())

    assert document == before


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_in_the_text_is_set_as_text(command):
    expected = command if command.startswith(("#", "\\")) else f"say {command}"
    text = f"`{expected}`"

    words = words_of(markup(text))

    assert words == expected


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_anywhere_in_a_guide_still_gives_a_pdf(clinic, command):
    body = f"## say {command}\n\n{command}\n\n- {command}\n\n> {command}\n\n[{command}](/x)\n\n```\n{command}\n```\n"
    guide = make_guide(title=command, summary=command, body=body, sources=f"{command}\n*{command}*")

    document = pdf.guide(guide, day=NOON.date())

    assert (document[:5], b"/StructTreeRoot" in document) == (b"%PDF-", True)


@pytest.mark.parametrize("text", ["plain", 'a "b" \\ c', "ünïcödé ≥ ½", "10\u00a0kg"])
def test_a_literal_is_read_back_by_typst_as_it_was(text):
    words = words_of(f"#raw({literal(text)})")

    assert words == " ".join(text.split())


def test_a_literal_has_no_control_characters():
    written = literal("a\x08b\x0bc\x7f\x9fd")

    assert written == '"abcd"'


def test_lists_tables_and_marks_keep_their_words_in_order():
    text = "## One\n\nTwo *three* **four** `five`\n\n- six\n- seven\n    1. eight\n\n> nine\n\n|ten|eleven|\n|-|-|\n|12|13|\n"

    html = typst.compile(markup(text).encode(), format="html").decode()

    expected = ["One", "Two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "12", "13"]
    assert re.findall(r"\w+", re.sub(r"<[^>]*>", " ", html)) == expected


def test_lines_that_are_meant_stay_lines_of_their_own():
    html = typst.compile(markup("Before.\n\n```\none\n  two\n```\n\nAfter.").encode(), format="html").decode()

    assert re.findall(r"<(p|pre)>(.*?)</\1>", html, re.DOTALL) == [
        ("p", "Before."),
        ("pre", "<code>one\n  two</code>"),
        ("p", "After."),
    ]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("# Title\n\n### Deep", id="a level is skipped"),
        pytest.param("### Deep first", id="the first heading is deep"),
        pytest.param("## A\n\n#### B\n\n##### C\n\n###### D", id="headings go six deep"),
        pytest.param("##\n\nwords", id="an empty heading"),
        pytest.param("Arabic مرحبا, Hebrew שלום, Greek αβγ, Привет", id="letters that the fonts have"),
        pytest.param("- " * 5000 + "x", id="lists in lists"),
        pytest.param("word " * 12_000, id="the longest text"),
        pytest.param("|a|b|\n|-|-|\n\n-\n-\n\n[](/x) [a]() ![](b) **** ---", id="empty things"),
        pytest.param("::: exercise nope\n::: exercise squat\nx", id="exercises left open"),
    ],
)
def test_whatever_an_editor_may_write_the_guide_is_still_a_pdf(clinic, body):
    guide = make_guide(body=body)

    document = pdf.guide(guide, day=NOON.date())

    assert document.startswith(b"%PDF-")


@pytest.mark.parametrize("fields", [{"title": "\u2003"}, {"sources": "#### A study"}, {"sources": ""}])
def test_whatever_the_title_and_sources_the_guide_is_still_a_pdf(clinic, fields):
    guide = make_guide(**fields)

    document = pdf.guide(guide, day=NOON.date())

    assert document.startswith(b"%PDF-")


@pytest.mark.parametrize(
    "body", ["> " * 5000 + "x", "*a " * 300 + "b*" * 300, "[a](https://a.example/" + "a" * 9000 + ")"]
)
def test_what_cannot_be_set_is_refused_in_words(clinic, body):
    guide = make_guide(body=body)

    with pytest.raises(CannotTypeset, match="This text cannot be made into a PDF: "):
        pdf.guide(guide, day=NOON.date())


@pytest.mark.parametrize("body", ["Well done 🙂 👨‍👩‍👧", "Chinese 漢字, Thai สวัสดี", "\ue000\ufdd0"])
def test_letters_that_our_fonts_lack_are_refused_whatever_fonts_the_machine_has(clinic, body):
    guide = make_guide(body=body)

    with pytest.raises(CannotTypeset, match="This text cannot be made into a PDF: "):
        pdf.guide(guide, day=NOON.date())


def test_small_pictures_in_the_clinic_s_own_words_keep_no_guide_from_print(clinic):
    ClinicSettings.objects.update(name="Elm Street 🌿", crisis_words="☎️ 988 📞", emergency_words="🚑 Call 911")
    forget()

    document = pdf.guide(make_guide(), day=NOON.date())

    assert document.startswith(b"%PDF-")


def test_an_exercise_of_a_guide_is_drawn_and_described(clinic):
    guide = make_guide(body="::: exercise squat\nSit back.\n:::\n\n::: exercise nope\nStand.\n:::\n")

    document = pdf.guide(guide, day=NOON.date())

    assert document.count(b"/Alt(") == 1
    assert EXERCISES["squat"].description.encode()[:20] in document


def test_fields_and_warning_signs_keep_their_words_in_order():
    text = "::: exercise nope\nName: Squat\nHow: Sit *back*.\nStop if: it hurts.\n:::\n\n::: help\n- chest pain\n:::\n"

    html = typst.compile(markup(text).encode(), format="html").decode()

    said = " ".join(re.findall(r"\w+", re.sub(r"<[^>]*>", " ", html)))
    assert said == "Squat How Sit back Stop if it hurts Get help now if chest pain"


def test_a_guide_of_blocks_is_a_tagged_pdf(clinic):
    guide = make_guide(body="::: help\nNow.\n:::\n\n## A\n\n::: exercise squat\nHow: down\n\n::: help\n- x\n:::\n:::\n")

    document = pdf.guide(guide, day=NOON.date())

    assert len(markers(document)) == 4


def test_the_imprint_says_who_reviewed_it_and_that_it_is_a_sample(pages):
    make_clinic(name="Elm Street Clinic", phone="+14076985558", is_demo=True)
    reviewer = make_person("Clinical reviewer", display_name="Jo Adeyemi", credentials="PT")
    review = {"clinical_reviewer": reviewer, "last_reviewed": date(2026, 2, 1), "independently_reviewed": True}
    guide = make_tip(kind=TipKind.GUIDE, slug="rest", **review)

    pdf.guide(guide, day=NOON.date())

    (imprint,) = re.findall(r"#text\(size: 9pt, \"(.*)\"\)", pages[0])
    assert imprint.split(" · ") == [
        "Elm Street Clinic",
        "(407) 698-5558",
        f"{settings.BASE_URL}/guides/rest/",
        "Reviewed by Jo Adeyemi, PT on February 1, 2026",
        "Next review March 1, 2099",
        "Sample content, not approved by a clinician",
    ]


def test_every_guide_of_the_demonstration_is_a_tagged_pdf(settings, tmp_path, capsys):
    settings.DATA_DIR = tmp_path
    make_roles()
    call_command("demo")
    guides = Tip.objects.guides().order_by("slug")

    tagged = {guide.slug: len(markers(pdf.guide(guide, day=NOON.date()))) for guide in guides}

    assert tagged == {"healthy-lifestyle-checklist": 4, "start-decreasing-your-pain": 4}


def test_the_imprint_says_that_nobody_independent_has_reviewed_it(clinic, pages):
    pdf.guide(make_tip(kind=TipKind.GUIDE, text={"title": "A guide by one person"}), day=NOON.date())

    assert " · Not independently reviewed" in pages[0]


def test_the_words_around_a_guide_and_its_dates_are_translated(pages, monkeypatch):
    make_clinic(name="Praxis an der Ulme", is_demo=True)
    reviewer = make_person("Clinical reviewer", display_name="Jo Adeyemi", credentials="PT")
    review = {"clinical_reviewer": reviewer, "last_reviewed": date(2026, 2, 1), "independently_reviewed": True}
    guides = [make_tip(kind=TipKind.GUIDE, next_review=date(2026, 3, 2), **more) for more in (review, {})]
    monkeypatch.setattr(pdf, "_", "‹{}›".format)

    with translation.override("de"):
        for guide in guides:
            pdf.guide(guide, day=NOON.date())

    said = [re.findall(r"‹[^›]*›", page) for page in pages]
    due = ["‹Due for review since 2. März 2026. Parts of it may be out of date.›"]
    due += [
        "‹Talk to a physical therapist›",
        "‹Ask for a consultation›",
        "‹or call›",
        "‹Get help now if›",
        "‹In an emergency:›",
        "‹Sources›",
    ]
    rest = ["‹Next review 2. März 2026›", "‹Sample content, not approved by a clinician›"]
    assert said == [
        [*due, "‹Reviewed by Jo Adeyemi, PT on 1. Februar 2026›", *rest],
        [*due, "‹Not independently reviewed›", *rest],
    ]


@pytest.mark.parametrize(
    ("call_to_action", "crisis"), [("Come and see us.", "Call or text 988."), ("", "Call or text 988."), ("Come.", "")]
)
def test_paper_says_how_to_reach_the_clinic_and_whom_to_call_in_an_emergency(pages, call_to_action, crisis):
    words = {"emergency_words": "Call 112 now.", "crisis_words": crisis, "complimentary": "It is free."}
    make_clinic(phone="+14076985558", **words)
    guide = make_guide(title=f"A guide to paper {call_to_action}{crisis}", call_to_action=call_to_action)

    document = pdf.guide(guide, day=NOON.date())

    html = typst.compile(pages[0].split("#title()")[1].encode(), format="html").decode()
    said = " ".join(re.sub(r"<[^>]*>", " ", html).split())
    ask = "Ask for a consultation or call (407) 698-5558"
    emergency = ["Get help now if In an emergency: Call 112 now.", crisis]
    expected = ["Talk to a physical therapist", call_to_action or "It is free.", ask, *emergency, "Sources"]
    assert " ".join(filter(None, expected)) in said
    assert links(document) == [f"{settings.BASE_URL}/consultation/", "tel:+1-407-698-5558"]


def test_a_link_can_be_seen_on_paper(clinic, pages):
    pdf.guide(make_guide(title="A guide with a link to see", body="[a](https://a.example/)"), day=NOON.date())

    assert "#show link: underline" in pages[0]


def test_from_the_day_on_which_its_review_is_due_it_says_so(clinic, pages):
    guide = make_tip(kind=TipKind.GUIDE, next_review=date(2026, 3, 2), text={"title": "A guide that is due"})

    for day in (date(2026, 3, 1), date(2026, 3, 2)):
        pdf.guide(guide, day=day)

    said = "Due for review since March 2, 2026. Parts of it may be out of date."
    assert [said in page.split("Sources")[0] for page in pages] == [False, True]
