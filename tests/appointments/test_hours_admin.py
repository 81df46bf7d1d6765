"""Working hours and time off on the desk: whose they are, and who keeps them."""

from datetime import UTC, datetime, time

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.utils import timezone

from appointments.models import TimeOff, WorkingHours
from appointments.people import therapists
from clinic.models import ClinicSettings
from tests.factories import DAY, HOUR, NOON, make_person

from .desk import notices
from .pages import Page
from .stages import HALF_AN_HOUR, START, S, bring_to, make_arrived, make_visit

pytestmark = pytest.mark.django_db

HOURS, OFF = "/admin/appointments/workinghours/", "/admin/appointments/timeoff/"
OPENING = "/admin/clinic/openinghours/"
MORNING = {"weekday": "0", "starts": "08:00", "ends": "12:00"}
AWAY = {"starts_at": "2026-03-03T09:00", "ends_at": "2026-03-03T15:30"}
KEPT = {f"{verb}_{model}" for model in ("workinghours", "timeoff") for verb in ("add", "change", "delete", "view")}


def make_hours(therapist, **fields):
    facts = {"weekday": 0, "starts": time(8), "ends": time(12)} | fields
    return WorkingHours.objects.create(therapist=therapist, **facts)


def make_off(therapist):
    return TimeOff.objects.create(therapist=therapist, starts_at=NOON, ends_at=NOON + HOUR)


def listed(answer):
    return list(answer.context["cl"].result_list)


def test_a_therapist_adds_their_own_hours_whoever_they_name(clinic, signed_in, therapist, colleague):
    answer = signed_in(therapist).post(f"{HOURS}add/", MORNING | {"therapist": colleague.pk})

    assert (answer.status_code, answer["Location"]) == (302, HOURS)
    assert list(WorkingHours.objects.values_list("therapist", "weekday", "starts", "ends")) == [
        (therapist.pk, 0, time(8), time(12))
    ]


def test_the_first_hours_tell_which_days_they_end(clinic, signed_in, therapist):
    browser = signed_in(therapist)

    first = Page(browser.post(f"{HOURS}add/", MORNING, follow=True))
    for weekday in range(1, 5):
        last = Page(browser.post(f"{HOURS}add/", MORNING | {"weekday": weekday}, follow=True))

    words = f"{therapist} sees nobody on these days, until there are hours for them too: Tuesday – Friday."
    assert (words in notices(first), [text for text in notices(last) if "sees nobody" in text]) == (True, [])
    rule = "Whoever has named none works when the clinic is open; whoever has named some works in those alone."
    assert rule in first.texts("h2")


def test_a_therapist_adds_time_off_in_the_clinics_own_time(clinic, signed_in, therapist):
    signed_in(therapist).post(f"{OFF}add/", AWAY)

    [off] = TimeOff.objects.all()
    assert (off.therapist, off.starts_at, off.ends_at) == (
        therapist,
        datetime(2026, 3, 3, 14, 0, tzinfo=UTC),
        datetime(2026, 3, 3, 20, 30, tzinfo=UTC),
    )


def test_lists_of_people_name_those_who_see_patients(clinic, signed_in, owner, therapist):
    make_person("Therapist", is_active=False)
    keeps_hours, writes_now = make_person("Owner"), make_person("Editor")
    for person in (keeps_hours, writes_now):
        make_hours(person)

    assert list(therapists()) == sorted([keeps_hours, therapist], key=str)


@pytest.mark.parametrize(("address", "make"), [(HOURS, make_hours), (OFF, make_off)])
def test_a_therapist_sees_only_their_own(clinic, signed_in, therapist, colleague, address, make):
    mine, theirs = make(therapist), make(colleague)
    browser = signed_in(therapist)

    answers = {row: browser.get(f"{address}{row.pk}/change/") for row in (mine, theirs)}

    assert listed(browser.get(address)) == [mine]
    assert str(colleague) not in browser.get(address).content.decode()
    assert [answers[mine].status_code, answers[theirs].status_code] == [200, 302]


