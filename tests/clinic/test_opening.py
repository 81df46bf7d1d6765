"""What is not ready yet: each thing of the list is missing, is done, and is missing no more."""

import re
from dataclasses import replace
from datetime import time

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from appointments.forms import SCREEN
from appointments.models import WorkingHours
from appointments.reasons import REASONS
from clinic import health, mail, opening
from clinic.models import (
    Approval,
    AuditEntry,
    ClinicSettings,
    Heartbeat,
    Holiday,
    OpeningHours,
    OutgoingMail,
    Subject,
    forget,
)
from clinic.sealing import unseal
from clinic.signin import steps_of
from tests.appointments.pages import Page
from tests.appointments.stages import S, bring_to
from tests.factories import DAY, make_clinic, make_person, make_tip

pytestmark = pytest.mark.django_db

PAGE, APPROVE = "/admin/opening/", "/admin/approve/"


@pytest.fixture
def clinic(db):
    return make_clinic(approved=False)


def is_ready(title):
    [item] = [item for item in opening.checklist(at=timezone.now()) if title in item.title]
    assert item.is_ready or item.todo
    return item.is_ready


def beat(name, ago=DAY * 0):
    Heartbeat.objects.beat(name, at=timezone.now() - ago)


def name_it():
    ClinicSettings(name="Elm Street", phone="+14076985558").save()
    forget()


def leave_somebody(person):
    bring_to(S.IN_REVIEW, by=person)
    person.is_active = False
    person.save()


def forget_password(person):
    person.set_unusable_password()
    person.save()


READY = {
    "name and phone": (None, name_it),
    "Opening hours": (None, lambda: OpeningHours(weekday=0, opens="08:00", closes="18:00").save()),
    "Holidays": (None, lambda: Holiday.objects.create(date=timezone.localdate() + DAY, name="A day off")),
    "Therapists": (None, lambda: make_person("Therapist")),
    "The worker": (None, lambda: beat(health.WORKER)),
    "test mail": (None, lambda: beat(opening.TEST_MAIL)),
    "A backup": (lambda: beat(health.BACKUP, 3 * DAY), lambda: beat(health.BACKUP, DAY)),
    "Tips to read": (None, make_tip),
}
NOT_READY = {
    "Passwords": lambda: forget_password(make_person("Editor")),
    "Second steps": lambda: steps_of(make_person("Therapist")).delete(),
    "people who see no patients": lambda: leave_somebody(make_person("Therapist")),
    "Outgoing mail": lambda: mail.queue("test_mail", to="a@b.example", context={}, at=timezone.now() - DAY),
}


@pytest.mark.parametrize("title", READY)
def test_what_is_missing_is_missing_until_it_is_done(settings, title):
    before, do = READY[title]
    if before:
        before()

    missing = is_ready(title)
    do()

    assert (missing, is_ready(title)) == (False, True)


def test_an_owner_who_keeps_hours_is_a_therapist(owner):
    before = is_ready("Therapists")
    WorkingHours.objects.create(therapist=owner, weekday=0, starts=time(8), ends=time(9))

    assert (before, is_ready("Therapists")) == (False, True)


@pytest.mark.parametrize("title", NOT_READY)
def test_what_goes_wrong_later_is_missing_again(clinic, title):
    fine = is_ready(title)
    NOT_READY[title]()

    assert (fine, is_ready(title)) == (True, False)


def test_a_set_up_for_trying_things_out_is_not_one_for_patients(clinic, settings):
    settings.PRODUCTION = False
    trying = is_ready("Set up for patients")
    settings.PRODUCTION = True
    real = is_ready("Set up for patients")
    ClinicSettings.objects.update(is_demo=True)
    forget()

    assert (trying, real, is_ready("Set up for patients")) == (False, True, False)


