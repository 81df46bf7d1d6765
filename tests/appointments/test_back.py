"""Back and Change are buttons: they lose nothing that was typed, also where the session has gone."""

import pytest
from django.test import Client

from appointments.forms import STEPS
from appointments.models import ConsultationRequest, StoppedVisit
from clinic import counting
from clinic.models import DayCount

from .pages import CHECK, SENT, TYPED, Page, address, fill, press

pytestmark = pytest.mark.django_db

STEP_NAMES = list(TYPED)
BACK = {"back": ""}


@pytest.mark.parametrize("change", ["", "?change"])
@pytest.mark.parametrize("step", STEP_NAMES)
def test_back_leads_to_the_page_one_came_from(clinic, client, step, change):
    fill(client)

    answer = client.post(address(step) + change, BACK | TYPED[step])

    before = ["/consultation/", *map(address, STEP_NAMES)]
    assert (answer.status_code, answer.url) == (302, CHECK if change else before[STEP_NAMES.index(step)])


def test_back_from_a_page_half_filled_keeps_what_was_typed_and_blames_nobody(clinic, client):
    fill(client, until="problem")

    client.post(address("problem"), BACK | {"goal": "run with my dog", "note": "It clicks."})
    page = Page(client.get(address("problem")))

    assert (page.fields["goal"], page.fields["note"]) == (["run with my dog"], ["It clicks."])
    assert (page.all("div", class_="error-summary"), page.all("input", **{"aria-invalid": "true"})) == ([], [])
    assert "Error:" not in page.texts("title")[0]


def test_a_page_that_was_left_half_filled_must_be_whole_before_anything_is_sent(clinic, client):
    fill(client)
    client.post(address("problem"), BACK | {"goal": "run with my dog"})

    answer = client.post(CHECK)
    again = press(client, address("problem"), {"goal": "run with my dog"})
    shown = Page(client.get(address("problem")))

    assert answer.url == address("problem")
    assert "Error:" in again.title
    assert shown.fields["goal"] == ["run with my dog"]


@pytest.mark.parametrize(("step", "typed"), [("problem", {"goal": ""}), ("where", {"region": "neck"})])
def test_back_from_a_change_leaves_the_answer_as_it_was(clinic, client, step, typed):
    fill(client)
    before = client.session["consultation"]["answers"]

    answer = client.post(address(step) + "?change", BACK | typed)

    assert (answer.url, client.get(CHECK).status_code) == (CHECK, 200)
    assert client.session["consultation"]["answers"] == before


def test_back_before_anything_was_typed_leaves_the_earlier_answer(clinic, client):
    fill(client)

    client.post(address("where"), BACK)

    assert Page(client.get(address("where"))).fields["region"] == ["knee"]


@pytest.mark.parametrize("step", [*STEP_NAMES[1:], "check"])
def test_back_brings_every_answer_along_when_the_session_has_gone(clinic, client, step):
    fill(client, until=step)
    pages = [*STEP_NAMES, "check"]
    here, earlier = CHECK if step == "check" else address(step), pages[pages.index(step) - 1]
    later, carried = Client(), Page(client.get(here)).fields["carried"]

    answer = later.post(here, BACK | {"carried": carried})

    expected = {name: value if isinstance(value, list) else [value] for name, value in TYPED[earlier].items()}
    assert answer.url == address(earlier)
    assert expected.items() <= Page(later.get(answer.url)).fields.items()


@pytest.mark.parametrize("step", STEP_NAMES)
def test_change_brings_every_answer_along_when_the_session_has_gone(clinic, client, step):
    fill(client)
    later, carried = Client(), Page(client.get(CHECK)).fields["carried"]

    answer = later.post(CHECK, {"carried": carried, "change": step})
    back = later.post(answer.url, TYPED[step])

    assert (answer.url, back.url) == (f"{address(step)}?change", CHECK)
    assert later.get(CHECK).status_code == 200


def test_back_from_the_advice_brings_every_answer_along(clinic, client):
    fill(client, until="urgent")
    client.post(address("urgent"), {"urgent_signs": ["U1"]})
    later, carried = Client(), Page(client.get("/consultation/advice/")).fields["carried"]

    answer = later.post("/consultation/advice/", BACK | {"carried": carried})

    assert answer.url == address("urgent")
    assert Page(later.get(answer.url)).fields["urgent_signs"] == ["U1"]


def test_nobody_goes_back_past_a_sign_of_an_emergency(clinic, client):
    fill(client, until="safety")

    page = Page(client.post(address("safety"), BACK | {"emergency_signs": ["E4"]}))

    assert "911" in page.texts("h1")[0]
    assert StoppedVisit.objects.count() == 1


def test_what_nobody_has_read_yet_is_kept_up_to_an_end(clinic, client):
    fill(client, until="problem")

    client.post(address("problem"), BACK | {"goal": "x" * 50_000, "note": ["y"] * 500})

    kept = client.session["consultation"]["answers"]["problem"]
    assert (len(kept["goal"][0]), len(kept["note"])) == (5_000, 1)


