"""On a device that others use, the form is emptied, or kept after all with everything that was on it."""

import pytest
from django.test import Client

from appointments.forms import STEPS
from appointments.models import ConsultationRequest

from .pages import CHECK, SENT, TYPED, Page, address, fill

pytestmark = pytest.mark.django_db

STEP_NAMES = list(STEPS)


@pytest.mark.parametrize("is_sent", [False, True])
def test_an_emptied_form_leaves_nothing_in_the_browser(clinic, client, is_sent):
    fill(client)
    if is_sent:
        client.post(CHECK)
    shown = client.get(SENT if is_sent else CHECK).content.decode()

    kept = Page(client.get("/consultation/empty/")).all("a", class_="button button--quiet")
    answer = client.post("/consultation/empty/")

    assert [tag.attrs["href"] for tag in kept] == [SENT if is_sent else CHECK]
    assert ('href="/consultation/empty/"' if is_sent else 'name="empty"') in shown
    assert (answer.url, answer["Clear-Site-Data"]) == ("/consultation/", '"cache"')
    assert list(client.session.keys()) == []
    assert client.get(SENT).url == "/consultation/"
    assert "Zoë" not in client.get(address("contact"), follow=True).content.decode()
    assert ConsultationRequest.objects.count() == is_sent


def keep_it(client, emptying):
    """Where somebody lands who was asked whether to empty the form, and would rather not."""
    return Page(client.get(emptying.url)).all("a", class_="button button--quiet")[0].attrs["href"]


@pytest.mark.parametrize("step", ["problem", "contact"])
def test_whoever_keeps_the_form_after_all_finds_what_was_on_the_page(clinic, client, step):
    fill(client, until=step)
    name = {"problem": "goal", "contact": "full_name"}[step]

    kept = keep_it(client, client.post(address(step), {name: "half a wo", "empty": ""}))
    page = Page(client.get(kept))

    assert (kept, page.texts("h1"), page.fields[name]) == (address(step), [str(STEPS[step].title)], ["half a wo"])


@pytest.mark.parametrize(
    "path", [*map(address, STEP_NAMES), f"{address('who')}?change", CHECK, "/consultation/advice/"]
)
@pytest.mark.parametrize("until", ["times", "check"])
def test_whoever_keeps_the_form_after_all_is_back_on_the_page_that_was_left(clinic, client, path, until):
    fill(client, until=until, urgent={"urgent_signs": ["U7"]})
    typed = {name: value for answers in TYPED.values() for name, value in answers.items()}

    kept = keep_it(client, client.post(path, typed | {"urgent_signs": ["U7"], "empty": ""}))

    assert kept == path


def test_an_address_that_names_no_page_of_ours_leads_to_the_last_one(clinic, client):
    fill(client)

    page = Page(client.get("/consultation/empty/?page=//example.com&change"))

    assert page.all("a", class_="button button--quiet")[0].attrs["href"] == CHECK


def test_a_change_that_is_left_for_emptying_is_kept_as_well(clinic, client):
    fill(client)

    kept = keep_it(client, client.post(f"{address('problem')}?change", {"goal": "half a wo", "empty": ""}))
    pages = [Page(client.get(path, follow=True)) for path in (kept, CHECK)]

    assert [(page.texts("h1"), page.fields["goal"]) for page in pages] == [
        ([str(STEPS["problem"].title)], ["half a wo"])
    ] * 2


def test_the_form_is_emptied_also_where_a_network_has_sent_too_much(clinic, client, settings):
    settings.CONSULTATION_SENDS_PER_HOUR = 0

    answer = client.post(address("who"), TYPED["who"] | {"empty": ""})

    assert (answer.status_code, answer.url) == (302, "/consultation/empty/?page=who")


@pytest.mark.parametrize("path", [CHECK, "/consultation/advice/"])
def test_a_page_without_questions_leads_to_emptying_and_brings_its_answers_along(clinic, client, path):
    fill(client, urgent={"urgent_signs": ["U7"]})
    carried = Page(client.get(path)).fields["carried"]

    answer = (later := Client()).post(path, {"carried": carried, "empty": ""})

    assert (keep_it(later, answer), later.get(CHECK).status_code) == (path, 200)


def test_the_form_is_emptied_by_a_press_and_not_by_a_link(clinic, client):
    fill(client)

    page = Page(client.get("/consultation/empty/"))

    assert page.texts("h1") == ["Empty this form?"]
    assert client.get(CHECK).status_code == 200
