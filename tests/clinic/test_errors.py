"""The clinic's own pages for what goes wrong, and what every answer has in common."""

import re

import pytest
from django.core.management import call_command
from django.db import OperationalError, ProgrammingError, connection
from django.test import Client
from django.urls import reverse

from appointments.models import RequestStatus
from appointments.views.pages import NO_DATABASE
from clinic import views
from clinic.logs import Json
from clinic.models import ClinicSettings, forget
from tests.appointments.pages import CHECK, TYPED, Page, fill
from tests.appointments.pages import address as step_address
from tests.appointments.stages import bring_to
from tests.factories import make_clinic, make_consultation, make_person, make_tip

pytestmark = pytest.mark.django_db

HEADINGS = {
    400: "That request made no sense to us",
    403: "You cannot see this page",
    404: "There is no such page",
    413: "That was more than we can take",
    415: "That did not come from one of our forms",
    429: "That was a lot at once",
    500: "Something went wrong on our side",
    503: "We cannot answer right now",
}
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "frame-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def is_ours(answer, status):
    """Whether it is our page for this status, in the clinic's look and with its phone number."""
    page = answer.content.decode()
    assert (answer.status_code, re.findall(r"<h1>([^<]*)</h1>", page)) == (status, [HEADINGS[status]])
    assert f"<title>{HEADINGS[status]} – Elm Street Clinic</title>" in page
    assert "clinic/site.css" in page
    assert 'Call us: <a href="tel:+1-407-698-5558">(407) 698-5558</a>' in page
    return True


def policy(answer):
    directives = answer["Content-Security-Policy"].split(";")
    return dict(directive.strip().split(" ", 1) for directive in directives)


def fails_in_code(execute, sql, params, many, context):
    raise ProgrammingError("the code asks for a column that is not there")


