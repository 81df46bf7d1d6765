"""Coming in: a password and a second step, what happens to guesses, and the ways back for those who have lost something."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import time as clock

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from clinic import mail
from clinic.models import AuditEntry, OutgoingMail, User
from clinic.sealing import unseal
from clinic.signin import PROVEN
from tests.factories import PASSWORD, TOTP_SECRET, code_of_app, make_consultation, make_person

pytestmark = pytest.mark.django_db

SIGN_IN, SECOND_STEP = "/admin/sign-in/", "/admin/sign-in/second-step/"
NEW_PASSWORD = "seven purple kites above the bay"


def sign_in(client, person, password=PASSWORD, code=None):
    client.post(SIGN_IN, {"login": person.username, "password": password})
    if code:
        client.post(SECOND_STEP, {"code": code})
    return client.get("/admin/", follow=True)


def is_in(client):
    return client.get("/admin/", follow=True).request["PATH_INFO"] not in {SIGN_IN, SECOND_STEP}


def facts_of(event):
    queued = OutgoingMail.objects.get(event=event)
    return queued.to, unseal(queued.context, purpose=mail.SEAL)


# The second step


def test_a_password_alone_lets_nobody_in_who_sees_requests(clinic, client, therapist):
    make_consultation()

    answer = sign_in(client, therapist)

    assert answer.request["PATH_INFO"] == SECOND_STEP
    assert "_auth_user_id" not in client.session


def test_password_and_code_let_in_and_a_code_lets_in_once(clinic, client, therapist):
    code = code_of_app()

    first = sign_in(client, therapist, code=code)
    second = sign_in(Client(), therapist, code=code)

    assert (first.request["PATH_INFO"], second.request["PATH_INFO"]) == ("/admin/queue/", SECOND_STEP)


def test_a_recovery_code_lets_in_once(clinic, client, therapist, signed_in):
    inside = signed_in(therapist)
    inside.get("/admin/queue/")
    inside.post("/admin/second-step/codes/new/")
    shown = inside.get("/admin/second-step/codes/").content.decode()
    [code, *_others] = re.findall(r"<code>(\d{8})</code>", shown)

    first = sign_in(client, therapist, code=code)
    second = sign_in(Client(), therapist, code=code)

    assert (first.request["PATH_INFO"], second.request["PATH_INFO"]) == ("/admin/queue/", SECOND_STEP)


@pytest.mark.parametrize("role", ["Therapist", "Owner"])
def test_whoever_has_no_second_step_sees_nothing_until_it_is_set_up(clinic, client, role):
    person = make_person(role)
    Authenticator.objects.all().delete()
    consultation = make_consultation()

    for address in ("/admin/", "/admin/queue/", f"/admin/requests/{consultation.reference}/", "/admin/clinic/user/"):
        answer = sign_in(client, person) if address == "/admin/" else client.get(address, follow=True)
        assert (address, answer.request["PATH_INFO"]) == (address, "/admin/second-step/")
        assert consultation.reference not in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_second_step_is_set_up_at_the_first_sign_in_with_recovery_codes(clinic, client, therapist):
    Authenticator.objects.all().delete()
    sign_in(client, therapist)
    client.get("/admin/second-step/app/")
    session = client.session
    session["mfa.totp.secret"] = TOTP_SECRET
    session.save()

    codes = client.post("/admin/second-step/app/", {"code": code_of_app()}, follow=True)

    assert len(re.findall(r"<code>\d{8}</code>", codes.content.decode())) == 10
    assert client.get("/admin/queue/").status_code == 200
    assert TOTP_SECRET not in str(Authenticator.objects.values_list("data", flat=True))
    assert facts_of("account_changed")[0] == therapist.email


def test_a_second_step_under_a_lost_key_refuses_every_code_and_says_so_in_the_log(clinic, client, therapist, caplog):
    app = Authenticator.objects.get(user=therapist)
    app.data = {"secret": "sealed under a key that nobody has"}
    app.save()
    empty = format_hotp_value(hotp_value("", int(clock() // 30)))

    for code in (code_of_app(), empty, "000000"):
        assert not is_in_after(client, therapist, code)

    assert "is it missing from SECRET_KEY_FALLBACKS?" in caplog.text


def is_in_after(client, person, code):
    sign_in(client, person, code=code)
    return is_in(client)


def test_a_wrong_code_says_so_beside_the_field_and_guesses_come_to_an_end(clinic, client, therapist):
    client.post(SIGN_IN, {"login": therapist.username, "password": PASSWORD})

    answers = [client.post(SECOND_STEP, {"code": f"{number:06}"}).content.decode() for number in range(8)]

    assert "Incorrect code" in answers[0]
    assert "Too many" in answers[-1]
    assert "_auth_user_id" not in client.session


def test_editors_may_do_without_one_and_are_asked_once_they_have_one(clinic, client, editor):
    assert sign_in(client, editor).request["PATH_INFO"] == "/admin/articles/"
    make_person("Owner")
    Authenticator.objects.update(user=editor)

    answer = sign_in(Client(), editor)

    assert answer.request["PATH_INFO"] == SECOND_STEP


def test_a_visit_that_began_without_the_second_step_ends_when_one_is_added_elsewhere(clinic, therapist, signed_in):
    client = signed_in(therapist)
    session = client.session
    del session[PROVEN]
    session.save()

    assert not is_in(client)


@pytest.mark.parametrize("by", ["owner", "command"])
def test_a_lost_second_step_is_taken_away_which_ends_visits_and_is_told(clinic, therapist, owner, signed_in, by):
    client = signed_in(therapist)

    if by == "owner":
        act = {"action": "take_second_step_away", "_selected_action": [therapist.pk]}
        signed_in(owner).post("/admin/clinic/user/", act)
    else:
        call_command("second_step", therapist.username, remove=True)

    assert not is_in(client)
    assert facts_of("account_changed")[0] == therapist.email
    [entry] = AuditEntry.objects.filter(action="second_factor_changed")
    assert (entry.reference, entry.by) == (f"user {therapist.pk}", owner if by == "owner" else None)
    assert sign_in(Client(), therapist).request["PATH_INFO"] == "/admin/second-step/"


def test_a_change_of_the_account_asks_once_more_unless_one_has_just_come_in(clinic, therapist, signed_in):
    client = signed_in(therapist)
    client.get("/admin/queue/")
    assert client.get("/admin/second-step/app/remove/").status_code == 200
    session = client.session
    session["visit_began"] -= 301
    session.save()

    asked = client.get("/admin/second-step/app/remove/")

    assert asked["Location"].startswith("/admin/confirm/")


def test_nobody_who_sees_requests_takes_their_own_last_second_step_away(clinic, therapist, signed_in):
    client = signed_in(therapist)
    client.get("/admin/queue/")

    answer = client.post("/admin/second-step/app/remove/")

    assert "cannot deactivate" in answer.content.decode()
    assert therapist.authenticator_set.count() == 1


def test_a_code_of_the_moment_is_printed_while_developing_and_never_in_production(clinic, therapist, settings, capsys):
    settings.PRODUCTION = False
    call_command("second_step", therapist.username)
    assert capsys.readouterr().out.strip() == code_of_app()

    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="while developing"):
        call_command("second_step", therapist.username)


# Guessing


def count_hashes(monkeypatch):
    """How often a password is really compared, in every thread."""
    seen, verify = [], PBKDF2PasswordHasher.encode

    def counted(self, password, salt, iterations=None):
        seen.append(1)
        return verify(self, password, salt, 1)

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", counted)
    return seen


@pytest.mark.django_db(transaction=True)
def test_a_thousand_guesses_from_forged_addresses_reach_the_password_twenty_times_at_most(
    clinic, therapist, owner, monkeypatch, settings
):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    therapist.set_password(PASSWORD)
    therapist.save()
    compared = count_hashes(monkeypatch)

    def guess(number):
        forged = {"X-Forwarded-For": f"10.{number % 250}.{number // 250}.7", "X-Real-Ip": f"10.9.{number % 250}.1"}
        login = [therapist.username, therapist.username.upper(), therapist.email][number % 3]
        try:
            # As if each came from an address of its own, and not only said so.
            where = f"203.0.{number % 250}.{number // 250}"
            return Client(headers=forged, REMOTE_ADDR=where).post(
                SIGN_IN, {"login": login, "password": f"guess {number}"}
            )
        finally:
            connection.close()

    began = timezone.now()
    with ThreadPoolExecutor(4) as pool:
        statuses = {answer.status_code for answer in pool.map(guess, range(1000))}
    hours = {began.hour, timezone.now().hour}

    # Five for each way of writing whose account it is.
    assert 1 <= len(compared) <= 15
    assert statuses == {200}
    # Once in each hour by the clock.
    assert 1 <= OutgoingMail.objects.filter(event="guessing", to=owner.email).count() <= len(hours)
    # The honest user, who is locked out of the password by it, still gets in.
    client = Client()
    assert "Too many" in client.post(SIGN_IN, {"login": therapist.username, "password": PASSWORD}).content.decode()
    client.post("/admin/sign-in/code/", {"email": therapist.email})
    to, facts = facts_of("sign_in_code")
    client.post("/admin/sign-in/code/enter/", {"code": facts["code"]})
    assert to == therapist.email
    assert "_auth_user_id" not in client.session
    client.post(SECOND_STEP, {"code": code_of_app()})
    assert client.get("/admin/queue/").status_code == 200


def test_one_place_that_tries_many_accounts_is_refused_as_well(clinic, client, owner):
    answers = [client.post(SIGN_IN, {"login": f"name-{number}", "password": "x"}) for number in range(40)]

    assert ("Too many" in answers[0].content.decode(), answers[-1].status_code) == (False, 429)
    assert any("Too many" in answer.content.decode() for answer in answers[:30])


def test_a_code_by_mail_is_void_after_three_wrong_ones(clinic, client, editor):
    client.post("/admin/sign-in/code/", {"email": editor.email})
    code = facts_of("sign_in_code")[1]["code"]
    for _try in range(3):
        client.post("/admin/sign-in/code/enter/", {"code": "AAAAAA"})

    client.post("/admin/sign-in/code/enter/", {"code": code})

    assert not is_in(client)


@pytest.mark.parametrize("address", ["/admin/sign-in/code/", "/admin/password/forgotten/"])
def test_a_known_and_an_unknown_address_get_the_same_answer_and_nobody_else_gets_mail(clinic, editor, address):
    def ask(email):
        answer = Client().post(address, {"email": email}, follow=True)
        shown = answer.content.decode().replace(email, "")
        return answer.request["PATH_INFO"], re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", shown)

    known = ask(editor.email)
    assert (known, "code has been sent to" in known[1]) == (ask("somebody@elsewhere.example"), False)
    assert [queued.to for queued in OutgoingMail.objects.all()] == [editor.email]


# Passwords and invitations


def set_password(client, path, password=NEW_PASSWORD):
    form = client.get(path, follow=True)
    return client.post(form.request["PATH_INFO"], {"password1": password, "password2": password}, follow=True)


def test_somebody_new_is_invited_and_chooses_a_password_that_nobody_else_knows(clinic, owner, signed_in):
    form = {
        "username": "sam",
        "display_name": "Sam",
        "credentials": "",
        "email": "Sam@Clinic.example",
        "is_staff": "on",
        "groups": [Group.objects.get(name="Editor").pk],
    }

    answer = signed_in(owner).post("/admin/clinic/user/add/", form)
    to, facts = facts_of("invitation")
    set_password(Client(), facts["path"])
    sam = User.objects.get(username="sam")

    assert (answer.status_code, to) == (302, "sam@clinic.example")
    assert sam.check_password(NEW_PASSWORD)
    again = Client().get(facts["path"], follow=True)
    assert "This link has been used" in again.content.decode()


@pytest.mark.parametrize("weak", ["short", "123456789012", "sam@clinic.example", "1q2w3e4r5t6y"])
def test_a_weak_password_is_refused_beside_its_field(clinic, client, weak):
    sam = make_person(username="sam")
    client.post("/admin/password/forgotten/", {"email": sam.email})

    answer = set_password(client, facts_of("new_password")[1]["path"], weak)

    assert 'class="errorlist" id="id_password1_error"' in answer.content.decode()


def test_a_forgotten_password_is_set_anew_by_a_link_which_ends_visits_and_asks_for_the_second_step(
    clinic, client, therapist, signed_in
):
    elsewhere = signed_in(therapist)
    client.post("/admin/password/forgotten/", {"email": therapist.email})

    set_password(client, facts_of("new_password")[1]["path"])

    assert not is_in(elsewhere)
    assert sign_in(client, therapist, NEW_PASSWORD).request["PATH_INFO"] == SECOND_STEP
    assert facts_of("account_changed")[0] == therapist.email


def test_a_link_is_void_after_three_days(clinic, client, editor, settings):
    client.post("/admin/password/forgotten/", {"email": editor.email})
    settings.PASSWORD_RESET_TIMEOUT = -1

    answer = client.get(facts_of("new_password")[1]["path"], follow=True)

    assert "older than three days" in answer.content.decode()


def test_a_changed_password_ends_all_other_visits(clinic, editor, signed_in):
    here, elsewhere = signed_in(editor), signed_in(editor)
    new = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}

    here.post("/admin/password_change/", new)

    assert (is_in(here), is_in(elsewhere)) == (True, False)


def test_an_address_that_the_owner_has_replaced_opens_nothing_any_more(clinic, owner, editor, signed_in):
    old = editor.email
    Client().post(SIGN_IN, {"login": editor.username, "password": PASSWORD})
    form = {"username": editor.username, "email": "new@clinic.example", "is_active": "on", "is_staff": "on"}

    signed_in(owner).post(f"/admin/clinic/user/{editor.pk}/change/", form)
    for email in (old, "new@clinic.example"):
        Client().post("/admin/password/forgotten/", {"email": email})

    assert [(each.event, each.to) for each in OutgoingMail.objects.order_by("pk")] == [
        ("account_changed", old),
        ("new_password", "new@clinic.example"),
    ]


def test_two_people_cannot_have_one_address(clinic, owner, editor, signed_in):
    form = {"username": "sam", "email": editor.email.upper(), "is_staff": "on"}

    answer = signed_in(owner).post("/admin/clinic/user/add/", form)

    assert "Somebody else here has this address" in answer.content.decode()
    assert not User.objects.filter(username="sam").exists()


def test_what_was_sent_too_late_goes_through_the_second_step(clinic, therapist, signed_in):
    client = signed_in(therapist)
    consultation = make_consultation()
    session = client.session
    session["visit_seen"] = (timezone.now() - timedelta(minutes=20)).timestamp()
    session.save()
    refused = client.post(f"/admin/requests/{consultation.reference}/note/", {"text": "Called, no answer."})
    kept = re.search(r'name="kept" value="([^"]*)"', refused.content.decode())[1]

    client.post(SIGN_IN, {"login": therapist.username, "password": PASSWORD, "kept": kept})
    offered = client.post(SECOND_STEP, {"code": code_of_app()}, follow=True)

    assert (offered.request["PATH_INFO"], "Called, no answer." in offered.content.decode()) == ("/admin/go-on/", True)
