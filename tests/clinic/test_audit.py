import contextlib

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import OperationalError, connection, transaction
from django.test import Client

from clinic import audit
from clinic.models import AuditAction, AuditEntry, Holiday, OutgoingMail, User
from tests.factories import NOON, PASSWORD, SAID, make_consultation, make_person

pytestmark = pytest.mark.django_db


def no_record_can_be_kept(execute, sql, params, many, context):
    """The database takes everything but a row of the audit."""
    if sql.startswith('INSERT INTO "clinic_auditentry"'):
        raise OperationalError("the disk is full")
    return execute(sql, params, many, context)


def test_a_record_says_who_did_what_to_which_request_and_when(therapist):
    audit.record(AuditAction.LISTED, by=therapist, at=NOON, reference="CR-ACDEFG", references=["CR-ACDEFG"])

    assert list(AuditEntry.objects.values_list("action", "by", "at", "reference", "detail")) == [
        ("listed", therapist.pk, NOON, "CR-ACDEFG", {"references": ["CR-ACDEFG"]})
    ]


def test_a_record_is_kept_exactly_when_the_act_is(therapist):
    with transaction.atomic():
        audit.record(AuditAction.OPENED, by=therapist, at=NOON, reference="CR-UNDONE")
        transaction.set_rollback(True)
    audit.record(AuditAction.OPENED, by=therapist, at=NOON, reference="CR-DONE")

    assert [str(entry) for entry in AuditEntry.objects.order_by("pk")] == ["Opened CR-DONE"]


@pytest.mark.parametrize("pattern", ["/admin/queue/", "/admin/queue/{}/"])
def test_a_view_that_cannot_be_recorded_is_not_shown(clinic, therapist, signed_in, pattern):
    consultation = make_consultation()
    address = pattern.format(consultation.reference)
    client = signed_in(therapist)
    client.raise_request_exception = False
    shown = client.get(address, follow=True).content.decode()
    assert consultation.reference in shown

    with connection.execute_wrapper(no_record_can_be_kept):
        refused = client.get(address)

    assert refused.status_code == 503
    words = [consultation.reference, *(said for said in SAID.values() if isinstance(said, str) and " " in said)]
    assert [word for word in words if word in refused.content.decode()] == []


def test_looking_at_the_queue_records_what_was_listed(clinic, therapist, signed_in):
    first, second = make_consultation(), make_consultation()

    signed_in(therapist).get("/admin/queue/")

    [entry] = AuditEntry.objects.all()
    assert (entry.action, entry.by, entry.reference) == ("listed", therapist, "")
    assert entry.detail == {"references": [first.reference, second.reference]}


def test_opening_a_request_is_recorded_each_time(clinic, therapist, signed_in):
    consultation = make_consultation()
    client = signed_in(therapist)

    for _ in range(2):
        client.get(f"/admin/queue/{consultation.reference}/")

    assert (
        list(AuditEntry.objects.values_list("action", "by", "reference"))
        == [("opened", therapist.pk, consultation.reference)] * 2
    )


def test_a_search_that_cannot_be_recorded_shows_nothing(clinic, therapist, signed_in):
    consultation = make_consultation()
    client = signed_in(therapist)
    client.raise_request_exception = False
    shown = client.post("/admin/queue/search/", {"term": "nunez"}).content.decode()
    assert consultation.reference in shown

    with connection.execute_wrapper(no_record_can_be_kept):
        refused = client.post("/admin/queue/search/", {"term": "nunez"})

    assert (refused.status_code, consultation.reference in refused.content.decode()) == (503, False)


@pytest.mark.parametrize("same", ["Núñez", " núñez ", "NÚÑEZ"])
def test_equal_terms_have_one_fingerprint(same):
    assert audit.fingerprint(same) == audit.fingerprint("núñez")


def test_a_fingerprint_depends_on_the_term_and_on_the_key_and_shows_neither(settings):
    first = audit.fingerprint("nunez")
    other_term = audit.fingerprint("nunes")
    settings.SECRET_KEY = "another key"
    other_key = audit.fingerprint("nunez")

    assert len({first, other_term, other_key}) == 3
    assert {len(each) for each in (first, other_term, other_key)} == {16}
    assert "nunez" not in first


