"""The mail that development writes to files, and a sample of each, as the desk shows them."""

import re

import pytest

from appointments import emails
from clinic import mail
from clinic.desk_mail import EVENTS, sample_facts
from tests.factories import NOON, SAID, make_consultation, make_person, make_tip
from tips.emails import for_mail as for_article

pytestmark = pytest.mark.django_db

WITH_TRIAGE = ["Owner", "Therapist"]
WITHOUT_TRIAGE = ["Editor", "Clinical reviewer"]
SAMPLE = "/admin/mail/samples/received/"
PAGES = ["/admin/mail/", "/admin/mail/1.eml/", "/admin/mail/1.eml/html/", SAMPLE, f"{SAMPLE}html/"]


@pytest.fixture
def mail_dir(settings, tmp_path):
    settings.EMAIL_BACKEND, settings.MAIL_DIR = "clinic.mail.EmlFiles", tmp_path / "mail"
    settings.MAIL_DIR.mkdir()
    return settings.MAIL_DIR


def write_mail(folder, name, subject, body="Hello.", to="zoe@patients.example"):
    text = f"From: desk@clinic.example\nTo: {to}\nSubject: {subject}\nMessage-ID: <1@x>\n"
    (folder / name).write_text(f"{text}Date: Mon, 02 Mar 2026 17:00:00 +0000\n\n{body}\n")