def test_the_owner_sees_the_list_in_front_and_in_full_until_nothing_is_missing(clinic, owner, signed_in, monkeypatch):
    browser = signed_in(owner)

    front, page = browser.get("/admin/"), browser.get(PAGE)
    monkeypatch.setattr(opening, "checklist", lambda *, at: [opening.Item("One", True)])
    ready = browser.get("/admin/")

    waiting = [item.title for item in page.context["waiting"]]
    assert f"{len(waiting)} things are not ready:" in front.content.decode()
    assert all(title in page.content.decode() for title in waiting)
    assert "not ready" not in ready.content.decode()


@pytest.mark.parametrize("role", ["Therapist", "Editor", "Clinical reviewer", None])
def test_nobody_else_sees_it(clinic, signed_in, role):
    browser = signed_in(make_person(role))

    assert [browser.get(PAGE).status_code, browser.post(f"{PAGE}mail/").status_code] == [403, 403]
    assert not OutgoingMail.objects.exists()


# A mail that arrives


def test_the_test_mail_has_arrived_when_its_link_is_followed_and_a_button_pressed(clinic, owner, signed_in):
    browser = signed_in(owner)
    browser.post(f"{PAGE}mail/")
    sent = OutgoingMail.objects.get(event="test_mail")
    [link] = re.findall(r"/admin/opening/arrived/\S+", mail.render(sent).body)

    looked = browser.get(link)
    before = is_ready("test mail")
    browser.post(link)

    assert (sent.to, looked.status_code) == (owner.email, 200)
    assert (before, is_ready("test mail")) == (False, True)
    assert unseal(sent.context, purpose=mail.SEAL).keys() == {"path"}


def test_a_made_up_link_has_not_arrived(clinic, owner, signed_in):
    answers = [signed_in(owner).post(f"{PAGE}arrived/{token}/") for token in ("guess", "MQ:1abc:def", "1")]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert not is_ready("test mail")


def test_an_owner_without_an_address_is_told(clinic, signed_in):
    answer = signed_in(make_person("Owner", email="")).post(f"{PAGE}mail/", follow=True)

    assert "no e-mail address yet" in answer.content.decode()
    assert not OutgoingMail.objects.exists()


# What is approved


def approve(browser, subject="safety", **sent):
    return browser.post(f"{APPROVE}{subject}/", {"version": opening.version_of(subject)} | sent)


def test_the_safety_screen_needs_two_people_one_of_them_a_clinician_by_name(clinic, signed_in):
    people = [
        make_person("Owner"),
        make_person("Therapist"),  # with no letters behind the name
        make_person("Clinical reviewer", credentials="PT, DPT"),
    ]
    stands = []
    for person in people:
        approve(signed_in(person))
        approve(signed_in(person))
        stands.append(is_ready("safety screen"))

    assert stands == [False, False, True]
    assert Approval.objects.count() == 3
    done = AuditEntry.objects.filter(action="changed").values_list("by", "detail")
    assert list(done) == [
        (person.pk, {"act": "approved", "subject": "safety", "version": SCREEN.version}) for person in people
    ]


def test_after_a_year_somebody_reads_the_screen_anew_and_the_form_stays_open(clinic, signed_in, monkeypatch):
    people = [make_person("Therapist", credentials="PT") for _ in range(2)]
    for person in people:
        Approval.objects.create(
            subject=Subject.SAFETY, version=SCREEN.version, by=person, at=timezone.now() - 366 * DAY
        )
    forget()

    stands = [is_ready("safety screen")]
    form = Client().get("/consultation/").content.decode()
    for _ in range(2):
        approve(signed_in(people[0]))
    stands.append(is_ready("safety screen"))

    assert (stands, "/consultation/who/" in form) == ([False, True], True)
    assert Approval.objects.count() == 3


def test_one_who_reads_it_again_and_again_is_not_two(clinic):
    person = make_person("Therapist", credentials="PT")
    for years in (0, 1):
        at = timezone.now() - years * 366 * DAY
        Approval.objects.create(subject=Subject.SAFETY, version=SCREEN.version, by=person, at=at)
    forget()

    assert not is_ready("safety screen")
    assert "/consultation/who/" not in Client().get("/consultation/").content.decode()