@pytest.fixture
def visitor(clinic):
    """A browser in front of a process that has read the clinic's settings."""
    ClinicSettings.current()
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("status", HEADINGS)
def test_an_error_page_is_in_our_look_and_asks_no_database(visitor, status, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = views.error_page(status)

    assert is_ours(answer, status)


@pytest.mark.parametrize("status", HEADINGS)
def test_an_error_page_can_be_shown_before_anything_was_read(clinic, rf, status, django_assert_num_queries):
    forget()

    with django_assert_num_queries(0):
        page = views.error_page(status).content.decode()

    assert (HEADINGS[status] in page, "The clinic" in page) == (True, True)


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("address", ["/nowhere/", "/tips/nothing/", "/consultation/nowhere/"])
def test_an_address_that_is_not_there_gets_our_page_in_development_too(visitor, settings, debug, address):
    settings.DEBUG = debug

    assert is_ours(visitor.get(address), 404)


@pytest.mark.parametrize("cookie", [None, "a-session"])
def test_an_address_that_is_not_there_costs_one_look_at_old_addresses(visitor, cookie, django_assert_num_queries):
    if cookie:
        visitor.cookies["sessionid"] = cookie

    with django_assert_num_queries(1):
        answer = visitor.get("/nowhere/")

    assert is_ours(answer, 404)


@pytest.mark.parametrize("debug", [True, False])
def test_without_a_database_an_address_that_is_not_there_still_is_not(visitor, settings, database_is_gone, debug):
    settings.DEBUG = debug
    make_tip().former_addresses.create(path="/2019/05/knees/")

    with database_is_gone():
        answer = visitor.get("/2019/05/knees/")

    assert is_ours(answer, 404)


def test_a_host_that_is_not_ours_gets_our_page(visitor):
    assert is_ours(visitor.get("/", headers={"host": "evil.example"}), 400)


def test_a_form_without_its_token_gets_our_page(visitor):
    stranger = Client(enforce_csrf_checks=True)

    assert is_ours(stranger.post("/admin/sign-in/", {"login": "robin"}), 403)


def test_somebody_without_the_permission_gets_our_page(visitor, editor, signed_in):
    assert is_ours(signed_in(editor).get("/admin/queue/"), 403)


def test_somebody_who_tries_many_passwords_gets_our_page(visitor):
    for _ in range(30):
        visitor.post("/admin/sign-in/", {"login": "robin", "password": "a guess"})

    assert is_ours(visitor.post("/admin/sign-in/", {"login": "robin", "password": "a guess"}), 429)


def test_a_failure_of_ours_gets_our_page(visitor):
    with connection.execute_wrapper(fails_in_code):
        answer = visitor.get("/")

    assert is_ours(answer, 500)


@pytest.mark.parametrize("address", ["/", "/tips/", "/r/some-token/", "/admin/sign-in/"])
def test_without_a_database_the_answer_is_please_try_again_in_a_minute(visitor, database_is_gone, address):
    visitor.cookies["sessionid"] = "a-session"

    with database_is_gone():
        answer = visitor.get(address)

    assert is_ours(answer, 503)


def test_without_a_database_the_first_answer_of_a_new_visitor_is_not_called_our_mistake(visitor, database_is_gone):
    with database_is_gone():
        answer = visitor.post("/consultation/who/", {"for_whom": "me", "age": "adult"})

    assert (answer.status_code, Page(answer).notes) == (503, [str(NO_DATABASE)])


@pytest.mark.parametrize("address", ["/consultation/", "/privacy/", "/accessibility/", "/consultation/who/"])
def test_without_a_database_what_needs_none_is_still_shown(visitor, database_is_gone, address):
    with database_is_gone():
        answer = visitor.get(address)

    assert answer.status_code == 200
    assert "(407) 698-5558" in answer.content.decode()


@pytest.mark.parametrize("address", ["/consultation/", "/consultation/who/"])
def test_a_process_that_has_not_read_the_settings_does_not_say_that_the_form_is_closed(
    clinic, database_is_gone, address
):
    with database_is_gone():
        answer = Client(raise_request_exception=False).get(address)

    assert (answer.status_code, HEADINGS[503] in answer.content.decode()) == (503, True)


@pytest.mark.parametrize("address", [step_address("contact"), CHECK])
def test_a_session_that_cannot_be_read_is_not_taken_for_an_empty_one(clinic, client, address):
    fill(client, until="check")
    client.raise_request_exception = False

    with connection.execute_wrapper(fails_for_sessions):
        refused = client.get(address)
    answer = client.get(address)

    assert (refused.status_code, answer.status_code) == (503, 200)


def fails_for_sessions(execute, sql, params, many, context):
    """As the first statement does on a connection whose server is gone; the next one gets another connection."""
    if "django_session" in sql:
        raise OperationalError("the server closed the connection")
    return execute(sql, params, many, context)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", [*TYPED, "check"])
def test_without_a_database_a_press_loses_nothing_and_goes_on_when_it_is_back(clinic, client, database_is_gone, step):
    fill(client, until=step)
    path = CHECK if step == "check" else step_address(step)
    typed = Page(client.get(path)).fields | TYPED.get(step, {})

    with database_is_gone():
        refused = client.post(path, typed)
    answer = client.post(path, Page(refused).fields)

    assert (refused.status_code, answer.status_code) == (503, 302)
    assert Page(refused).notes == [str(NO_DATABASE)]
    assert "Call us: (407) 698-5558" in Page(refused).texts("p", class_="call")


def fails_to_keep_sessions(execute, sql, params, many, context):
    if sql.startswith(("INSERT INTO django_session", "UPDATE django_session")):
        raise OperationalError("the server closed the connection")
    return execute(sql, params, many, context)


@pytest.mark.parametrize("until", ["who", "contact"])
def test_a_mistake_that_cannot_be_kept_is_shown_with_what_was_typed(clinic, client, until):
    fill(client, until=until)
    typed = {"who": {"age": "adult"}, "contact": {"full_name": "Ada", "email": "ada@"}}[until]

    with connection.execute_wrapper(fails_to_keep_sessions):
        refused = client.post(step_address(until), typed)

    page = Page(refused)
    assert (refused.status_code, page.notes, bool(page.summary)) == (503, [str(NO_DATABASE)], True)
    assert {name: page.fields[name][0] for name in typed} == typed


@pytest.mark.django_db(transaction=True)
def test_without_a_database_an_answer_is_kept_in_the_page_and_sent_when_it_is_back(client, database_is_gone):
    make_clinic()
    therapist = make_person("Therapist")
    consultation = bring_to(RequestStatus.NEEDS_INFO, by=therapist)
    path = reverse("status_answer", args=[consultation.link_token])
    client.get("/consultation/")

    with database_is_gone():
        refused = client.post(path, {"answer": "The left.\nMostly."})
    client.post(path, {name: value[0] for name, value in Page(refused).fields.items()})

    assert (refused.status_code, Page(refused).notes) == (503, [str(NO_DATABASE)])
    assert consultation.questions.get().answer.split() == ["The", "left.", "Mostly."]


@pytest.mark.django_db(transaction=True)
def test_without_a_database_a_chosen_time_is_kept_in_the_page(client, database_is_gone):
    make_clinic()
    consultation = bring_to(RequestStatus.PROPOSED, by=make_person("Therapist"))
    path = reverse("status_choose", args=[consultation.link_token])

    with database_is_gone():
        refused = client.post(path, {"time": "17", "csrfmiddlewaretoken": "x"})

    fields = Page(refused).fields
    assert (refused.status_code, fields["time"], fields["csrfmiddlewaretoken"] != ["x"]) == (503, ["17"], True)


def test_without_a_database_an_emergency_still_leads_to_the_stop_page(clinic, client, database_is_gone):
    fill(client, until="safety")
    typed = Page(client.get(step_address("safety"))).fields | {"emergency_signs": ["E2"]}

    with database_is_gone():
        answer = client.post(step_address("safety"), typed)

    assert Page(answer).texts("h1") == ["Call 911 now, or go to the nearest emergency room."]


@pytest.mark.parametrize("status", [500, 503])
def test_a_failure_on_a_patients_own_page_leaves_no_token_in_the_log(visitor, database_is_gone, caplog, status):
    fails = database_is_gone() if status == 503 else connection.execute_wrapper(fails_in_code)

    with fails:
        answer = visitor.get("/r/a-secret-token/")

    assert is_ours(answer, status)
    logged = "\n".join(map(Json().format, caplog.records))
    assert ("a-secret-token" in logged, f'"status": {status}' in logged) == (False, True)


# What every answer has in common


def test_every_page_has_the_strict_policy_and_the_other_headers(visitor, owner, therapist, signed_in):
    tip = make_tip()
    consultation = make_consultation()
    by_person = {
        visitor: ["/", "/tips/", f"/tips/{tip.slug}/", "/consultation/who/", "/admin/sign-in/", "/admin/", "/nowhere/"],
        signed_in(therapist): ["/admin/queue/", f"/admin/queue/{consultation.reference}/", "/admin/mail/"],
        signed_in(owner): ["/admin/", "/admin/clinic/user/", "/admin/clinic/clinicsettings/1/change/", "/admin/x/"],
        signed_in(make_person("Editor")): [
            "/admin/tips/tip/add/",
            "/admin/queue/",
            f"/admin/tips/tip/{tip.pk}/change/",
        ],
    }

    answers = {address: client.get(address) for client, addresses in by_person.items() for address in addresses}

    wanted = [
        (policy(answer), answer["X-Frame-Options"], answer["X-Content-Type-Options"]) for answer in answers.values()
    ]
    assert wanted == [(POLICY, "DENY", "nosniff")] * len(answers)
    assert {answer["Referrer-Policy"] for answer in answers.values()} == {"same-origin"}
    assert {answer["Cross-Origin-Opener-Policy"] for answer in answers.values()} == {"same-origin"}


def test_every_error_has_the_strict_policy(visitor, editor, signed_in, database_is_gone):
    answers = [visitor.get("/", headers={"host": "evil.example"}), signed_in(editor).get("/admin/queue/")]
    answers += [visitor.get("/nowhere/")]
    answers += [visitor.post("/admin/sign-in/", {"login": "robin", "password": "a guess"}) for _ in range(31)][-1:]
    with connection.execute_wrapper(fails_in_code):
        answers.append(visitor.get("/"))
    with database_is_gone():
        answers.append(visitor.get("/"))

    assert [(answer.status_code, policy(answer)) for answer in answers] == [
        (status, POLICY) for status in (400, 403, 404, 429, 500, 503)
    ]


def test_a_wrong_host_on_plain_http_has_the_strict_policy_too(visitor, settings):
    settings.SECURE_SSL_REDIRECT = True

    answer = visitor.get("/", headers={"host": "evil.example"})

    assert (answer.status_code, answer.headers.get("Content-Security-Policy") is not None) == (400, True)


def test_the_frame_beside_the_editor_may_be_framed_by_us_only(visitor, editor, signed_in):
    answer = signed_in(editor).post("/admin/articles/preview/", {"title": "A title", "body": "Words."})

    assert policy(answer) == POLICY | {"frame-ancestors": "'self'"}
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


def test_our_style_sheets_and_scripts_fetch_nothing_from_anybody_else(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path

    call_command("collectstatic", interactive=False, verbosity=0)

    files = [file for file in (tmp_path / "clinic").rglob("*") if file.suffix in {".css", ".js"}]
    found = {file.name: re.findall(r"(?:https?:)?//[\w.-]+\.\w+|@import", file.read_text()) for file in files}
    assert {name for name, addresses in found.items() if addresses} == set()
    assert {"site.css", "forms.css", "admin.css", "preview.js"} <= set(found)


def test_every_time_is_shown_in_the_zone_of_the_clinic(therapist, signed_in):
    make_clinic(zone="Pacific/Kiritimati")
    make_consultation()

    page = signed_in(therapist).get("/admin/queue/").content.decode()

    # Noon in New York on Tuesday is early Wednesday there.
    assert re.findall(r"Mar\.? \d+|March \d+", page)[:1] in (["March 4"], ["Mar 4"], ["Mar. 4"])
