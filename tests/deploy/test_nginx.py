"""The site behind nginx, as it is shipped: what reaches it, what is logged of it, and what is shown while it is away."""

import http.client
import json
import re
import shutil
import subprocess
from contextlib import closing

import pytest

from .conftest import HOST, NGINX, PHONE, frame, needs_nginx

pytestmark = needs_nginx

CURL = shutil.which("curl")
SECRET = "kept-to-myself"


def configtest(root):
    return subprocess.run([NGINX, "-t", "-c", frame(root)], capture_output=True, text=True, check=False)


def last_line(front):
    return json.loads(front.log().splitlines()[-1])


def test_nginx_takes_what_is_prepared(finished):
    root, _ = finished

    said = configtest(root)

    assert said.returncode == 0, said.stderr
    assert "warn" not in said.stderr


def test_nginx_would_say_what_it_does_not_take(finished):
    root, _ = finished
    site = root / "etc" / "nginx" / "sites-available" / "clinic"
    text = site.read_text()
    site.write_text(text.replace("proxy_request_buffering on;", "proxy_request_buffering perhaps;"))

    said = configtest(root)

    site.write_text(text)
    assert said.returncode != 0
    assert "proxy_request_buffering" in said.stderr


def test_a_page_comes_through_with_the_policy_of_the_site(front):
    answer = front.get("/privacy/")

    assert answer.startswith("HTTP/1.1 200 OK")
    assert answer.lower().count("content-security-policy: ") == 1
    assert "<h1>Privacy</h1>" in answer


def test_the_plain_address_leads_to_the_safe_one(front):
    with closing(http.client.HTTPConnection("127.0.0.1", front.plain, timeout=10)) as wire:
        wire.request("GET", "/tips/?q=knee", headers={"Host": HOST})

        with wire.getresponse() as answer:
            led = answer.status, answer.headers["Location"]

    assert led == (301, f"https://{HOST}:{front.port}/tips/?q=knee")


def test_whoever_asks_for_another_name_is_given_nothing(front):
    assert front.get("/", host="evil.example") == ""


def test_static_files_come_from_the_disk_packed_and_for_ever(front):
    address = re.search(r'href="(/static/[^"]+\.css)"', front.get("/"))[1]

    answer = front.get(address, "Accept-Encoding: gzip")

    head = answer.partition("\r\n\r\n")[0]
    assert "Cache-Control: public, max-age=31536000, immutable" in head
    assert "Content-Encoding: gzip" in head
    assert "X-Request-ID" not in head, "the site was asked for it"


def test_what_a_visitor_says_of_where_it_comes_from_is_not_believed(front):
    claims = ["X-Forwarded-For: 203.0.113.9", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: http"]

    answer = front.get("/admin/sign-in/", *claims)

    assert answer.startswith("HTTP/1.1 200 OK")
    assert "evil.example" not in answer
    line = front.journal()[-1]
    assert (line["route"], line["network"], line["request"]) == (
        "account_login", "127.0.0.0/24", last_line(front)["request"],
    )  # fmt: skip


def test_the_log_says_neither_what_was_asked_for_nor_who_asked(front):
    front.get(f"/r/{SECRET}/?{SECRET}", f"Referer: https://{HOST}/{SECRET}", f"User-Agent: {SECRET}")

    written = "".join(front.log(name) for name in ("clinic.log", "clinic-error.log"))
    assert SECRET not in written
    assert "127.0.0.1" not in written
    line = last_line(front)
    assert sorted(line) == ["method", "network", "request", "seconds", "site", "status", "time"]
    assert (line["method"], line["status"], line["network"]) == ("GET", 404, "127.0.0.0/24")
    assert re.fullmatch("[0-9a-f]{16}", line["request"])


def test_a_made_up_method_is_no_word_in_the_log(front):
    front.ask(f"ALICE / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n")

    assert last_line(front)["method"] == "other"


def test_what_is_too_large_is_turned_away_in_plain_words(front):
    head = f"POST /consultation/who/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 400000\r\nConnection: close\r\n\r\n"

    answer = front.ask(head + 400_000 * "a")

    assert answer.startswith("HTTP/1.1 413")
    assert PHONE in answer


@pytest.mark.skipif(CURL is None, reason="there is no curl on this machine")
def test_browsers_that_speak_http_2_read_it_too(front, tmp_path):
    body = tmp_path / "body"
    body.write_bytes(400_000 * b"a")
    trusted = front.root / "etc" / "clinic" / "tls" / "self-made.pem"
    command = [CURL, "--silent", "--include", "--http2", "--cacert", trusted, "--data-binary", f"@{body}"]
    command += ["--resolve", f"{HOST}:{front.port}:127.0.0.1", f"https://{HOST}:{front.port}/consultation/who/"]

    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout

    assert said.startswith("HTTP/2 413")
    assert PHONE in said
