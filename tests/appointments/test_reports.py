"""The owner's reports: what stands in them, against the rows; who sees them; what can be taken along."""

import csv
import io
import math
from collections import Counter
from datetime import date
from statistics import median

import pytest

from appointments import weekly
from appointments.admin import reports
from appointments.admin.period import MOST_WEEKS, Period, PeriodForm
from appointments.admin.tables import tables
from appointments.models import RequestStatus, StoppedVisit, WeekCount
from clinic.models import AuditEntry, DayCount
from clinic.wording import roughly
from tests.appointments.pages import Page
from tests.appointments.test_weekly import WEEK, move
from tests.factories import DAY, HOUR, NOON, make_consultation, make_tip

pytestmark = pytest.mark.django_db

PAGE, FILE = "/admin/reports/", "/admin/reports/file/"
MONDAY = date(2026, 3, 2)
TODAY = date(2026, 3, 16)
TWO_WEEKS = {"since": "2026-03-02", "until": "2026-03-15"}
HEADERS = ["Requests by week", "Requests by source", "Tips that were read most", "Requests by area"]


@pytest.fixture
def look(clinic, owner, signed_in):
    browser = signed_in(owner)
    return lambda **query: browser.get(PAGE, query)


@pytest.fixture
def fetch(clinic, owner, signed_in):
    browser = signed_in(owner)
    return lambda **sent: browser.post(FILE, {"table": "region", "reason": "meeting", **TWO_WEEKS} | sent)


def count():
    weekly.count_finished_weeks(at=NOON + 2 * WEEK)


def rows_of(name, period=None):
    table = next(each for each in tables(period or Period(MONDAY, MONDAY + WEEK)) if each.name == name)
    return [[str(cell) for cell in row] for row in table.rows]


def test_only_the_owner_sees_them_and_that_is_recorded(clinic, owner, therapist, editor, signed_in):
    statuses = [signed_in(person).get(PAGE, TWO_WEEKS).status_code for person in (owner, therapist, editor)]

    assert statuses == [200, 403, 403]
    assert list(AuditEntry.objects.order_by("pk").values_list("action", "by", "detail")) == [
        ("listed", owner.pk, {"report": "all", "since": "2026-03-02", "until": "2026-03-15"}),
        ("refused", therapist.pk, {"method": "GET"}),
        ("refused", editor.pk, {"method": "GET"}),
    ]


def test_the_owners_front_page_leads_to_them(clinic, owner, signed_in):
    links = [tag.attrs["href"] for tag in Page(signed_in(owner).get("/admin/")).all("a") if tag.text == "Reports"]

    assert set(links) == {PAGE}


def test_every_plot_has_the_same_numbers_in_a_table_below_it(look, clinic):
    for region in ["knee"] * 12 + ["back"] * 6:
        make_consultation(region=region)
    count()

    page = Page(look(**TWO_WEEKS))

    plots = [tag for tag in page.tags if tag.name == "svg" and tag.attrs.get("class") == "plot"]
    assert [tag.attrs["aria-labelledby"] for tag in plots] == [
        "weeks-title", "source-title", "region-title", "urgency-title", "way-title",
    ]  # fmt: skip
    contents = [tag.attrs["href"] for tag in page.within("a", "weeks") if tag.attrs["href"].startswith("#")]
    assert contents == [f"#{tag.attrs['id']}" for tag in page.all("h2") if tag.attrs.get("id")]
    assert page.texts("h2")[:4] == HEADERS
    assert "Pages read" in page.texts("h2")
    assert rows_of("region")[:2] == [["Neck", "<5", "<5"], ["Back", "<10", "<5"]]
    assert "Knee" in [tag.text for tag in page.all("th", scope="row")]


def test_a_number_of_people_under_five_is_none_that_can_be_read(look, clinic):
    for _ in range(3):
        make_consultation(region="neck")
    count()

    html = look(**TWO_WEEKS).content.decode()

    assert (rows_of("region")[0], rows_of("weeks")) == (
        ["Neck", "<5", "<5"],
        [["Mar 2, 2026", "<5"], ["Mar 9, 2026", "<5"], ["All", "<5"], ["All of the period before", "<5"]],
    )
    assert [digit for digit in "1234" if f"<td>{digit}</td>" in html] == []


