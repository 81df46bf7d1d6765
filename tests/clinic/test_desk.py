"""Who gets in, what they find there, and what stays shut."""

import re
from html import unescape

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import Group
from django.test import Client

from appointments.models import RequestStatus
from clinic.models import AuditEntry, ClinicSettings, User
from tests.factories import PASSWORD, SAID, code_of_app, make_consultation, make_person

pytestmark = pytest.mark.django_db

SIGN_IN = "/admin/sign-in/"
SECOND_STEP = "/admin/sign-in/second-step/"
# The admin's own address for it, which leads on to ours.
ASKED_TO_SIGN_IN = "/admin/login/?next="
ACTS = ["claim", "ask", "answer", "note", "decline", "spam"]
WITHOUT_TRIAGE = ["Editor", "Clinical reviewer"]


def sign_in(client, login, password=PASSWORD, **query):
    answer = client.post(SIGN_IN, {"login": login, "password": password}, query_params=query)
    if answer.status_code == 302 and answer["Location"] == SECOND_STEP:
        return client.post(SECOND_STEP, {"code": code_of_app()})
    return answer


def is_signed_in(client):
    return "_auth_user_id" in client.session


def index_of(client):
    answer = client.get("/admin/", follow=True)
    return [
        (str(app["name"]), [str(model["name"]) for model in app["models"]]) for app in answer.context["available_apps"]
    ]


# Signing in and out


@pytest.mark.parametrize("known_by", ["username", "email"])
def test_staff_sign_in_with_name_or_address_and_get_a_new_session(clinic, client, owner, known_by):
    client.get(SIGN_IN)
    client.cookies["sessionid"] = fixed = "chosen-by-an-attacker"

    answer = sign_in(client, getattr(owner, known_by))

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert is_signed_in(client)
    assert client.cookies["sessionid"].value != fixed


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(clinic, client, owner):
    answers = [sign_in(client, login, "a wrong guess") for login in (owner.username, "nobody-of-that-name")]

    bodies = [
        re.sub(r'value="[^"]*"', "", answer.content.decode()).replace(owner.username, "nobody-of-that-name")
        for answer in answers
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert bodies[0] == bodies[1]
    assert not is_signed_in(client)


class Counted(MD5PasswordHasher):
    """Counts the passwords that are hashed, which is what takes the time of a real sign-in."""

    hashed = 0

    def encode(self, *args):
        type(self).hashed += 1
        return super().encode(*args)


def test_an_unknown_name_costs_as_many_hashes_as_a_wrong_password(clinic, client, owner, settings, monkeypatch):
    settings.PASSWORD_HASHERS = [f"{__name__}.Counted"]
    cost = {}

    for login in (owner.username, owner.email, "nobody-of-that-name", "nobody@elsewhere.example"):
        monkeypatch.setattr(Counted, "hashed", 0)
        sign_in(client, login, "a wrong guess")
        cost[login] = Counted.hashed

    assert cost == dict.fromkeys(cost, cost[owner.username])
    assert cost[owner.username] > 0


def test_somebody_who_left_is_refused_with_the_right_password_too(clinic, client):
    left = make_person("Therapist", is_active=False)

    answer = sign_in(client, left.username)

    assert answer.status_code < 500
    assert not is_signed_in(client)


def test_somebody_who_leaves_is_out_at_once(clinic, therapist, signed_in):
    client = signed_in(therapist)
    assert client.get("/admin/queue/").status_code == 200
    User.objects.filter(pk=therapist.pk).update(is_active=False)

    answer = client.get("/admin/queue/")

    assert (answer.status_code, answer["Location"]) == (302, f"{ASKED_TO_SIGN_IN}/admin/queue/")


def test_a_new_password_ends_the_sessions_of_the_old_one(clinic, therapist, signed_in):
    client = signed_in(therapist)
    therapist.set_password("another staple of correct horses")
    therapist.save()

    answer = client.get("/admin/queue/")

    assert (answer.status_code, answer["Location"]) == (302, f"{ASKED_TO_SIGN_IN}/admin/queue/")


@pytest.mark.parametrize("address", ["/admin/sign-out/", "/admin/logout/"])
def test_a_session_is_dead_after_signing_out_and_only_a_button_does_it(clinic, therapist, signed_in, address):
    client = signed_in(therapist)
    cookie = client.cookies["sessionid"].value
    client.get(address)
    assert is_signed_in(client)

    answer = client.post(address)

    assert (answer.status_code, answer["Location"]) == (302, SIGN_IN)
    thief = Client()
    thief.cookies["sessionid"] = cookie
    assert thief.get("/admin/queue/")["Location"] == f"{ASKED_TO_SIGN_IN}/admin/queue/"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "https://evil.example/",
        "https:evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
    ],
)
def test_signing_in_never_leads_off_the_site(clinic, client, owner, elsewhere):
    answer = sign_in(client, owner.username, next=elsewhere)

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_signing_in_leads_to_where_one_wanted_to_go(clinic, client, therapist):
    shown = client.get("/admin/queue/?show=mine", follow=True)
    hidden = dict(re.findall(r'type="hidden" name="(next)" value="([^"]*)"', shown.content.decode()))

    client.post(SIGN_IN, {"login": therapist.username, "password": PASSWORD, **hidden})
    answer = client.post(SECOND_STEP, {"code": code_of_app()})

    assert shown.request["PATH_INFO"] == SIGN_IN
    assert answer["Location"] == "/admin/queue/?show=mine"


