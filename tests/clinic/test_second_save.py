"""Two who have the same row of the desk open: the second save undoes nothing unread, and loses nothing typed."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import time

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.utils import timezone

from appointments.models import TimeOff, WorkingHours
from clinic.models import ClinicSettings, Holiday, OpeningHours, User
from clinic.sessions import KEPT
from tests.appointments.pages import Page
from tests.factories import DAY

pytestmark = pytest.mark.django_db

SETTINGS = "/admin/clinic/clinicsettings/1/change/"
CHANGED = "Somebody has changed this since you opened the page. Now it says: {}. Save again for yours."


@pytest.fixture
def desk(clinic, owner, signed_in):
    return signed_in(owner)


def shown(response):
    """What a desk would send from this page if nothing were touched in it."""
    page = Page(response)
    chosen = [tag for tag in page.all("option") if "selected" in tag.attrs]
    fields = page.fields | {tag.inside[-1].attrs["name"]: [tag.attrs["value"]] for tag in chosen}
    return {name: values for name, values in fields.items() if not name.startswith("_")}


def without(sent, name):
    return {key: values for key, values in sent.items() if key != name}


def errors(response):
    return Page(response).errors


def page_of(person):
    return f"/admin/clinic/user/{person.pk}/change/"


def test_an_account_that_was_closed_meanwhile_is_not_opened_by_a_letter_that_is_mended(desk, therapist):
    path = page_of(therapist)
    older = shown(desk.get(path))
    desk.post(path, without(older, "is_active"))

    answer = desk.post(path, older | {"display_name": "Sam Okafor"})

    therapist.refresh_from_db()
    assert (therapist.is_active, errors(answer)) == (False, {"id_is_active_error": CHANGED.format("no")})
    assert shown(answer)["display_name"] == ["Sam Okafor"]


def test_whoever_has_read_what_stands_there_saves_theirs(desk, therapist):
    path = page_of(therapist)
    older = shown(desk.get(path))
    desk.post(path, without(older, "is_active"))
    refused = desk.post(path, older | {"display_name": "Sam Okafor"})

    answer = desk.post(path, shown(refused))

    therapist.refresh_from_db()
    assert answer.status_code == 302
    assert (therapist.is_active, therapist.display_name) == (True, "Sam Okafor")


def test_a_role_that_was_given_meanwhile_is_not_taken_away_unread(desk, therapist):
    path = page_of(therapist)
    therapist.groups.clear()
    older = shown(desk.get(path))
    desk.post(
        path,
        older | {"groups": list(Group.objects.filter(name__in=["Editor", "Therapist"]).values_list("pk", flat=True))},
    )

    answer = desk.post(path, older | {"display_name": "Sam Okafor"})

    assert errors(answer) == {"id_groups_error": CHANGED.format("Editor, Therapist")}
    assert therapist.groups.count() == 2


def test_a_first_role_that_came_back_with_another_mistake_is_nobody_elses_change(desk, therapist):
    person = User.objects.create(username="new", email="new@clinic.example", is_staff=True)
    role = str(Group.objects.get(name="Editor").pk)
    older = shown(desk.get(page_of(person)))

    refused = desk.post(page_of(person), older | {"groups": [role], "email": therapist.email})
    answer = desk.post(page_of(person), shown(refused) | {"groups": [role], "email": "new@clinic.example"})

    assert list(errors(refused)) == ["id_email_error"]
    assert (answer.status_code, [str(group) for group in person.groups.all()]) == (302, ["Editor"])


def test_the_form_that_was_paused_meanwhile_stays_so(desk):
    older = shown(desk.get(SETTINGS))
    desk.post(SETTINGS, older | {"is_paused": "on", "reply_days": "2"})

    answer = desk.post(SETTINGS, older | {"phone": "(407) 698-5550"})

    clinic = ClinicSettings.objects.get()
    assert (clinic.is_paused, clinic.phone.as_national) == (True, "(407) 698-5558")
    assert errors(answer) == {"id_is_paused_error": CHANGED.format("yes"), "id_reply_days_error": CHANGED.format("2")}


def test_two_who_change_the_same_to_the_same_are_not_in_each_others_way(desk):
    older = shown(desk.get(SETTINGS))
    desk.post(SETTINGS, older | {"tagline": "Move again."})

    answer = desk.post(SETTINGS, older | {"tagline": "Move again.", "visit_minutes": "45"})

    assert answer.status_code == 302
    assert ClinicSettings.objects.get().visit_minutes == 45


def test_words_over_several_lines_and_with_spaces_are_not_taken_for_a_change(desk):
    ClinicSettings.objects.update(pause_words=" One line\nand another ", crisis_words="")
    sent = {
        name: [value.replace("\n", "\r\n") for value in values] for name, values in shown(desk.get(SETTINGS)).items()
    }

    answer = desk.post(SETTINGS, sent | {"tagline": "Move again."})

    assert (answer.status_code, ClinicSettings.objects.get().tagline) == (302, "Move again.")


def test_what_an_older_page_would_undo_is_said_beside_the_preview_too(desk):
    older = shown(desk.get(SETTINGS))
    desk.post(SETTINGS, older | {"tagline": "Move again."})

    answer = desk.post("/admin/clinic/clinicsettings/preview/home/", older)

    assert f"Tagline: {CHANGED.format('Move again.')}" in answer.content.decode()


@pytest.mark.parametrize(
    ("make", "kind", "first", "second", "refused"),
    [
        (
            lambda person: Holiday.objects.create(date="2026-12-25", name="Christmas"),
            "clinic/holiday",
            {"date": "2026-12-24"},
            {"name": "Christmas Day"},
            {"id_date_error": CHANGED.format("December 24, 2026")},
        ),
        (
            lambda person: OpeningHours.objects.create(weekday=5, opens=time(8), closes=time(12)),
            "clinic/openinghours",
            {"closes": "11:00", "weekday": "6"},
            {"opens": "9:00"},
            {"id_closes_error": CHANGED.format("11:00 AM"), "id_weekday_error": CHANGED.format("Sunday")},
        ),
        (
            lambda person: WorkingHours.objects.create(therapist=person, weekday=5, starts=time(8), ends=time(12)),
            "appointments/workinghours",
            {"ends": "11:00"},
            {"starts": "9:00"},
            {"id_ends_error": CHANGED.format("11:00 AM")},
        ),
    ],
)
def test_hours_and_holidays_too(desk, therapist, make, kind, first, second, refused):
    row = make(therapist)
    path = f"/admin/{kind}/{row.pk}/change/"
    older = shown(desk.get(path))
    saved = desk.post(path, older | first)

    answer = desk.post(path, older | second)

    assert (saved.status_code, errors(answer)) == (302, refused)


def test_time_off_is_saved_from_its_page_as_often_as_somebody_likes(desk, therapist):
    starts = timezone.now() + DAY
    off = TimeOff.objects.create(therapist=therapist, starts_at=starts, ends_at=starts + DAY)
    path = f"/admin/appointments/timeoff/{off.pk}/change/"

    answers = [desk.post(path, shown(desk.get(path))) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]


def test_in_a_list_as_on_a_page(desk):
    path = "/admin/clinic/openinghours/"
    older = shown(desk.get(path)) | {"_save": "Save"}
    desk.post(path, older | {"form-0-closes": "17:00"})

    answer = desk.post(path, older | {"form-1-closes": "16:00"})

    assert errors(answer) == {"id_form-0-closes_error": CHANGED.format("5:00 PM")}
    assert desk.post(path, shown(answer) | {"_save": "Save", "form-0-closes": "17:00"}).status_code == 302
    assert [row.closes.hour for row in OpeningHours.objects.order_by("weekday")] == [17, 16, 18, 18, 18]


def test_what_was_sent_too_late_shows_what_was_typed_and_sends_what_was_seen(desk, owner):
    session = desk.session
    session[KEPT] = [owner.pk, SETTINGS, [("tagline", "Move again."), ("initial-tagline", "Strong.")]]
    session.save()

    offered = desk.get("/admin/go-on/")

    assert Page(offered).texts("dt") == ["Tagline"]
    assert errors(desk.post(SETTINGS, shown(offered)))["id_tagline_error"] == CHANGED.format("Strong again.")


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_the_second_waits_and_then_reads(desk, therapist):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    path = page_of(therapist)
    older = shown(desk.get(path))

    def save():
        try:
            return desk.post(path, older | {"display_name": "Sam Okafor"})
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as second:
        with transaction.atomic():
            User.objects.filter(pk=therapist.pk).update(is_active=False)
            answer = second.submit(save)
            wait([answer], timeout=2)
        refused = errors(answer.result())

    assert (refused, User.objects.get(pk=therapist.pk).is_active) == (
        {"id_is_active_error": CHANGED.format("no")},
        False,
    )
