"""A page of questions that is not answered yet is made once for all who come to it by the same way; what is one's own stays one's own."""

import gzip

import pytest
from django.test import Client

from appointments.draft import SEAL, SESSION_KEY
from appointments.forms import SCREEN, STEPS
from clinic.models import ClinicSettings, forget
from clinic.sealing import unseal

from .pages import TYPED, Page, address

pytestmark = pytest.mark.django_db


def at_step(step, **changed):
    """A browser whose forms are only taken with their token, and that has come as far as the page."""
    client = Client(enforce_csrf_checks=True)
    for before in list(STEPS)[: list(STEPS).index(step)]:
        page = Page(client.get(address(before)))
        client.post(address(before), page.fields | TYPED[before] | changed.get(before, {}))
    return client


@pytest.mark.parametrize("step", STEPS)
def test_each_is_led_on_by_the_page_of_their_own(clinic, step):
    visitors = [at_step(step, where={"region": "knee"}), at_step(step, where={"region": "knee"})]
    pages = [Page(each.get(address(step))) for each in visitors]

    for client, page in zip(visitors, pages, strict=True):
        kept = client.session.get(SESSION_KEY)
        carried = unseal(page.fields["carried"][0], purpose=SEAL)
        assert kept is None or (carried["key"], carried["answers"]) == (kept["key"], kept["answers"])
        answer = client.post(address(step), page.fields | TYPED[step])
        assert answer.status_code == 302

    assert len({page.fields["csrfmiddlewaretoken"][0] for page in pages}) == 2
    assert len({unseal(page.fields["carried"][0], purpose=SEAL)["key"] for page in pages}) == 2


@pytest.mark.parametrize("step", STEPS)
def test_it_is_drawn_once(clinic, step):
    first, second = (at_step(step).get(address(step)) for _ in range(2))

    assert ("appointments/step.html" in [each.name for each in first.templates], second.templates) == (True, [])


@pytest.mark.parametrize(("region", "age"), [("knee", "adult"), ("back", "adult"), ("knee", "under_18")])
def test_each_is_asked_about_the_signs_of_their_own_region_and_age(clinic, region, age):
    at_step("safety").get(address("safety"))

    way = {"who": {"for_whom": "someone_else", "age": age}, "where": {"region": region}}
    page = Page(at_step("safety", **way).get(address("safety")))

    asked = [tag.attrs["value"] for tag in page.all("input", name="emergency_signs")]
    signs = SCREEN.emergencies(region, under_18=age == "under_18")
    assert asked == [*(sign.id for sign in signs), "not_sure", "none"]


def test_only_who_wants_training_advice_has_no_problem_to_begin_with(clinic):
    ways = [{"where": {"region": region}} for region in ("knee", "advice", "knee")]

    pages = [Page(at_step("problem", **way).get(address("problem"))) for way in ways]

    assert [page.fields.get("duration") for page in pages] == [None, ["no_problem"], None]


def test_it_asks_for_the_ways_to_meet_that_are_offered_now(clinic):
    at_step("times").get(address("times"))
    ClinicSettings.objects.update(offers_phone=False)
    forget()

    page = Page(at_step("times").get(address("times")))

    assert [tag.attrs["value"] for tag in page.all("input", name="modes")] == ["clinic"]


def test_it_is_the_same_page_packed_and_not(clinic):
    plain = at_step("where").get(address("where"))
    packed = at_step("where").get(address("where"), headers={"accept-encoding": "gzip"})

    assert packed["Content-Encoding"] == "gzip"
    packed.content = gzip.decompress(packed.content)
    assert [without_own(tag) for tag in Page(packed).tags] == [without_own(tag) for tag in Page(plain).tags]


def without_own(tag):
    is_own = tag.attrs.get("name") in {"carried", "csrfmiddlewaretoken"}
    return tag.name, "" if is_own else tag.attrs, tag.text
