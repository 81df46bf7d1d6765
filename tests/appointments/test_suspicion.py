import pytest
from hypothesis import given
from hypothesis import strategies as st

from appointments.suspicion import suspicion
from appointments.typos import COMMON, likely_meant
from tests.factories import SAID

LINK = "https://pills.example"


def looks(seconds=60, trapped=False, flooded=False, **said):
    return suspicion(SAID | said, seconds=seconds, trapped=trapped, flooded=flooded)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({}, ""),
        ({"trapped": True}, "trapped"),
        ({"seconds": 2}, "quick"),
        ({"seconds": -3600}, "quick"),
        ({"seconds": 10}, ""),
        ({"full_name": f"Zoë {LINK}"}, "links"),
        ({"goal": "www.pills.example"}, "links"),
        ({"access_needs": "[url=pills.example]"}, "links"),
        ({"note": f"I read {LINK} on it."}, ""),
        ({"note": f"{LINK} {LINK}"}, "links"),
        ({"note": "<a href='pills.example'>a</a> <A HREF=x>b</a>"}, "links"),
        ({"flooded": True}, "flood"),
        ({"flooded": True, "trapped": True}, "trapped"),
    ],
)
def test_what_looks_like_spam_and_why(settings, facts, why):
    settings.CONSULTATION_FASTEST_SECONDS = 10

    assert looks(**facts) == why


@given(st.text(alphabet=st.characters(exclude_characters="<[/wW"), max_size=200))
def test_no_name_of_any_script_looks_like_spam(name):
    assert looks(full_name=name, goal=name, note=name) == ""


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("zoe@gmial.com", "zoe@gmail.com"),
        ("zoe@gmail.con", "zoe@gmail.com"),
        ("zoe@gmail.co", "zoe@gmail.com"),
        ("Zoe.Nunez+pt@Gmaill.com", "Zoe.Nunez+pt@gmail.com"),
        ("zoe@hotmial.com", "zoe@hotmail.com"),
        ("zoe@comcast.nte", "zoe@comcast.net"),
        ("zoe@clinic.con", "zoe@clinic.com"),
        ("zoe@gmail.com", ""),
        ("zoe@GMAIL.com", ""),
        ("zoe@mail.com", ""),
        ("zoe@ymail.com", ""),
        ("zoe@yahoo.de", ""),
        ("zoe@hotmail.co.uk", ""),
        ("zoe@patients.example", ""),
        ("zoe@xn--mnchen-3ya.de", ""),
        ("", ""),
        ("zoe", ""),
        ("@", ""),
    ],
)
def test_a_likely_slip_is_mended_and_a_real_address_is_left_alone(typed, meant):
    assert likely_meant(typed) == meant


@pytest.mark.parametrize("domain", COMMON)
def test_no_common_address_is_doubted(domain):
    assert likely_meant(f"zoe@{domain}") == ""
