"""The mail that development writes to files, as the desk shows it."""

import re

import pytest

from tests.factories import make_person

pytestmark = pytest.mark.django_db

WITH_TRIAGE = ["Owner", "Therapist"]


@pytest.fixture
def mail_dir(settings, tmp_path):
    settings.EMAIL_BACKEND, settings.MAIL_DIR = "clinic.mail.EmlFiles", tmp_path / "mail"
    settings.MAIL_DIR.mkdir()
    return settings.MAIL_DIR


def write_mail(folder, name, subject, body="Hello."):
    text = f"From: desk@clinic.example\nTo: zoe@patients.example\nSubject: {subject}\nMessage-ID: <1@x>\n"
    (folder / name).write_text(f"{text}Date: Mon, 02 Mar 2026 17:00:00 +0000\n\n{body}\n")


@pytest.mark.parametrize("role", WITH_TRIAGE)
def test_in_development_who_triages_reads_the_mails_newest_first(clinic, mail_dir, signed_in, role):
    write_mail(mail_dir, "20260302-1.eml", "The first")
    write_mail(mail_dir, "20260302-2.eml", "The second", body="Your link: http://localhost:8000/r/token/")
    client = signed_in(make_person(role))

    listed = client.get("/admin/mail/").content.decode()
    opened = client.get("/admin/mail/20260302-2.eml/").content.decode()

    assert re.findall(r'href="(/admin/mail/[^"]+)">([^<]*)</a>', listed) == [
        ("/admin/mail/20260302-2.eml/", "The second"),
        ("/admin/mail/20260302-1.eml/", "The first"),
    ]
    assert re.findall(r"<dd>\s*(.*?)\s*</dd>", opened) == [
        "desk@clinic.example",
        "zoe@patients.example",
        "The second",
        "Mon, 02 Mar 2026 17:00:00 +0000",
        "&lt;1@x&gt;",
    ]
    assert "Your link: http://localhost:8000/r/token/" in opened


def test_the_list_of_mails_is_bounded(clinic, mail_dir, therapist, signed_in):
    for number in range(60):
        write_mail(mail_dir, f"20260302-{number:02}.eml", f"Mail {number}")

    page = signed_in(therapist).get("/admin/mail/").content.decode()

    assert re.findall(r">(Mail \d+)</a>", page) == [f"Mail {number}" for number in range(59, 9, -1)]


def test_before_the_first_mail_the_page_says_so(clinic, mail_dir, therapist, signed_in):
    mail_dir.rmdir()

    assert "No mail yet." in signed_in(therapist).get("/admin/mail/").content.decode()


def test_a_mail_is_shown_as_text(clinic, mail_dir, therapist, signed_in):
    write_mail(mail_dir, "1.eml", "<b>bold</b>", body="<script>alert(1)</script>")
    client = signed_in(therapist)

    pages = client.get("/admin/mail/").content.decode() + client.get("/admin/mail/1.eml/").content.decode()

    assert ("<b>bold" in pages, "<script>alert" in pages, "&lt;script&gt;alert(1)" in pages) == (False, False, True)


@pytest.mark.parametrize("name", ["2.eml", "..%2Fsecret_key", "..%2Fmail%2F1.eml", "%2Fetc%2Fpasswd", "*.eml"])
def test_a_mail_that_is_not_in_the_folder_is_not_there(clinic, mail_dir, therapist, signed_in, name):
    write_mail(mail_dir, "1.eml", "A mail")
    (mail_dir.parent / "secret_key").write_text("the key of the site")

    answer = signed_in(therapist).get(f"/admin/mail/{name}/")

    assert answer.status_code == 404
    assert "the key of the site" not in answer.content.decode()


@pytest.mark.parametrize("role", WITH_TRIAGE)
def test_where_mail_is_really_sent_nobody_finds_or_reads_the_files(clinic, mail_dir, settings, signed_in, role):
    write_mail(mail_dir, "1.eml", "A mail of the time of development")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    client = signed_in(make_person(role))

    answers = [client.get("/admin/mail/"), client.get("/admin/mail/1.eml/")]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert (
        "/admin/mail/"
        not in client.get("/admin/clinic/").content.decode() + client.get("/admin/queue/").content.decode()
    )


def test_in_development_the_owner_finds_the_mails_on_the_desk(clinic, mail_dir, owner, signed_in):
    first = signed_in(owner).get("/admin/").context["app_list"][0]

    assert [(model["name"], model["admin_url"]) for model in first["models"]] == [
        ("Queue", "/admin/queue/"),
        ("Mail written (development)", "/admin/mail/"),
    ]
