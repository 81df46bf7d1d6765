"""The role table: every route, each method, everybody who may knock."""

import pytest

from clinic.signin import steps_of
from clinic.visits import WITHOUT_SECOND_STEP
from tests.factories import SEE_REQUESTS, make_person

from . import role_rows
from .roles import METHODS, TABLE, WHO, WORDS, address_of, as_row, ask, routes, rows, word_for

pytestmark = pytest.mark.django_db

# Written to whoever asks: sessions, what is counted against guessing, and the record itself.
ABOUT_THE_REQUEST = {"django_session", "clinic_auditentry", "clinic_cache"}
EXPECTED, ROUTES = rows(), routes()
EVERYTHING = [(route, method) for route in sorted(ROUTES) for method in METHODS]


@pytest.fixture
def known(clinic, therapist, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.EMAIL_BACKEND, settings.MAIL_DIR = "clinic.mail.EmlFiles", tmp_path / "mail"
    settings.MAIL_DIR.mkdir()
    return role_rows.known(therapist, settings.MAIL_DIR)


@pytest.fixture
def cookies_of(therapist, signed_in):
    """The cookies of whoever is named by a column of the table."""

    def sign_in(who):
        if who == "stranger":
            return {}
        person = therapist if who == "Therapist" else make_person(None if who == "no role" else who)
        return {name: cookie.value for name, cookie in signed_in(person).cookies.items()}

    return sign_in


def asked(cookies, known, which):
    return {(route, method): ask(cookies, method, address_of(route, ROUTES[route], known)) for route, method in which}


def test_every_route_has_its_rows_and_every_row_its_route(known, cookies_of):
    missing = [row for row in EVERYTHING if row not in EXPECTED]
    seen = {who: asked(cookies_of(who), known, missing) for who in WHO if missing}

    lines = [as_row(*row, {who: word_for(seen[who][row][0]) for who in WHO}) for row in missing]

    assert not lines, f"look at what each role was answered, then add to {TABLE.name}:\n" + "\n".join(lines)
    assert [row for row in EXPECTED if row not in EVERYTHING] == []


def test_the_table_is_in_order_and_every_word_in_it_is_known():
    lines = [line for line in TABLE.read_text().splitlines() if line and line[0] != "#"]

    assert lines == [as_row(*row, EXPECTED[row]) for row in EVERYTHING if row in EXPECTED]
    assert {word for words in EXPECTED.values() for word in words.values()} <= WORDS


@pytest.mark.parametrize("who", WHO)
def test_everybody_is_answered_as_the_table_says(known, cookies_of, who):
    seen = asked(cookies_of(who), known, [row for row in EVERYTHING if row in EXPECTED])

    wrong = {row: word_for(answer) for row, (answer, _) in seen.items() if word_for(answer) != EXPECTED[row][who]}
    assert {row: (EXPECTED[row][who], word) for row, word in wrong.items()} == {}
    changed = {row: written - ABOUT_THE_REQUEST for row, (_, written) in seen.items() if EXPECTED[row][who] != "page"}
    assert {row: tables for row, tables in changed.items() if tables} == {}
    claimed = "appointments_consultationrequest" in seen["admin:consultation_claim", "POST"][1]
    assert claimed == (who in SEE_REQUESTS), "the watch on what is written sees nothing"


@pytest.mark.parametrize("role", sorted(SEE_REQUESTS))
def test_who_sees_requests_is_sent_to_set_up_a_second_step_first(known, client, role):
    person = make_person(role)
    steps_of(person).delete()
    client.force_login(person)
    cookies = {name: cookie.value for name, cookie in client.cookies.items()}

    seen = asked(cookies, known, [row for row in EVERYTHING if row in EXPECTED])

    words = {row: word_for(answer) for row, (answer, _) in seen.items()}
    behind = {row for row in words if address_of(row[0], ROUTES[row[0]], known).startswith("/admin/")}
    open_to_them = {row for row in behind if row[0] in WITHOUT_SECOND_STEP}
    assert {row: words[row] for row in behind - open_to_them if words[row] != "second-step"} == {}
    assert {row: words[row] for row in words.keys() - behind if words[row] != EXPECTED[row][role]} == {}
    assert {row: words[row] for row in open_to_them if words[row] not in {"second-step", EXPECTED[row][role]}} == {}
    written = {row: seen[row][1] - ABOUT_THE_REQUEST for row in behind - open_to_them}
    assert {row: tables for row, tables in written.items() if tables} == {}