def test_weeks_rows_and_periods_add_up(clinic):
    for day in range(14):
        for region in ("knee", "back", "hip"):
            make_consultation(region=region, at=NOON + day * DAY)
    count()

    both, first, second = (
        WeekCount.objects.between(*weeks)
        for weeks in [(MONDAY, MONDAY + WEEK), (MONDAY, MONDAY), (MONDAY + WEEK, MONDAY + WEEK)]
    )

    by_region = [Counter(), Counter(), Counter()]
    for regions, weeks in zip(by_region, (both, first, second), strict=True):
        for row in weeks.filter(kind="region"):
            regions[row.key] += row.count
    assert by_region[1] + by_region[2] == by_region[0]
    assert by_region[0].total() == sum(both.by_week("sent").values()) == 40


def test_sources_are_named_and_tips_have_their_looks_and_the_requests_they_led_to(clinic):
    read, unread = make_tip(slug="read", text={"title": "Knees"}), make_tip(slug="unread", text={"title": "Backs"})
    for tip in [read] * 11 + [unread] * 5 + [None] * 20:
        make_consultation(tip=tip)
    DayCount.objects.add({(MONDAY, "tip", "read"): 70, (MONDAY - DAY, "tip", "read"): 900, (MONDAY, "home", ""): 3})
    DayCount.objects.add({(MONDAY, "tip", "gone"): 2})
    count()

    assert rows_of("source") == [["Directly, from no tip", "20", "<5"], ["Knees", "10", "<5"], ["Backs", "<10", "<5"]]
    assert rows_of("tips") == [["Knees", "70", "10"], ["gone", "2", ""]]


def test_urgency_stops_and_pages(clinic):
    for urgency in ["urgent"] * 10 + ["routine"] * 15:
        make_consultation(urgency=urgency)
    StoppedVisit.objects.create(day=MONDAY, count=11)
    DayCount.objects.add({(MONDAY, "home", ""): 3, (MONDAY + 13 * DAY, "home", ""): 4, (MONDAY - DAY, "home", ""): 1})
    count()

    assert rows_of("urgency") == [["Routine", "15", "<5"], ["Urgent", "10", "<5"]]
    assert rows_of("way")[-1] == ["Sent to emergency care by the safety screen", "10", "", "<5"]
    assert rows_of("pages")[0] == ["Home", "7", "1"]


def test_the_time_to_the_first_answer_is_told_against_the_promise(clinic):
    waits = [1] * 10 + [3] * 9 + [20] * 4 + [30] * 7
    for hours in waits:
        make_consultation(first_answered_at=NOON + hours * HOUR)
    count()

    told = {name: now for name, now, before in rows_of("answers")}

    times = sorted(hours * HOUR for hours in waits)
    assert told == {
        "Answered": "30",
        # 23 within the business day that was promised.
        "In time": "25",
        "Late": "<10",
        "Share in time": "83 %",
        "Half had it within": roughly(median(times)),
        "Nine of ten had it within": roughly(times[math.ceil(0.9 * 30) - 1]),
    }


def test_of_fewer_than_twenty_answers_no_time_is_told(clinic):
    for _ in range(19):
        make_consultation(first_answered_at=NOON + HOUR)
    count()

    assert [now for name, now, before in rows_of("answers")] == ["15", "15", "<5", *["Too few to say"] * 3]


def test_the_way_from_the_form_to_the_visit(clinic):
    requests = [make_consultation() for _ in range(25)]
    for consultation in requests[:15]:
        move(consultation, "booked")
    for consultation in requests[:10]:
        move(consultation, "completed", frm="booked", at=NOON + WEEK)
    DayCount.objects.add({(MONDAY, "begun", ""): 61})
    count()

    assert rows_of("way")[:4] == [
        ["Form begun", "61", "", "0"],
        ["Sent", "25", "", "<5"],
        ["Booked", "15", "60 %", "<5"],
        ["Attended", "10", "40 %", "<5"],
    ]


