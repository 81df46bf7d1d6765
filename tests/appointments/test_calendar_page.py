"""The week as those who triage see it."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments.admin.week import Week
from appointments.models import OfferedTime, TimeOff, WorkingHours
from appointments.models.statement import Mode
from clinic.models import AuditEntry, ClinicSettings, Holiday, OpeningHours
from tests.factories import NOON, SAID, make_clinic, make_person

from .pages import Page
from .stages import S, make_arrived

pytestmark = pytest.mark.django_db

CALENDAR = "/admin/calendar/"
NEW_YORK = ZoneInfo("America/New_York")
CANARIES = [str(SAID[name]) for name in ("goal", "note", "full_name", "phone", "email", "access_needs")]
CANARIES += ["cello", "rehearsals", "Zoë", "Núñez", "698-5559", "One to six weeks", "Knee"]
# The week of the tests, and its Monday. Its clocks change on the Sunday before the next.
WEEK, MONDAY = "2026-W10", date(2026, 3, 2)


def at(day, hour, minute=0):
    """A wall time of the clinic, `day` days after the Monday."""
    return datetime.combine(MONDAY + timedelta(days=day), time(hour, minute), NEW_YORK).astimezone(UTC)


def make_time(therapist, start, *, status=S.BOOKED, minutes=30, mode=Mode.CLINIC, **standing):
    times = OfferedTime(
        consultation=make_arrived(status=status, assigned_to=therapist),
        therapist=therapist,
        starts_at=start,
        minutes=minutes,
        mode=mode,
        **standing or {"booked_at": NOON},
    )
    times.take(at=NOON)
    return times


def shown(answer):
    """Each day with what stands in it, by therapist: their hours, and the lines of their list."""
    assert answer.status_code == 200
    return [
        (
            f"{day['date']:%a}",
            [
                (
                    str(one["person"]),
                    [f"{opens.astimezone(NEW_YORK):%H:%M}-{closes.astimezone(NEW_YORK):%H:%M}" for opens, closes in one["hours"]],
                    [entry["kind"] for entry in one["entries"]],
                )
                for one in day["people"]
            ],
        )
        for day in answer.context["days"]
    ]  # fmt: skip


def lines(answer):
    return [tag.text for tag in Page(answer).within("li", "entries")]


def days_of(answer):
    return Page(answer).texts("h3")


@pytest.fixture
def look(signed_in, therapist):
    """The calendar, as the therapist sees it."""
    browser = signed_in(therapist)

    def get(week=WEEK, **query):
        return browser.get(CALENDAR, {"week": week} | query)

    return get


@pytest.mark.parametrize("role", ["Editor", "Clinical reviewer", None])
def test_whoever_may_not_triage_sees_no_calendar(clinic, signed_in, role):
    answer = signed_in(make_person(role)).get(CALENDAR)

    assert answer.status_code == 403
    assert [entry.action for entry in AuditEntry.objects.all()] == ["refused"]


def test_a_stranger_is_asked_to_sign_in(clinic, client):
    answer = client.get(CALENDAR)

    assert (answer.status_code, answer.url) == (302, f"/admin/login/?next={CALENDAR}")


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_calendar_is_only_read(clinic, signed_in, therapist, method):
    assert getattr(signed_in(therapist), method)(CALENDAR).status_code == 405


def test_each_time_is_a_line_with_its_state_in_words_and_a_link(clinic, therapist, look):
    booked = make_time(therapist, at(0, 9))
    done = make_time(therapist, at(0, 10, 30), status=S.COMPLETED, mode=Mode.PHONE, minutes=45)
    missed = make_time(therapist, at(1, 12), status=S.NO_SHOW, mode=Mode.VIDEO)
    later = timezone.now() + timedelta(days=100)
    start = later.astimezone(NEW_YORK).replace(hour=15, minute=0, second=0, microsecond=0)
    offer = make_time(therapist, start, status=S.PROPOSED, held_until=start + timedelta(hours=25))

    answer, of_later = look(), look(f"{start:%G-W%V}")

    assert lines(answer) == [
        f"9:00 AM – 9:30 AM At the clinic ● Booked {booked.consultation.reference}",
        f"10:30 AM – 11:15 AM By phone ✓ Completed {done.consultation.reference}",
        f"12:00 PM – 12:30 PM By video ✕ Missed {missed.consultation.reference}",
    ]
    [line] = lines(of_later)
    assert line.startswith(f"3:00 PM – 3:30 PM At the clinic ○ Held {offer.consultation.reference} until ")
    assert line.endswith(" 3:00 PM")
    [link] = [tag.attrs["href"] for tag in Page(of_later).within("a", "entries")]
    assert link == f"/admin/queue/{offer.consultation.reference}/"


def test_no_line_says_a_name_or_a_word_of_the_patients(clinic, therapist, look):
    make_time(therapist, at(0, 9))
    make_time(therapist, at(0, 10), status=S.PROPOSED, held_until=timezone.now() + timedelta(days=1))

    text = look().content.decode()

    assert [word for word in CANARIES if word in text] == []


def test_released_times_and_those_held_no_longer_are_not_there(clinic, therapist, look):
    make_time(therapist, at(0, 9)).release(at=NOON)
    make_time(therapist, at(0, 10), held_until=NOON + timedelta(hours=1))

    assert lines(look()) == []


def test_a_day_begins_and_ends_at_the_clinics_midnight(clinic, therapist, look):
    WorkingHours.objects.create(therapist=therapist, weekday=0, starts=time(0), ends=time(23))
    for start in [at(0, 0) - timedelta(minutes=30), at(0, 0), at(0, 23, 30), at(6, 23, 30), at(7, 0)]:
        make_time(therapist, start)

    answer = look()

    assert [(day, [len(kinds) for _, _, kinds in people]) for day, people in shown(answer)] == [
        ("Mon", [2]), ("Tue", [0]), ("Wed", [0]), ("Thu", [0]), ("Fri", [0]), ("Sun", [1]),
    ]  # fmt: skip


def test_days_show_whose_hours_they_are_and_closed_ones_are_left_out(clinic, therapist, colleague, look):
    for day, starts, ends in [(1, time(8), time(12)), (1, time(13), time(17)), (5, time(9), time(11))]:
        WorkingHours.objects.create(therapist=colleague, weekday=day, starts=starts, ends=ends)

    days = dict(shown(look()))

    assert list(days) == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    assert {day: [hours for _, hours, _ in people] for day, people in days.items()} == {
        "Mon": [["08:00-18:00"], []],
        "Tue": [["08:00-18:00"], ["08:00-12:00", "13:00-17:00"]],
        "Wed": [["08:00-18:00"], []],
        "Thu": [["08:00-18:00"], []],
        "Fri": [["08:00-18:00"], []],
        "Sat": [[], ["09:00-11:00"]],
    }


def test_hours_are_said_in_words(clinic, colleague, look):
    WorkingHours.objects.create(therapist=colleague, weekday=1, starts=time(8), ends=time(12, 30))
    WorkingHours.objects.create(therapist=colleague, weekday=1, starts=time(13), ends=time(17))

    texts = Page(look(**{"with": colleague.username})).texts("h4")

    assert texts[:2] == [f"{colleague} Not working", f"{colleague} 8:00 AM – 12:30 PM, 1:00 PM – 5:00 PM"]


def test_on_a_holiday_nobody_works_and_the_day_says_why(clinic, therapist, look):
    Holiday(date=MONDAY, name="Founders’ Day").save()

    answer = look()

    assert days_of(answer)[:2] == ["Monday, March 2 Closed: Founders’ Day", "Tuesday, March 3"]
    assert shown(answer)[0] == ("Mon", [(str(therapist), [], [])])


def test_time_off_stands_in_each_day_that_it_touches(clinic, therapist, look):
    make_time(therapist, at(0, 16))
    TimeOff.objects.create(therapist=therapist, starts_at=at(0, 15), ends_at=at(2, 9))

    answer = look()

    assert [text.split(" CR-")[0] for text in lines(answer)] == [
        "3:00 PM – 12:00 AM – Time off",
        "4:00 PM – 4:30 PM At the clinic ● Booked",
        "All day – Time off",
        "12:00 AM – 9:00 AM – Time off",
    ]


def test_time_off_of_another_week_or_that_ends_at_midnight_is_not_there(clinic, therapist, look):
    TimeOff.objects.create(therapist=therapist, starts_at=at(-3, 0), ends_at=at(0, 0))
    TimeOff.objects.create(therapist=therapist, starts_at=at(7, 0), ends_at=at(8, 0))

    assert lines(look()) == []


def test_the_week_in_which_the_clocks_change_has_every_hour_at_its_wall_time(clinic, therapist, look):
    WorkingHours.objects.create(therapist=therapist, weekday=6, starts=time(1), ends=time(5))
    make_time(therapist, at(6, 4))

    answer = look()

    assert shown(answer)[-1] == ("Sun", [(str(therapist), ["01:00-05:00"], ["booked"])])
    assert lines(answer)[0].startswith("4:00 AM – 4:30 AM")


# Which week, and whose


@pytest.mark.parametrize(
    ("name", "monday"),
    [
        ("2026-W11", date(2026, 3, 9)),
        ("2026-W01", date(2025, 12, 29)),
        ("2020-W53", date(2020, 12, 28)),
        ("2036-W01", date(2035, 12, 31)),
        *[(name, MONDAY) for name in ("", "2026-W54", "2026-W00", "W10", "2026-10", "9999-W52", "0001-W01")],
        *[(name, MONDAY) for name in ("2026-W1e1", "-W", "٢٠٢٦-W٥٤", "99999999999999999999-W01", "2026-W10-W11")],
    ],
)
def test_a_week_is_named_and_what_is_no_name_is_this_week(name, monday):
    week = Week.named(name, clinic=ClinicSettings(zone="America/New_York"), today=date(2026, 3, 5))

    assert (week.monday, week.days[-1]) == (monday, monday + timedelta(days=6))


def test_links_lead_to_the_weeks_around_and_keep_the_therapist(clinic, therapist, colleague, look):
    answer = look(**{"with": colleague.username})

    links = {tag.text: tag.attrs["href"] for tag in Page(answer).within("a", "weeks")}
    this = f"{timezone.now().astimezone(NEW_YORK):%G-W%V}"
    assert links == {
        "Week before": f"{CALENDAR}?week=2026-W09&with={colleague.username}",
        "This week": f"{CALENDAR}?week={this}&with={colleague.username}",
        "Week after": f"{CALENDAR}?week=2026-W11&with={colleague.username}",
    }


def test_one_therapist_or_all_can_be_seen(clinic, therapist, colleague, look):
    for person in (therapist, colleague):
        make_time(person, at(0, 9))

    everybody, one, nobody = look(), look(**{"with": colleague.username}), look(**{"with": "nobody"})

    assert [len(lines(answer)) for answer in (everybody, one, nobody)] == [2, 1, 2]
    assert {name for _, people in shown(one) for name, _, _ in people} == {str(colleague)}
    assert [(tag.text, "aria-current" in tag.attrs) for tag in Page(one).within("a", "tabs")] == [
        ("All", False), (str(therapist), False), (str(colleague), True),
    ]  # fmt: skip


def test_an_owner_is_in_the_calendar_where_they_see_patients(clinic, owner, therapist, look):
    seen = [name for name, _, _ in shown(look())[0][1]]

    WorkingHours.objects.create(therapist=owner, weekday=0, starts=time(8), ends=time(9))

    assert seen == [str(therapist)]
    assert [name for name, _, _ in shown(look())[0][1]] == sorted([str(owner), str(therapist)])


def test_an_owner_with_the_role_of_a_therapist_is_in_the_calendar(clinic, owner, therapist, look):
    owner.groups.add(therapist.groups.get())

    assert [name for name, _, _ in shown(look())[0][1]] == sorted([str(owner), str(therapist)])


def test_an_owner_who_works_alone_sees_their_own_week(clinic, owner, signed_in):
    answer = signed_in(owner).get(CALENDAR, {"week": WEEK})

    assert shown(answer)[0] == ("Mon", [(str(owner), ["08:00-18:00"], [])])
    assert Page(answer).within("a", "tabs") == []


def test_the_visits_of_somebody_who_left_are_still_there(clinic, colleague, look):
    visit = make_time(colleague, at(0, 9))
    colleague.groups.clear()
    colleague.is_active = False
    colleague.save()

    answer = look()

    assert [visit.consultation.reference in line for line in lines(answer)] == [True]


def test_a_week_in_which_nobody_works_says_so(therapist, signed_in):
    make_clinic(weekdays=[])

    answer = signed_in(therapist).get(CALENDAR, {"week": WEEK})

    assert Page(answer).texts("p", class_="empty") == ["Nobody works in this week."]


def test_today_is_marked_in_words(clinic, look):
    OpeningHours.objects.all().delete()
    for weekday in range(7):
        OpeningHours(weekday=weekday, opens=time(8), closes=time(18)).save()
    today = timezone.now().astimezone(NEW_YORK)

    marked = [text for text in days_of(look("")) if "Today" in text]

    assert marked == [f"{today:%A, %B} {today.day} Today"]


def test_a_look_is_recorded_with_the_references_that_were_shown(clinic, therapist, colleague, look):
    mine, theirs = make_time(therapist, at(0, 9)), make_time(colleague, at(0, 9))

    look()
    look(**{"with": therapist.username})

    records = AuditEntry.objects.order_by("pk").values_list("action", "by", "detail")
    both = sorted([mine.consultation.reference, theirs.consultation.reference])
    assert [(action, by, detail["week"], sorted(detail["references"])) for action, by, detail in records] == [
        ("listed", therapist.pk, WEEK, both),
        ("listed", therapist.pk, WEEK, [mine.consultation.reference]),
    ]


def test_a_full_week_takes_no_more_queries_than_an_empty_one(clinic, therapist, look):
    look()
    with CaptureQueriesContext(connection) as few:
        look()
    for number in range(4):
        person = make_person("Therapist")
        WorkingHours.objects.create(therapist=person, weekday=0, starts=time(8), ends=time(18))
        TimeOff.objects.create(therapist=person, starts_at=at(1, 9), ends_at=at(1, 12))
        for day in range(4):
            make_time(person, at(day, 13 + number))
    # Read once more, since somebody's name may be on a page.
    ClinicSettings.current()

    with CaptureQueriesContext(connection) as many:
        answer = look()

    assert len(lines(answer)) == 20
    assert len(many) == len(few)


def test_no_style_and_no_script_stands_in_the_page(clinic, therapist, look):
    make_time(therapist, at(0, 9))

    page = Page(look())

    main = [tag for tag in page.tags if any(outer.attrs.get("id") == "content" for outer in tag.inside)]
    assert [tag for tag in main if "style" in tag.attrs or tag.name in {"script", "style"}] == []