@pytest.mark.parametrize("role", WITH_TRIAGE)
def test_in_development_who_triages_reads_the_mails_newest_first(clinic, mail_dir, signed_in, role):
    write_mail(mail_dir, "20260302-1.eml", "The first")
    write_mail(mail_dir, "20260302-2.eml", "The second", body="Your link: http://localhost:8000/r/token/")
    client = signed_in(make_person(role))

    listed = client.get("/admin/mail/").content.decode()
    opened = client.get("/admin/mail/20260302-2.eml/").content.decode()

    assert re.findall(r'href="(/admin/mail/[^"]+[.]eml/)">([^<]*)</a>', listed) == [
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
    assert 'Your link: <a href="http://localhost:8000/r/token/"' in opened
    assert "<iframe" not in opened


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


@pytest.mark.parametrize("role", WITHOUT_TRIAGE)
@pytest.mark.parametrize("address", PAGES)
def test_who_does_not_triage_sees_no_mail_and_no_sample(clinic, mail_dir, signed_in, role, address):
    write_mail(mail_dir, "1.eml", "A mail")

    answer = signed_in(make_person(role)).get(address)

    assert answer.status_code == 403


@pytest.mark.parametrize("role", WITH_TRIAGE)
def test_where_mail_is_really_sent_nobody_finds_or_reads_the_files(clinic, mail_dir, settings, signed_in, role):
    write_mail(mail_dir, "1.eml", "A mail of the time of development")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    client = signed_in(make_person(role))

    answers = [client.get(address) for address in PAGES]

    assert [answer.status_code for answer in answers] == [403] * len(PAGES)
    assert (
        "/admin/mail/"
        not in client.get("/admin/clinic/").content.decode() + client.get("/admin/queue/").content.decode()
    )


def test_in_development_the_owner_finds_the_mails_on_the_desk(clinic, mail_dir, owner, signed_in):
    first = signed_in(owner).get("/admin/").context["app_list"][0]

    assert [(model["name"], model["admin_url"]) for model in first["models"]] == [
        ("Queue", "/admin/queue/"),
        ("Calendar", "/admin/calendar/"),
        ("Time off", "/admin/appointments/timeoff/"),
        ("Working hours", "/admin/appointments/workinghours/"),
        ("Safety screen", "/admin/approve/safety/"),
        ("Mail written (development)", "/admin/mail/"),
    ]


def test_the_list_says_as_what_somebody_got_a_mail_and_no_patients_address(clinic, mail_dir, therapist, signed_in):
    for number, address in enumerate([therapist.email.upper(), SAID["email"]]):
        write_mail(mail_dir, f"{number}.eml", f"Mail {number}", to=address)

    page = signed_in(therapist).get("/admin/mail/").content.decode()

    shown = re.findall(r'">(Mail \d)</a>\s*<span class="quiet">([^·<]*) ·', page)
    assert shown == [("Mail 1", "to the patient"), ("Mail 0", f"to staff: {therapist.username}")]
    assert SAID["email"] not in page


# Samples, and mails as HTML


def test_every_mail_is_listed_with_its_subject(clinic, mail_dir, therapist, signed_in):
    listed = signed_in(therapist).get("/admin/mail/").content.decode()

    found = re.findall(r'href="/admin/mail/samples/(\w+)/">([^<]*)</a>', listed)
    assert [event for event, subject in found] == EVENTS
    assert found[0] == ("about_your_request", "About your request")
    assert found[-1] == ("your_link", "The link to your page")


@pytest.mark.parametrize("event", EVENTS)
def test_a_sample_shows_subject_text_and_html(clinic, mail_dir, therapist, signed_in, event):
    client = signed_in(therapist)

    page = client.get(f"/admin/mail/samples/{event}/")
    html = client.get(f"/admin/mail/samples/{event}/html/").content.decode()

    subject, text = page.context["title"], page.context["body"]
    [frame] = re.findall(r"<iframe.*?>", page.content.decode(), re.DOTALL)
    assert f"<h1>{subject}</h1>" in html
    assert text.splitlines()[0] in html
    assert re.findall(r'(\w+)="(.*?)"', frame) == [
        ("src", f"/admin/mail/samples/{event}/html/"),
        ("title", "The mail as HTML"),
        ("sandbox", "allow-popups allow-popups-to-escape-sandbox"),
    ]


@pytest.mark.parametrize("event", EVENTS)
def test_a_sample_shows_the_calendar_entry_that_goes_with_it(clinic, mail_dir, therapist, signed_in, event):
    methods = {
        "booked": ["REQUEST"],
        "time_changed": ["CANCEL"],
        "withdrawn": ["CANCEL"],
        "about_your_request": ["CANCEL"],
    }

    page = signed_in(therapist).get(f"/admin/mail/samples/{event}/").content.decode()

    shown = re.findall(r"Calendar entry \((\w+)\), also attached as visit.ics", page)
    assert shown == methods.get(event, [])
    assert re.findall(r"METHOD:(\w+)", page) == shown


@pytest.mark.parametrize("address", ["/admin/mail/samples/unheard_of/", "/admin/mail/samples/foot/html/"])
def test_there_is_no_sample_of_what_is_no_mail(clinic, mail_dir, therapist, signed_in, address):
    answer = signed_in(therapist).get(address)

    assert answer.status_code == 404


def test_a_sample_has_every_fact_that_a_mail_is_given(clinic):
    given = (
        set(make_consultation().for_mail())
        | set(make_consultation().for_staff_mail())
        | {"references", "suspects", "problems", "reviews_due", "is_screen_due"}
        | set(for_article(make_tip(), at=NOON))
        | {"code", "login", "what"}
    )

    assert set(sample_facts()) == given


def test_a_written_mail_is_shown_as_html_too(clinic, mail_dir, therapist, signed_in):
    emails.received(make_consultation(), at=NOON)
    mail.deliver(at=NOON)
    [file] = mail_dir.iterdir()
    client = signed_in(therapist)

    page = client.get(f"/admin/mail/{file.name}/").content.decode()
    html = client.get(f"/admin/mail/{file.name}/html/").content.decode()

    assert f'src="/admin/mail/{file.name}/html/"' in page
    assert "<h1>We received your request</h1>" in html


def test_a_mail_without_html_has_none_to_show(clinic, mail_dir, therapist, signed_in):
    write_mail(mail_dir, "1.eml", "A mail")

    answer = signed_in(therapist).get("/admin/mail/1.eml/html/")

    assert answer.status_code == 404


def test_only_the_html_may_be_framed_and_it_may_load_and_run_nothing(clinic, mail_dir, therapist, signed_in):
    client = signed_in(therapist)

    page, html = client.get(SAMPLE), client.get(f"{SAMPLE}html/")

    assert (page["X-Frame-Options"], html["X-Frame-Options"]) == ("DENY", "SAMEORIGIN")
    assert policy(html) == {
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
        "sandbox allow-popups allow-popups-to-escape-sandbox",
    }
    assert policy(page) == policy(client.get("/admin/queue/"))
    assert {"frame-ancestors 'none'", "style-src 'self'"} <= policy(page)


def policy(answer):
    return set(answer["Content-Security-Policy"].split("; "))