@pytest.mark.parametrize(("address", "make", "sent"), [(HOURS, make_hours, MORNING), (OFF, make_off, AWAY)])
def test_a_therapist_neither_changes_nor_deletes_what_is_anothers(
    clinic, signed_in, therapist, colleague, address, make, sent
):
    theirs = make(colleague)
    before = list(type(theirs).objects.values())
    browser = signed_in(therapist)

    browser.post(f"{address}{theirs.pk}/change/", sent)
    browser.post(f"{address}{theirs.pk}/delete/", {"post": "yes"})
    browser.post(address, {"action": "delete_selected", "_selected_action": [theirs.pk], "post": "yes"})

    assert list(type(theirs).objects.values()) == before


def test_a_therapist_changes_and_deletes_their_own(clinic, signed_in, therapist):
    kept, gone = make_hours(therapist), make_hours(therapist, weekday=1)
    browser = signed_in(therapist)

    browser.post(f"{HOURS}{kept.pk}/change/", MORNING | {"ends": "13:15"})
    browser.post(f"{HOURS}{gone.pk}/delete/", {"post": "yes"})

    assert list(WorkingHours.objects.values_list("pk", "ends")) == [(kept.pk, time(13, 15))]


@pytest.mark.parametrize(("address", "make"), [(HOURS, make_hours), (OFF, make_off)])
def test_the_owner_sees_everybodys_with_their_names(clinic, signed_in, owner, therapist, colleague, address, make):
    rows = [make(therapist), make(colleague)]

    answer = signed_in(owner).get(address)

    assert sorted(row.pk for row in listed(answer)) == sorted(row.pk for row in rows)
    assert all(str(row.therapist) in answer.content.decode() for row in rows)


def test_the_owner_keeps_the_hours_of_whom_they_choose(clinic, signed_in, owner, therapist, colleague):
    row = make_hours(therapist)
    browser = signed_in(owner)

    browser.post(f"{HOURS}add/", MORNING | {"therapist": colleague.pk})
    browser.post(f"{HOURS}{row.pk}/change/", MORNING | {"therapist": therapist.pk, "weekday": "4"})

    assert sorted(WorkingHours.objects.values_list("therapist", "weekday")) == sorted(
        [(therapist.pk, 4), (colleague.pk, 0)]
    )


def test_only_those_who_see_patients_are_offered_and_taken(clinic, signed_in, owner, therapist, editor):
    browser = signed_in(owner)

    offered = {tag.text for tag in Page(browser.get(f"{HOURS}add/")).all("option")}
    answer = browser.post(f"{HOURS}add/", MORNING | {"therapist": editor.pk})

    assert str(therapist) in offered
    assert not {str(owner), str(editor)} & offered
    assert list(answer.context["adminform"].form.errors) == ["therapist"]


def test_fields_are_the_browsers_own_and_filled_with_what_stands(clinic, signed_in, owner, therapist):
    row, off = make_hours(therapist, ends=time(12, 45)), make_off(therapist)
    browser = signed_in(owner)

    pages = [Page(browser.get(address)) for address in (f"{HOURS}{row.pk}/change/", f"{OFF}{off.pk}/change/")]

    fields = [
        (tag.attrs["type"], tag.attrs["value"])
        for page in pages
        for tag in page.all("input")
        if tag.attrs.get("type") in {"time", "datetime-local"}
    ]
    assert fields == [
        ("time", "08:00"),
        ("time", "12:45"),
        ("datetime-local", "2026-03-02T12:00"),
        ("datetime-local", "2026-03-02T13:00"),
    ]


@pytest.mark.parametrize(
    ("address", "sent"),
    [(HOURS, MORNING | {"ends": "08:00"}), (OFF, AWAY | {"ends_at": "2026-03-03T08:00"})],
)
def test_an_end_before_the_start_is_refused_in_words(clinic, signed_in, therapist, address, sent):
    answer = signed_in(therapist).post(f"{address}add/", sent)

    assert "The end must be after the start." in answer.content.decode()
    assert not WorkingHours.objects.exists()
    assert not TimeOff.objects.exists()


