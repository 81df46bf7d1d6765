"""What is refused before any page reads it, and what a page may still be told."""

import io

import pytest
from django.test import Client, RequestFactory

from clinic.middleware import MOST_BYTES_FROM_A_STRANGER, refused_with
from tests.factories import make_tip
from tips.models import Topic

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
FIRST, SECOND = b'--x\r\nContent-Disposition: form-data; name="a"', b"\r\n\r\nb\r\n--x--\r\n"


@pytest.fixture
def visitor(clinic):
    return Client(raise_request_exception=False)


def status_of(method, path="/consultation/who/", body=b"", content_type=FORM, **environment):
    return refused_with(RequestFactory().generic(method, path, body, content_type, **environment))


@pytest.mark.parametrize("path", ["/tips/%00/", "/tips/?q=%00", "/tips/?%00=q", "/admin/tips/tip/?q=a&q=b%00"])
def test_a_nul_in_an_address_makes_no_sense(path):
    assert status_of("GET", path) == 400


@pytest.mark.parametrize("body", [b"a=\0", b"a=%00", b"%00=a", b"a=b&a=%00"])
def test_a_nul_in_a_form_makes_no_sense(body):
    assert status_of("POST", body=body) == 400


@pytest.mark.parametrize(
    "part",
    [
        FIRST + b"\r\n\r\n\0\r\n--x--\r\n",
        FIRST + b"\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--x--\r\n",
    ],
    ids=["as it is", "in base64"],
)
def test_a_nul_in_a_part_makes_no_sense(part):
    assert status_of("POST", body=part, content_type="multipart/form-data; boundary=x") == 400


def test_a_nul_that_a_cookie_spells_out_makes_no_sense():
    assert status_of("GET", HTTP_COOKIE='sessionid="\\000\\000\\000\\000\\000\\000\\000\\000"') == 400


def test_half_a_character_makes_no_sense_whatever_decoded_it(rf):
    request = rf.get("/")
    request.COOKIES = {"sessionid": "\ud800"}

    assert refused_with(request) == 400


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("", 415),
        ("text/plain", 415),
        ("application/json", 415),
        ("multipart/mixed; boundary=x", 415),
        ("multipart/form-data", 400),
        (f"{FORM}; charset=utf-16", 400),
        (f"{FORM}; charset=none", 400),
        (f"{FORM}; charset=UTF-8", None),
        (FORM, None),
    ],
)
def test_only_what_our_forms_send_is_taken(content_type, status):
    assert status_of("POST", body=b"a=b", content_type=content_type) == status


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize(
    ("path", "most"), [("/consultation/who/", MOST_BYTES_FROM_A_STRANGER), ("/admin/tips/tip/add/", 2_621_440)]
)
def test_a_body_may_have_so_many_bytes_and_no_more(method, path, most):
    allowed = status_of(method, path, b"a=" + b"x" * (most - 2))

    refused = status_of(method, path, b"a=" + b"x" * (most - 1))

    assert (allowed, refused) == (None, 413)


@pytest.mark.parametrize("where", ["query", "form"])
def test_too_many_fields_make_no_sense(where):
    many = "&".join(f"field{number}=x" for number in range(1_001))

    status = status_of("GET", f"/?{many}") if where == "query" else status_of("POST", body=many.encode())

    assert status == 400


def test_a_body_that_breaks_off_makes_no_sense():
    class Broken(io.BytesIO):
        def read(self, *size):
            raise OSError("the visitor went away")

    request = RequestFactory().generic("POST", "/consultation/who/", b"a=b", FORM, **{"wsgi.input": Broken()})
    request._stream = Broken()

    assert refused_with(request) == 400


@pytest.mark.parametrize("words", ["", "Zoë Núñez", "أهلا", "👩‍🦽", "‮‏​", "a\r\nb\tc", "\x07", "9" * 30])
def test_what_somebody_may_mean_passes(rf, words):
    request = rf.post("/consultation/problem/", {"note": words})

    assert refused_with(request) is None


@pytest.mark.parametrize(
    ("send", "status", "heading"),
    [
        (lambda visitor: visitor.get("/tips/?q=%00"), 400, "That request made no sense to us"),
        (lambda visitor: visitor.post("/", b"x" * 300_000, FORM), 413, "That was more than we can take"),
        (lambda visitor: visitor.post("/", b"{}", "application/json"), 415, "That did not come from one of our forms"),
    ],
)
@pytest.mark.parametrize("debug", [True, False])
def test_who_is_refused_reads_so_on_a_page_of_ours(visitor, settings, debug, send, status, heading):
    settings.DEBUG = debug

    answer = send(visitor)

    assert (answer.status_code, heading in answer.content.decode()) == (status, True)


@pytest.mark.parametrize("address", ["/admin/tips/tip/?_to_field=x", "/admin/tips/tip/?author__password__exact=x"])
def test_what_the_admin_refuses_is_told_on_a_page_of_ours_in_development_too(editor, signed_in, settings, address):
    settings.DEBUG = True

    answer = signed_in(editor).get(address)

    assert (answer.status_code, "That request made no sense to us" in answer.content.decode()) == (400, True)


# What the database cannot hold


HUGE = "9" * 25


def test_a_number_that_no_database_holds_makes_no_sense(visitor, editor, signed_in, caplog):
    client = signed_in(editor)
    Topic.objects.create(name="Backs", slug="backs")

    answers = [
        client.post("/admin/tips/tip/add/", {"title": "A title", "topics": HUGE}),
        client.post("/admin/tips/topic/", {"action": "delete_selected", "_selected_action": HUGE, "index": "0"}),
    ]

    assert {answer.status_code for answer in answers} <= {200, 302, 400}
    assert HUGE not in caplog.text
    assert Topic.objects.count() == 1


def test_a_year_that_no_calendar_holds_makes_no_sense(owner, signed_in):
    client = signed_in(owner)
    client.raise_request_exception = False

    assert client.get(f"/admin/clinic/holiday/?date__year={HUGE}").status_code == 400


# What a list is asked


@pytest.mark.parametrize("asked", ["slug__regex=(", "slug__range=abcdef", "slug__startswith=a", "publish_at__year=1"])
def test_a_list_answers_to_no_comparison_that_it_does_not_offer(clinic, editor, signed_in, asked):
    client = signed_in(editor)
    client.raise_request_exception = False

    assert client.get(f"/admin/tips/tip/?{asked}").status_code == 400


def test_a_list_answers_to_the_filters_that_it_offers(clinic, editor, signed_in):
    topic = Topic.objects.create(name="Backs", slug="backs")
    make_tip(topics=[topic], text={"title": "About backs"})
    make_tip(text={"title": "About knees"})

    page = signed_in(editor).get(f"/admin/tips/tip/?topics__id__exact={topic.pk}&status__exact=approved")

    assert ("About backs" in page.content.decode(), "About knees" in page.content.decode()) == (True, False)
