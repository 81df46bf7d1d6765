"""Nobody who does not see requests meets a word of a patient, or is told by an answer whether they guessed well."""

import re
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.utils.html import escape

from clinic.models import User
from tests.appointments.stages import START
from tests.factories import make_person
from tips.models import Tip

from . import role_rows
from .canaries import Canaries
from .crawling import crawl, everything_said
from .roles import WHO, address_of, routes

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
# What no list shows of a person, each with a guess that is right for somebody.
SECRETS = {"password": "md5$", "calendar_hash": "a" * 64, "consultations__statement__full_name": "canary1002"}
COMPARED = ["", "__exact", "__startswith", "__in", "__gt", "__regex", "__isnull"]
# After these nobody is signed in any more; also after a link for another person's password.
ENDS_IT = ("account_logout", "admin:logout", "account_reset_password_from_key")


@pytest.fixture
def known(clinic, therapist, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.EMAIL_BACKEND, settings.MAIL_DIR = "clinic.mail.EmlFiles", tmp_path / "mail"
    settings.MAIL_DIR.mkdir()
    return role_rows.known(therapist, settings.MAIL_DIR)


@pytest.fixture
def canaries(known, therapist):
    canaries = Canaries(tip=Tip.objects.get(pk=known["pk"]), therapist=therapist)
    known["reference"], known["token"] = canaries.requests[0].reference, canaries.requests[0].link_token
    return canaries


def session_of(client, known):
    """The answers of a whole session: whatever is reached from the desk, and every route with an empty form.

    A patient's own page and a therapist's feed are left out: they are open to whoever has their secret address.
    """
    left_out = ("status", "calendar_feed", *ENDS_IT)
    addresses = [address_of(route, takes, known) for route, takes in routes().items() if not route.startswith(left_out)]
    pages = crawl(client, "/admin/", "/", "/nowhere/", f"/admin/calendar/?week={START:%G-W%V}", *addresses)
    posted = {("POST", each): client.post(each) for each in addresses}
    assert "_auth_user_id" in client.session, "the session ended on the way"
    return {("GET", each): answer for each, answer in pages.items()} | posted


@pytest.mark.parametrize("role", ["Editor", "Clinical reviewer"])
def test_a_whole_session_contains_no_word_of_a_patient(known, canaries, signed_in, role):
    answers = session_of(signed_in(make_person(role)), known)

    assert len(canaries.words) >= 200
    assert {("GET", "/admin/articles/"), ("GET", "/admin/tips/tip/"), ("GET", "/tips/feed/")} <= answers.keys()
    assert {answer.status_code for answer in answers.values()} >= {200, 302, 403, 404, 405}
    leaks = {asked: canaries.found_in(everything_said(answer)) for asked, answer in answers.items()}
    assert {asked: words for asked, words in leaks.items() if words} == {}


@pytest.mark.parametrize("role", ["Owner", "Therapist"])
def test_control_who_sees_requests_meets_most_of_those_words(known, canaries, signed_in, therapist, role):
    person = therapist if role == "Therapist" else make_person(role)

    answers = session_of(signed_in(person), known)

    found = set().union(*(canaries.found_in(everything_said(answer)) for answer in answers.values()))
    assert len(found) > 150


def same(answer, lookup, guess):
    """What an answer says, without the question it repeats and the numbers that are new in each."""
    body = answer.content.decode()
    for repeated in (urlencode({lookup: guess}), escape(guess)) if len(guess) > 1 else (f"{lookup}={guess}",):
        body = body.replace(repeated, "")
    return answer.status_code, re.sub(r'(nonce|value)="[^"]*"|[0-9a-f]{16}', "", body)


@pytest.mark.parametrize("who", WHO[1:])
def test_a_guess_in_the_address_of_a_list_is_answered_alike_whether_it_is_right(known, canaries, signed_in, who):
    """A list that could be narrowed by a secret would show its row for the right guess, and none for the other."""
    client = signed_in(make_person(None if who == "no role" else who))
    User.objects.filter(username="newcomer").update(calendar_hash="a" * 64)

    told = [lookup for model in MODELS for lookup in lookups(model) if is_told_apart(client, list_of(model), lookup)]

    assert told == []


def lookups(model):
    """A row's own secrets and those of the person it belongs to, compared in every way."""
    people = [f"{field.name}__" for field in model._meta.get_fields() if field.related_model is User]
    for way in [""] if model is User else people:
        yield from (f"{way}{secret}{compared}" for secret in SECRETS for compared in COMPARED)


def is_told_apart(client, address, lookup):
    right = next(guess for secret, guess in SECRETS.items() if secret in lookup)
    guesses = ["0", "1"] if lookup.endswith("__isnull") else [right, "~nobody~"]
    return len({same(client.get(address, {lookup: guess}), lookup, guess) for guess in guesses}) > 1


def list_of(model):
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


@pytest.mark.parametrize("who", WHO[1:])
def test_whatever_stands_in_the_address_of_a_list_it_gives_nothing_away(canaries, signed_in, who):
    client = signed_in(make_person(None if who == "no role" else who))
    sees = who in {"Therapist", "Owner"}
    asked = ["?o=99.-1.x", "?o=", "?e=1", "?p=999", "?all=", "?_popup=1", "?_to_field=password", "?q=canary1000"]
    asked += ["?q=%00", "?requests__statement__full_name__startswith=c", "?_facets=1", "add/?_to_field=password"]
    asked += ["1/change/?_to_field=password&_popup=1", "1/history/?p=x", "1/delete/?_popup=1"]

    answers = {list_of(model) + query: client.get(list_of(model) + query) for model in MODELS for query in asked}

    assert {each: answer.status_code for each, answer in answers.items() if answer.status_code >= 500} == {}
    leaks = {each for each, answer in answers.items() if "canary" in everything_said(answer).replace("canary1000", "")}
    assert sees or not leaks


@pytest.mark.parametrize("path", ["autocomplete/?app_label=clinic&model_name=user&field_name=groups&term=", "r/1/1/"])
def test_no_stock_address_offers_rows_of_any_kind(clinic, owner, signed_in, path):
    assert signed_in(owner).get(f"/admin/{path}").status_code == 404