@pytest.mark.parametrize("typed", [{"change": "nowhere"}, {"change": "nowhere", "back": "x"}, {"change": ["who", "x"]}])
def test_a_button_that_is_none_of_ours_leads_nowhere_of_its_own(clinic, client, typed):
    fill(client)

    answer = client.post(CHECK, typed)

    assert answer.status_code == 302
    assert answer.url in {address("contact"), "/consultation/sent/"}


def test_whoever_goes_back_from_the_first_page_begins_once(clinic, client):
    counting.flush()
    before = begun()
    client.post(address("who"), BACK | TYPED["who"])
    counting.flush()
    then = begun()

    client.post(address("who"), TYPED["who"])
    client.post(address("where"), TYPED["where"])
    counting.flush()

    assert (then - before, begun() - before) == (0, 1)


# After a mistake


@pytest.mark.parametrize("change", ["", "?change"])
@pytest.mark.parametrize("step", STEP_NAMES)
def test_a_mistake_is_told_by_a_page_that_can_be_asked_for_again(clinic, client, step, change):
    fill(client)
    path = address(step) + change

    answer = client.post(path, {})
    shown = [Page(client.get(path)) for _ in range(2)]
    mended = client.post(path, TYPED[step])

    assert (answer.status_code, answer.url) == (302, path)
    assert [page.title[:7] for page in shown] == ["Error: "] * 2
    assert (mended.status_code, mended.url != path) == (302, True)
    assert Page(client.get(path)).summary == []


def test_what_was_good_stands_until_the_mistake_is_mended(clinic, client):
    fill(client)
    before = Page(client.get(CHECK)).texts("dd")

    wrong = press(client, address("contact") + "?change", TYPED["contact"] | {"email": "zoe@", "full_name": "Ada"})

    assert (wrong.fields["email"], wrong.fields["full_name"]) == (["zoe@"], ["Ada"])
    assert Page(client.get(CHECK)).texts("dd") == before


def test_a_mistake_is_no_answer(clinic, client):
    fill(client, until="contact")

    press(client, address("contact"), {"full_name": "Ada"})

    assert [client.get(CHECK).url, client.post(CHECK).url] == [address("contact")] * 2
    assert ConsultationRequest.objects.count() == 0


@pytest.mark.parametrize(("change", "goal"), [("", ["half a wo"]), ("?change", [TYPED["problem"]["goal"]])])
def test_back_from_a_mistake_blames_nobody_later(clinic, client, change, goal):
    fill(client)
    typed = {"goal": "half a wo"}

    wrong = press(client, address("problem") + change, typed)
    client.post(address("problem") + change, BACK | typed)
    page = Page(client.get(address("problem")))

    assert (wrong.title[:7], wrong.fields["goal"]) == ("Error: ", ["half a wo"])
    assert (page.summary, page.fields["goal"]) == ([], goal)


def test_a_mistake_about_signs_is_forgotten_with_the_signs(clinic, client):
    fill(client)
    wrong = [press(client, address(step), {}) for step in ("safety", "urgent")]

    fill(client, until="safety", where={"region": "back"})
    shown = [Page(client.get(address("safety")))]
    client.post(address("safety"), TYPED["safety"])
    shown.append(Page(client.get(address("urgent"))))

    assert [[bool(page.summary) for page in pages] for pages in (wrong, shown)] == [[True] * 2, [False] * 2]


def test_a_mistake_too_long_to_be_kept_is_shown_whole_at_once(clinic, client):
    fill(client, until="problem")

    answer = client.post(address("problem"), TYPED["problem"] | {"note": "x" * 9_000})

    assert (answer.status_code, Page(answer).fields["note"]) == (200, ["x" * 9_000])


# After Send


@pytest.mark.parametrize("path", [CHECK, "/consultation/advice/", *map(address, STEP_NAMES[1:])])
def test_back_after_send_shows_that_it_is_sent_and_no_empty_page(clinic, client, path):
    fill(client, urgent={"urgent_signs": ["U1"]})
    client.post(CHECK)

    answer = client.get(path)

    assert (answer.status_code, answer.url) == (302, SENT)


def test_after_send_another_request_is_begun_as_the_first_one_was(clinic, client):
    fill(client)
    client.post(CHECK)

    first = Page(client.get(address("who")))
    too_far = [fill(client, until="where").get(address("problem")).url, client.get(CHECK).url]
    fill(client, contact={"full_name": "Ada Byron"})
    client.post(CHECK)

    assert (first.texts("h1"), "for_whom" in first.fields) == ([str(STEPS["who"].title)], False)
    assert too_far == [address("where")] * 2
    assert ConsultationRequest.objects.count() == 2


def begun():
    return sum(DayCount.objects.filter(kind="begun").values_list("count", flat=True))