def test_whoever_leaves_stands_for_nothing_any_more(clinic, signed_in):
    people = [make_person("Therapist", credentials="PT") for _ in range(2)]
    for person in people:
        approve(signed_in(person))
    before = is_ready("safety screen")
    people[0].is_active = False
    people[0].save()

    assert (before, is_ready("safety screen")) == (True, False)


def test_whoever_gets_another_role_has_read_it_all_the_same_for_the_list_as_for_the_form(clinic, signed_in):
    people = [make_person("Owner"), make_person("Therapist", credentials="PT")]
    for person in people:
        approve(signed_in(person))

    people[1].groups.set(Group.objects.filter(name="Editor"))
    forget()

    assert is_ready("safety screen")
    assert "/consultation/who/" in Client().get("/consultation/").content.decode()


def test_a_version_that_is_not_shown_any_more_is_not_approved(clinic, therapist, signed_in):
    answer = signed_in(therapist).post(f"{APPROVE}safety/", {"version": "2020-01"}, follow=True)

    assert not Approval.objects.exists()
    assert "changed while you read" in answer.content.decode()


def joined(words):
    return "".join(words.split())


def test_whoever_stands_for_the_screen_reads_all_of_every_item(clinic, therapist, signed_in):
    answer = signed_in(therapist).get(f"{APPROVE}safety/")

    signs = {tag.text: joined(tag.inside[-1].text) for tag in Page(answer).all("h2") if tag.inside[-1].name == "li"}
    assert list(signs) == [item.id for item in SCREEN.items]
    missing = [
        words
        for item in SCREEN.items
        for words in (item.text, item.until_seen, item.card, item.source, date_format(item.read_on), *item.links)
        if joined(words) not in signs[item.id]
    ]
    assert missing == []
    assert answer.content.decode().count("Not read in full.") == sum(not item.source_read for item in SCREEN.items)


@pytest.mark.parametrize(
    ("sign", "told"),
    [
        ("E5", "now. Asked about: Shoulder, Arm or hand, Hip or groin, Knee, Lower leg or foot, More than one area."),
        ("E2", "Emergency: no request is taken, and the page says to call for help now. Asked about: every area."),
        ("U6", "Urgent: the advice is to see a doctor within a few days. Asked about: every area."),
        ("U13", "Urgent: the advice is to see a doctor today. Asked about: every area; only under 18."),
    ],
)
def test_they_read_what_it_leads_to_and_who_is_asked(clinic, therapist, signed_in, sign, told):
    page = signed_in(therapist).get(f"{APPROVE}safety/").content.decode()

    words = page.partition(f"<h2>{sign}</h2>")[2].partition("</li>")[0]
    assert told in " ".join(words.split())


def test_the_notice_is_the_owners_to_approve_and_a_new_word_makes_it_anew(
    clinic, owner, therapist, signed_in, monkeypatch
):
    refused = approve(signed_in(therapist), Subject.PRIVACY)
    approve(signed_in(owner), Subject.PRIVACY)
    stands = is_ready("privacy notice")
    other_words = replace(REASONS["phone"], why="So that we may sell it.")
    monkeypatch.setattr(opening, "REASONS", REASONS | {"phone": other_words})

    assert (refused.status_code, stands, is_ready("privacy notice")) == (403, True, False)


def test_nobody_stands_for_a_notice_that_was_not_in_front_of_them(clinic, owner, signed_in):
    ClinicSettings.objects.update(keep_spam_days=11)
    forget()
    asked = signed_in(owner).get(f"{APPROVE}privacy/").content.decode()

    public = Client().get("/privacy/").content.decode()

    words = re.findall(
        r"<(?:h2|dt|p|li)[^>]*>([^<]+)<", public.partition('<div class="prose">')[2].partition("</main>")[0]
    )
    assert len(words) > 20
    assert [each for each in words if each not in asked] == []
    assert "spam: 11 days" in asked


def test_there_is_nothing_else_to_approve(clinic, owner, signed_in):
    assert signed_in(owner).get(f"{APPROVE}everything/").status_code == 404