def test_ends_have_their_reasons(clinic):
    for _ in range(10):
        move(make_consultation(status=RequestStatus.DECLINED, decline_reason="too_far"), "declined")
        move(make_consultation(), "lapsed", frm="needs_info")
    count()

    assert [row[:2] for row in rows_of("ends") if row[1] != "<5"] == [
        ["Declined: too far away", "10"],
        ["Lapsed: question not answered", "10"],
    ]


def test_what_was_erased_before_its_week_was_counted_has_no_region_any_more(clinic):
    for _ in range(10):
        make_consultation().erase(at=NOON)
    count()

    assert rows_of("region")[-1] == ["No longer known", "10", "<5"]


def test_the_page_tells_that_weeks_are_not_counted_yet(look):
    words = "Not every week of this period has been counted"

    before = look(**TWO_WEEKS).content.decode()
    make_consultation()
    count()

    assert (words in before, words in look(**TWO_WEEKS).content.decode()) == (True, False)


def test_the_page_asks_the_database_as_often_for_two_years_as_for_a_week(look, django_assert_max_num_queries):
    for week in range(3):
        make_consultation(at=NOON - week * WEEK, tip=make_tip())
    count()

    with django_assert_max_num_queries(45):
        look(**TWO_WEEKS)
    with django_assert_max_num_queries(45):
        look(since="2024-01-01", until="2026-03-15")


# Periods


@pytest.mark.parametrize(
    ("since", "until", "first", "last"),
    [
        ("2026-03-02", "2026-03-15", "2026-03-02", "2026-03-09"),
        # A day more or less changes nothing, or a whole week.
        ("2026-03-03", "2026-03-14", "2026-03-02", "2026-03-09"),
        ("2026-03-01", "2026-03-08", "2026-02-23", "2026-03-02"),
        # The week that runs, and what is still to come, is no part of any.
        ("2026-03-09", "2026-03-16", "2026-03-09", "2026-03-09"),
        ("2026-03-09", "2030-01-01", "2026-03-09", "2026-03-09"),
        ("2027-03-09", "2030-01-01", "2026-03-09", "2026-03-09"),
        ("2026-03-15", "2026-03-02", "2026-03-02", "2026-03-02"),
        ("", "", "2025-12-15", "2026-03-09"),
        ("never", "ever", "2025-12-15", "2026-03-09"),
        ("", "2026-01-04", "2025-12-15", "2025-12-29"),
        ("0001-01-01", "0001-01-01", "2000-01-03", "2000-01-03"),
        ("9999-12-31", "9999-12-31", "2026-03-09", "2026-03-09"),
    ],
)
def test_any_period_is_whole_weeks_that_are_over(since, until, first, last):
    period = PeriodForm({"since": since, "until": until}).period(today=TODAY)

    assert (period.first, period.last) == (date.fromisoformat(first), date.fromisoformat(last))


def test_no_period_is_longer_than_two_years_and_the_one_before_is_as_long():
    period = PeriodForm({"since": "2001-01-01", "until": "2026-03-15"}).period(today=TODAY)

    assert (period.weeks, period.last) == (MOST_WEEKS, MONDAY + WEEK)
    assert (period.before.weeks, period.before.last + WEEK) == (MOST_WEEKS, period.first)


@pytest.mark.parametrize("weeks", [1, 4, 13, 26, 27, 52, 104])
def test_a_plot_has_no_more_columns_than_can_be_told_apart(clinic, weeks):
    table = tables(Period(MONDAY - (weeks - 1) * WEEK, MONDAY))[0]

    assert 1 <= len(table.bars) <= 26