# Where it came from


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("198.51.100.77", "198.51.100.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("::ffff:198.51.100.77", "198.51.100.0/24"),
    ],
)
def test_a_row_says_from_which_network_and_page_it_came_and_not_from_which_address(
    clinic, therapist, signed_in, address, kept
):
    answer = signed_in(therapist).get("/admin/queue/", REMOTE_ADDR=address)

    of_the_line = answer["X-Request-ID"]
    assert list(AuditEntry.objects.values_list("network", "route", "number")) == [(kept, "admin:queue", of_the_line)]


def test_what_the_clock_does_comes_from_nowhere(db):
    audit.record(AuditAction.PURGED, by=None, at=NOON, count=3)

    assert list(AuditEntry.objects.values_list("by", "network", "route", "number")) == [(None, "", "", "")]


# Coming and going

SIGN_IN, SIGN_OUT = "/admin/sign-in/", "/admin/sign-out/"


def rows():
    return list(AuditEntry.objects.order_by("pk").values_list("action", "by", "reference"))


def sign_in(person, password=PASSWORD):
    browser = Client(raise_request_exception=False)
    return browser, browser.post(SIGN_IN, {"login": person.username, "password": password})


def test_who_signs_in_and_out_is_recorded(clinic, editor):
    browser, _ = sign_in(editor)
    browser.post(SIGN_OUT)

    assert rows() == [(act, editor.pk, f"user {editor.pk}") for act in ("signed_in", "signed_out")]


@pytest.mark.parametrize("by_email", [False, True])
def test_a_sign_in_that_fails_names_the_account_and_nobody_as_who_it_was(clinic, editor, by_email):
    typed = editor.email.upper() if by_email else editor.username
    Client().post(SIGN_IN, {"login": typed, "password": "wrong"})

    assert rows() == [("sign_in_failed", None, f"user {editor.pk}")]


def guess_at_the_second_step(person, times):
    browser, _ = sign_in(person)
    for number in range(times):
        browser.post("/admin/sign-in/second-step/", {"code": f"{number:06}"})


def guess_at_a_mailed_code(person, times):
    browser = Client()
    for number in range(times):
        if number % 3 == 0:
            browser.post("/admin/sign-in/code/", {"email": person.email})
        browser.post("/admin/sign-in/code/enter/", {"code": "AAAAAA"})


def was_told(owner):
    return OutgoingMail.objects.filter(event="guessing", to=owner.email).exists()


@pytest.mark.parametrize("guess", [guess_at_the_second_step, guess_at_a_mailed_code])
def test_wrong_codes_are_recorded_and_the_owners_hear_of_many(clinic, owner, therapist, guess):
    guess(therapist, 2)
    few = was_told(owner)

    guess(therapist, 3)

    assert rows() == [("sign_in_failed", None, f"user {therapist.pk}")] * 5
    assert [entry.detail for entry in AuditEntry.objects.all()] == [{"kind": "code"}] * 5
    assert (few, was_told(owner)) == (False, True)


