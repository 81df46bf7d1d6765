"""nginx without the site behind it, as during an upgrade."""

import pytest

from .conftest import NGINX, PHONE, Front, frame, needs_nginx, running, wait_at

pytestmark = needs_nginx

SECRET = "kept-to-myself"


@pytest.fixture
def alone(finished, ports):
    root, _ = finished
    with running(NGINX, "-c", frame(root)) as nginx:
        wait_at(ports[1], nginx)
        yield Front(root, *ports)


def test_the_clinics_phone_is_shown_in_plain_words(alone):
    answer = alone.get("/consultation/")

    assert answer.startswith("HTTP/1.1 502")
    assert "We cannot answer right now" in answer
    assert f'<a href="tel:5550100100">{PHONE}</a>' in answer
    assert "Content-Security-Policy: default-src 'none'; style-src 'self'" in answer
    assert "Retry-After: 60" in answer


def test_its_look_is_there_too(alone):
    answer = alone.get("/-/page.css")

    assert answer.startswith("HTTP/1.1 200 OK")
    assert "Content-Type: text/css" in answer


def test_no_log_of_nginx_tells_what_was_asked_for(alone, capfd):
    alone.get(f"/r/{SECRET}/?{SECRET}")

    said = alone.log() + alone.log("clinic-error.log") + capfd.readouterr().err
    assert '"site":"502"' in said
    assert SECRET not in said
    assert "127.0.0.1" not in said