def test_time_off_over_a_booked_visit_names_it_and_leaves_it_booked(clinic, signed_in, therapist):
    consultation = bring_to(S.BOOKED, by=therapist)
    after = bring_to(S.IN_REVIEW, by=therapist)
    after.book(START + DAY, **HALF_AN_HOUR, by=therapist, at=NOON)
    times = {"starts_at": "2026-03-03T12:15", "ends_at": "2026-03-03T14:00"}

    answer = signed_in(therapist).post(f"{OFF}add/", times, follow=True)

    warned = [text for text in notices(Page(answer)) if "Still booked" in text]
    words = f"Still booked in that time: {consultation.reference}. Please agree on another one with each."
    links = {(tag.attrs["href"], tag.text) for tag in Page(answer).within("a", "messagelist")}
    assert warned == [words]
    assert (f"/admin/queue/{consultation.reference}/", consultation.reference) in links
    assert consultation.times.booked().count() == 1


@pytest.mark.parametrize(("day", "is_named"), [("2026-03-03", True), ("2026-03-02", False), ("2026-03-04", False)])
def test_a_holiday_over_an_agreed_visit_names_it(clinic, signed_in, owner, therapist, day, is_named):
    consultation = bring_to(S.BOOKED, by=therapist)

    answer = signed_in(owner).post("/admin/clinic/holiday/add/", {"date": day, "name": "Closed"}, follow=True)

    said = f"Still booked in that time: {consultation.reference}. Please agree on another one with each."
    assert (said in notices(Page(answer))) == is_named


@pytest.mark.parametrize(
    "times",
    [
        {"starts_at": "2026-03-03T12:30", "ends_at": "2026-03-03T14:00"},
        {"starts_at": "2026-03-03T08:00", "ends_at": "2026-03-03T12:00"},
    ],
)
def test_time_off_beside_a_visit_warns_of_nothing(clinic, signed_in, therapist, times):
    bring_to(S.BOOKED, by=therapist)

    answer = signed_in(therapist).post(f"{OFF}add/", times, follow=True)

    assert TimeOff.objects.count() == 1
    assert [text for text in notices(Page(answer)) if "Still booked" in text] == []


def wednesday(clinic, hour):
    """Of a week ahead."""
    day = timezone.now().astimezone(clinic.tzinfo) + 7 * DAY
    return (day + (2 - day.weekday()) % 7 * DAY).replace(hour=hour, minute=0, second=0, microsecond=0)


def outside(page):
    return [text for text in notices(page) if "outside the new hours" in text]


BOOKED = "Still booked outside the new hours: {}. Please agree on another time with each, unless it is meant."
OFFERED = "Still offered outside the new hours: {}. Please take the offer back, unless it is meant."


def test_new_working_hours_name_what_falls_out_of_them(clinic, signed_in, therapist, colleague):
    now = timezone.now()
    make_visit(therapist, wednesday(clinic, 9), at=now)
    afternoon, _meant_so, _others = [
        make_visit(person, wednesday(clinic, hour), at=now)
        for person, hour in ((therapist, 14), (therapist, 19), (colleague, 15))
    ]
    offered = make_arrived()
    offered.propose([wednesday(clinic, 16)], by=therapist, at=now, **HALF_AN_HOUR)

    page = Page(signed_in(therapist).post(f"{HOURS}add/", MORNING | {"weekday": "2"}, follow=True))

    assert outside(page) == [BOOKED.format(afternoon.reference), OFFERED.format(offered.reference)]
    [_hours, *links] = [(tag.attrs["href"], tag.text) for tag in page.within("a", "messagelist")]
    assert links == [(f"/admin/queue/{each.reference}/", each.reference) for each in (afternoon, offered)]
    assert afternoon.times.booked().count() == 1


@pytest.mark.parametrize("act", ["change", "delete"])
def test_working_hours_that_are_changed_or_deleted_name_it_as_well(clinic, signed_in, therapist, act):
    late = make_hours(therapist, weekday=2, starts=time(18), ends=time(21))
    make_hours(therapist, weekday=2)
    visit = make_visit(therapist, wednesday(clinic, 19), at=timezone.now())
    sent = {"weekday": "2", "starts": "17:00", "ends": "19:00", "post": "yes"}

    page = Page(signed_in(therapist).post(f"{HOURS}{late.pk}/{act}/", sent, follow=True))

    assert outside(page) == [BOOKED.format(visit.reference)]