def test_an_account_that_is_not_staff_finds_the_desk_shut(clinic, signed_in):
    client = signed_in(make_person(is_staff=False))

    answer = client.get("/admin/", follow=True)

    assert answer.status_code == 403


def test_nobody_can_make_an_account_for_themselves(clinic, client):
    offered = re.findall(r'href="([^"]*)"', client.get(SIGN_IN).content.decode())

    assert [address for address in offered if "sign-up" in address or "signup" in address] == []
    assert [client.get(f"/admin/{name}/")["Location"] for name in ("signup", "password_reset")] == [
        f"{ASKED_TO_SIGN_IN}/admin/signup/",
        f"{ASKED_TO_SIGN_IN}/admin/password_reset/",
    ]


# Who finds what


@pytest.mark.parametrize(
    ("role", "finds"),
    [
        (
            "Owner",
            [
                ("Consultation requests", ["Queue", "Calendar", "Time off", "Working hours", "Safety screen"]),
                (
                    "Clinic",
                    [
                        "Clinic settings",
                        "Holidays",
                        "Opening hours",
                        "Users",
                        "Is everything ready?",
                        "Reports",
                        "Who looked",
                        "One person’s data",
                    ],
                ),
                ("Tips and guides", ["What is in work", "Guides", "Tips", "Topics"]),
            ],
        ),
        ("Editor", [("Tips and guides", ["What is in work", "Guides", "Pictures", "Tips", "Topics"])]),
        (
            "Clinical reviewer",
            [("Tips and guides", ["What is in work", "Guides", "Pictures", "Tips", "Topics", "Safety screen"])],
        ),
        (None, []),
    ],
)
def test_each_role_finds_its_own_pages_on_the_desk(clinic, signed_in, role, finds):
    assert index_of(signed_in(make_person(role))) == finds


def test_a_therapist_finds_the_queue_on_the_desk(clinic, therapist, signed_in):
    answer = signed_in(therapist).get("/admin/")

    assert (answer.status_code, answer["Location"]) == (302, "/admin/queue/")


@pytest.mark.parametrize("role", WITHOUT_TRIAGE)
def test_who_does_not_triage_is_refused_every_page_of_a_request(clinic, therapist, signed_in, role):
    consultation = make_consultation(status=RequestStatus.IN_REVIEW, assigned_to=therapist)
    client = signed_in(make_person(role))
    request = f"/admin/queue/{consultation.reference}/"
    pages = [
        "/admin/queue/",
        "/admin/queue/search/",
        "/admin/queue/act/",
        request,
        "/admin/mail/",
        "/admin/mail/x/",
    ]

    answers = [client.get(page) for page in pages] + [client.post(f"{request}{act}/", {"text": "x"}) for act in ACTS]
    answers.append(client.post("/admin/queue/search/", {"term": consultation.reference}))
    answers.append(client.post("/admin/queue/act/", {"act": "claim", "reference": consultation.reference}))

    assert {answer.status_code for answer in answers} == {403}
    assert [answer for answer in answers if leaks(answer.content.decode(), consultation)] == []
    consultation.refresh_from_db()
    assert (consultation.status, consultation.version) == ("in_review", 0)
    assert {entry.action for entry in AuditEntry.objects.all()} == {"refused"}


def test_a_stranger_is_asked_to_sign_in_before_any_page_of_a_request(clinic, client):
    consultation = make_consultation()
    pages = [
        "/admin/",
        "/admin/queue/",
        f"/admin/queue/{consultation.reference}/",
        "/admin/queue/CR-NOTHER/",
        "/admin/mail/",
    ]

    answers = [client.get(page) for page in pages]

    assert [(answer.status_code, answer["Location"]) for answer in answers] == [
        (302, f"{ASKED_TO_SIGN_IN}{page}") for page in pages
    ]


def leaks(page, consultation):
    words = [consultation.reference, *(said for said in SAID.values() if isinstance(said, str) and len(said) > 8)]
    return [word for word in words if word in unescape(page)]


@pytest.mark.parametrize("role", ["Owner", "Therapist", "Editor", "Clinical reviewer", None])
def test_nothing_behind_the_desk_is_kept_by_a_browser(clinic, signed_in, role):
    client = signed_in(make_person(role))

    answers = [client.get(address) for address in ("/admin/", "/admin/queue/", "/admin/tips/tip/", "/admin/nowhere/")]

    assert [set(answer["Cache-Control"].split(", ")) >= {"no-store", "private"} for answer in answers] == [True] * 4