def test_what_was_typed_as_a_name_may_be_a_password_and_is_not_kept(clinic):
    Client().post(SIGN_IN, {"login": PASSWORD, "password": "x"})

    [entry] = AuditEntry.objects.all()
    assert (entry.action, entry.reference, entry.detail) == (
        "sign_in_failed", "", {"name": audit.fingerprint(PASSWORD)},
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_nobody_comes_in_unrecorded(clinic, editor):
    with nothing_is_recorded():
        browser, answer = sign_in(editor)

    assert answer.status_code in {500, 503}
    assert browser.get("/admin/articles/").status_code == 302


# The stock admin: the change and its record, both or neither


@contextlib.contextmanager
def nothing_is_recorded():
    """A real fault, in the database: it takes no row of the audit."""
    breaks, mends = {
        "sqlite": (
            "CREATE TRIGGER refuses BEFORE INSERT ON clinic_auditentry BEGIN SELECT RAISE(ABORT, 'no'); END",
            "DROP TRIGGER refuses",
        ),
        "postgresql": (
            "ALTER TABLE clinic_auditentry ADD CONSTRAINT refuses CHECK (action = '') NOT VALID",
            "ALTER TABLE clinic_auditentry DROP CONSTRAINT refuses",
        ),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(breaks)
        yield
        cursor.execute(mends)


PERSON = {"email": "editor@clinic.example", "credentials": "", "is_active": "on", "is_staff": "on"}
# What is posted, where, and what it leaves; {} is the number of an editor's account.
POSTS = {
    "a name": (
        "user/{}/change/",
        PERSON | {"display_name": "Robin Vale"},
        [("role_changed", {"roles": [], "staff": True}), ("changed", {"fields": ["display_name", "email"]})],
    ),
    "disabling": (
        "user/{}/change/",
        {"email": "editor@clinic.example", "is_staff": "on", "groups": "Editor"},
        [("account_changed", {"active": False}), ("changed", {"fields": ["display_name", "email"]})],
    ),
    "a new person": (
        "user/add/",
        {"username": "newcomer", "display_name": "New Comer", "email": "newcomer@clinic.example", "groups": "Editor"},
        [("added", {"roles": ["Editor"]})],
    ),
    "a holiday": ("holiday/add/", {"date": "2026-07-03", "name": "Founders"}, [("added", {})]),
}


def posted(client, what, person):
    path, sent, _ = POSTS[what]
    names = {"username": "newcomer"} if "add" in path else {"username": person.username}
    groups = {"groups": Group.objects.get(name=sent["groups"]).pk} if "groups" in sent else {}
    return client.post(f"/admin/clinic/{path.format(person.pk)}", names | sent | groups)


@pytest.mark.parametrize("what", POSTS)
def test_a_change_in_the_stock_admin_is_recorded_by_what_it_was_and_not_by_its_values(
    clinic, owner, editor, signed_in, what
):
    answer = posted(signed_in(owner), what, editor)

    assert answer.status_code == 302, answer.context["errors"]
    assert list(AuditEntry.objects.order_by("pk").values_list("action", "detail")) == POSTS[what][2]
    log = " ".join(f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.all())
    assert [word for word in ("Robin", "Founders", "newcomer", editor.username) if word in log] == []


@pytest.mark.parametrize("what", POSTS)
def test_a_change_in_the_stock_admin_that_cannot_be_recorded_is_not_made(clinic, owner, editor, signed_in, what):
    client, before = signed_in(owner), (list(User.objects.values()), list(Holiday.objects.values()))
    client.raise_request_exception = False

    with nothing_is_recorded():
        answer = posted(client, what, editor)

    assert answer.status_code >= 500
    assert (list(User.objects.values()), list(Holiday.objects.values())) == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["", "{}/change/", "{}/history/", "?q={}"])
def test_a_page_about_people_that_cannot_be_recorded_is_not_shown(clinic, owner, signed_in, path):
    person = make_person("Editor", display_name="Somebody Seen")
    client = signed_in(owner)
    client.raise_request_exception = False
    address = f"/admin/clinic/user/{path.format('Somebody' if 'q' in path else person.pk)}"
    assert "Somebody Seen" in client.get(address).content.decode()

    with nothing_is_recorded():
        refused = client.get(address)

    assert (refused.status_code >= 500, "Somebody Seen" in refused.content.decode()) == (True, False)


def test_an_act_with_a_request_that_cannot_be_recorded_is_not_done(clinic, therapist, signed_in):
    consultation = make_consultation()
    client = signed_in(therapist)
    client.raise_request_exception = False

    with nothing_is_recorded():
        answers = [
            client.post(f"/admin/queue/{consultation.reference}/claim/"),
            client.post("/admin/queue/act/", {"show": "new", "act": "claim", "reference": consultation.reference}),
        ]

    consultation.refresh_from_db()
    assert (min(answer.status_code for answer in answers) >= 500, consultation.status) == (True, "new")