def test_new_opening_hours_name_it_of_all_who_named_no_hours(clinic, signed_in, owner, therapist, colleague):
    make_hours(colleague, weekday=2, ends=time(18))
    visit, _others = [make_visit(each, wednesday(clinic, 14), at=timezone.now()) for each in (therapist, colleague)]
    browser = signed_in(owner)
    listed_before = Page(browser.get(OPENING))
    sent = {name: values[-1] for name, values in listed_before.fields.items() if name.startswith(("form-", "_save"))}

    page = Page(browser.post(OPENING, sent | {"form-2-closes": "12:00", "_save": "Save"}, follow=True))

    assert outside(page) == [BOOKED.format(visit.reference)]


def test_longer_hours_name_nothing(clinic, signed_in, owner, therapist):
    make_visit(therapist, wednesday(clinic, 19), at=timezone.now())
    make_visit(therapist, wednesday(clinic, 10), at=timezone.now())
    sent = {"weekday": "2", "opens": "18:00", "closes": "20:00"}

    page = Page(signed_in(owner).post(f"{OPENING}add/", sent, follow=True))

    assert (len(ClinicSettings.current().week[2]), outside(page)) == (2, [])


@pytest.mark.parametrize("role", ["Editor", "Clinical reviewer", None])
@pytest.mark.parametrize("address", [HOURS, OFF, f"{HOURS}add/", f"{OFF}add/"])
def test_nobody_else_comes_near_them(clinic, signed_in, role, address):
    assert signed_in(make_person(role)).get(address).status_code == 403


def test_they_stand_on_the_desk_beside_the_queue(clinic, signed_in, owner):
    apps = signed_in(owner).get("/admin/").context["app_list"]

    [names] = [[str(model["name"]) for model in app["models"]] for app in apps if app["app_label"] == "appointments"]
    assert names[:4] == ["Queue", "Calendar", "Time off", "Working hours"]


def held_by(name):
    codenames = Permission.objects.filter(group__name=name, codename__in=KEPT).values_list("codename", flat=True)
    return set(codenames)


@pytest.mark.django_db(transaction=True)
def test_the_permissions_come_and_go_with_the_migration():
    make_person("Owner")
    given = {name: held_by(name) for name in ("Owner", "Therapist", "Editor", "Clinical reviewer")}

    call_command("migrate", "clinic", "0005", verbosity=0)
    taken = {group.name: held_by(group.name) for group in Group.objects.all()}
    # Other apps' migrations go with it, and all come back.
    call_command("migrate", verbosity=0)

    assert given == {"Owner": KEPT, "Therapist": KEPT, "Editor": set(), "Clinical reviewer": set()}
    assert set().union(*taken.values()) == set()
    assert (held_by("Owner"), held_by("Therapist")) == (KEPT, KEPT)


@pytest.mark.parametrize(
    "button",
    [
        {"_saveasnew": "x"},
        {"_saveasnew": "x", "starts_at": "never"},
        {"_popup": "1"},
        {"_popup": "1", "_saveasnew": "x"},
    ],
)
def test_a_button_that_the_page_does_not_have_breaks_nothing(clinic, signed_in, therapist, button):
    off = make_off(therapist)

    answer = signed_in(therapist).post(f"{OFF}{off.pk}/change/", AWAY | {"therapist": therapist.pk} | button)

    assert answer.status_code in {200, 302}


@pytest.mark.parametrize(("asked", "told"), [({}, "Nothing is here yet."), ({"q": "nobody"}, "Nothing was found.")])
def test_an_empty_list_says_so(clinic, owner, therapist, signed_in, asked, told):
    address = "/admin/clinic/user/" if asked else "/admin/appointments/timeoff/"

    assert told in signed_in(owner).get(address, asked).content.decode()