@pytest.mark.parametrize("facts", [{"is_superuser": True}, {"role": "Owner"}])
def test_an_owner_who_may_write_as_well_lands_on_the_owners_front_page(clinic, signed_in, facts):
    person = make_person(**facts)
    person.groups.add(Group.objects.get(name="Editor"))

    page = signed_in(person).get("/admin/")

    assert page.status_code == 200
    assert "See what is missing" in page.content.decode()


def test_people_and_hours_are_kept_in_our_own_words_and_fields(clinic, owner, signed_in):
    browser = signed_in(owner)

    people, hours = (browser.get(f"/admin/clinic/{each}/").content.decode() for each in ("user/add", "openinghours"))

    for words in ("Staff status", "Designates", "permissions granted", "Control", "150 characters", "selectfilter"):
        assert words not in people
    assert re.findall(r'<input type="checkbox" name="groups"[^>]*>\s*([^<]*?)\s*</label>', people) == [
        "Clinical reviewer",
        "Editor",
        "Owner",
        "Therapist",
    ]
    assert len(re.findall(r'<input type="time" [^>]*aria-label="(?:Opens|Closes)"', hours)) == 10
    assert "DateTimeShortcuts" not in hours


# Nobody gives themselves more than a role


def test_the_owner_can_give_roles_and_nothing_beyond(clinic, owner, editor, signed_in):
    client = signed_in(owner)
    address = f"/admin/clinic/user/{editor.pk}/change/"
    fields = list(client.get(address).context["adminform"].form.fields)

    client.post(
        address,
        {
            "username": editor.username,
            "email": editor.email,
            "is_active": "on",
            "is_superuser": "on",
            "user_permissions": "1",
        },
    )

    editor.refresh_from_db()
    assert sorted(fields) == [
        "credentials", "display_name", "email", "groups", "is_active", "is_staff", "password", "username",
    ]  # fmt: skip
    assert (editor.is_superuser, list(editor.user_permissions.all()), editor.is_staff) == (False, [], False)


@pytest.mark.parametrize("role", ["Therapist", "Editor", "Clinical reviewer"])
@pytest.mark.parametrize("page", ["user/", "user/add/", "clinicsettings/1/change/", "holiday/", "openinghours/add/"])
def test_only_the_owner_opens_the_clinics_own_pages(clinic, signed_in, role, page):
    assert signed_in(make_person(role)).get(f"/admin/clinic/{page}").status_code == 403


@pytest.mark.parametrize("what", ["user/{}/delete/", "clinicsettings/1/delete/", "clinicsettings/add/"])
def test_even_the_owner_deletes_nobody_and_adds_no_second_clinic(clinic, owner, editor, signed_in, what):
    client = signed_in(owner)

    answer = client.post(f"/admin/clinic/{what}".format(editor.pk), {"post": "yes"})

    assert answer.status_code == 403
    assert User.objects.filter(pk=editor.pk).exists()
    assert ClinicSettings.objects.count() == 1


@pytest.mark.parametrize(
    ("role", "address"),
    [
        ("Owner", "/admin/clinic/user/?password__startswith=md5"),
        ("Editor", "/admin/tips/tip/?author__password__startswith=md5"),
        ("Editor", "/admin/tips/tip/?author__email__startswith=o"),
    ],
)
def test_a_list_cannot_be_used_to_guess_what_it_does_not_show(clinic, signed_in, role, address):
    assert signed_in(make_person(role)).get(address).status_code == 400


def test_the_owner_is_led_to_the_one_row_of_settings(clinic, owner, signed_in):
    answer = signed_in(owner).get("/admin/clinic/clinicsettings/", follow=True)

    assert answer.redirect_chain == [("/admin/clinic/clinicsettings/1/change/", 302)]
    assert answer.context["original"].name == clinic.name


def test_the_owner_of_a_new_site_finds_the_settings_to_fill_in(owner, signed_in):
    assert ClinicSettings.objects.count() == 0

    answer = signed_in(owner).get("/admin/clinic/clinicsettings/", follow=True)

    assert answer.request["PATH_INFO"] == "/admin/clinic/clinicsettings/1/change/"
    assert "emergency_number" in answer.context["adminform"].form.fields


def test_a_demonstration_is_marked_by_the_same_words_at_the_desk_as_for_readers(clinic, client, owner, signed_in):
    ClinicSettings.objects.update(is_demo=True)

    pages = [client.get("/"), signed_in(owner).get("/admin/queue/")]

    said = [re.search(r'class="demo".*?>(.*?)</[ap]', page.content.decode(), re.DOTALL)[1].split() for page in pages]
    assert said[0] == said[1]


@pytest.mark.parametrize(
    ("path", "name"),
    [("clinic/holiday", "Holidays"), ("tips/topic", "Topics"), ("clinic/user", "People who work here")],
)
def test_a_list_is_called_by_what_is_in_it(clinic, signed_in, owner, path, name):
    html = signed_in(owner).get(f"/admin/{path}/").content.decode()

    [title] = re.findall(r"<title>\s*(.*?)\s*</title>", html, re.DOTALL)
    [heading] = re.findall(r"<h1>\s*(.*?)\s*</h1>", html, re.DOTALL)
    assert (title, heading) == (f"{name} | {clinic.name}", name)