def test_a_day_that_is_none_is_refused_beside_its_field_and_stays_to_be_mended(look):
    page = Page(look(since="2026-13-45", until="2026-03-15"))

    typed = [page.all("input", id=f"id_{name}")[0].attrs["value"] for name in ("since", "until")]
    assert page.title.startswith("Error: Reports")
    assert (typed, page.errors) == (["2026-13-45", "2026-03-15"], {"id_since_error": "Enter a valid date."})


def test_no_two_parts_of_the_page_have_one_id(look):
    ids = Counter(Page(look(**TWO_WEEKS)).ids)

    assert [each for each, times in ids.items() if times > 1] == []


# Files


def test_a_table_is_taken_along_for_a_reason_and_that_is_recorded(clinic, owner, fetch):
    for _ in range(10):
        make_consultation()
    count()

    answer = fetch()

    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert rows[:3] == [["", "This period", "Before"], ["Neck", "<5", "<5"], ["Back", "<5", "<5"]]
    assert ["Knee", "10", "<5"] in rows
    assert answer.headers["Content-Disposition"] == 'attachment; filename="region-2026-03-02-2026-03-15.csv"'
    assert "no-store" in answer.headers["Cache-Control"]
    assert AuditEntry.objects.values_list("action", "by", "detail").get() == (
        "exported",
        owner.pk,
        {"report": "region", "reason": "meeting", "since": "2026-03-02", "until": "2026-03-15"},
    )


@pytest.mark.parametrize("sent", [{"reason": ""}, {"reason": "because"}, {"table": "names"}])
def test_without_a_reason_or_a_table_there_is_no_file(fetch, sent):
    answer = fetch(**sent)

    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert Page(answer).all("ul", **{"class": "errorlist"}) != []
    assert [entry.action for entry in AuditEntry.objects.all()] == ["listed"]


def test_what_a_refused_file_was_missing_is_led_to_from_the_top_of_the_page(fetch):
    page = Page(fetch(reason=""))

    [message], [link] = page.within("li", "messagelist"), page.within("a", "messagelist")
    assert page.title.startswith("Error: Reports")
    assert message.text == "No file was made. Please look again at A table as a file."
    assert (link.attrs["href"], page.errors) == ("#report-export", {"export_reason_error": "This field is required."})


def test_only_the_owner_takes_a_table_along_and_only_by_pressing(clinic, therapist, owner, signed_in):
    refused = signed_in(therapist).post(FILE, {"table": "region", "reason": "meeting"})
    by_link = signed_in(owner).get(FILE)

    assert (refused.status_code, by_link.headers["Location"]) == (403, PAGE)
    assert "exported" not in AuditEntry.objects.values_list("action", flat=True)


@pytest.mark.parametrize("name", reports.TITLES)
def test_every_table_can_be_taken_along(fetch, name):
    assert fetch(table=name).headers["Content-Type"] == "text/csv; charset=utf-8"


def test_a_title_that_would_be_a_formula_is_none_in_the_file(clinic, fetch):
    tip = make_tip(slug="read", text={"title": '=HYPERLINK("http://evil.example")'})
    for _ in range(5):
        make_consultation(tip=tip)
    DayCount.objects.add({(MONDAY, "tip", "read"): 1})
    count()

    texts = [fetch(table=name).content.decode("utf-8-sig") for name in ("source", "tips")]

    assert ['"\'=HYPERLINK(""http' in text for text in texts] == [True, True]


def test_no_word_of_a_patient_stands_in_any_of_it(look, fetch, clinic):
    for _ in range(10):
        make_consultation()
    count()

    answers = [look(**TWO_WEEKS), *(fetch(table=name) for name in reports.TITLES)]

    words = ["Zoë", "Núñez", "cello", "patients.example", "6985559", "rehearsals"]
    assert [word for answer in answers for word in words if word in answer.content.decode()] == []
    assert "CR-" not in "".join(answer.content.decode() for answer in answers)


def test_the_usual_periods_are_a_press_away(look):
    links = [tag.text for tag in Page(look()).all("a") if tag.attrs["href"].startswith("?since=")]

    assert links == ["The last 4 weeks", "The last 13 weeks", "The last year"]
