import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from appointments import keeping
from appointments.forms import STEPS
from appointments.models import ConsultationRequest, PatientStatement
from clinic.models import ClinicSettings, OutgoingMail, forget
from tests.factories import SAID, make_tip

from .desk import address as desk_address
from .desk import facts
from .pages import CHECK, GONE, SENT, TYPED, Page, address, fill

pytestmark = pytest.mark.django_db

STEP_NAMES = list(STEPS)


def test_the_whole_way_stores_what_was_typed_and_nothing_before_send(clinic, client):
    for step, following in zip(STEP_NAMES, [*STEP_NAMES[1:], "check"], strict=True):
        assert Page(client.get(address(step))).texts("h1") == [str(STEPS[step].title)]
        answer = client.post(address(step), TYPED[step])
        assert (answer.status_code, answer.url) == (302, CHECK if following == "check" else address(following))
    assert ConsultationRequest.objects.count() == 0

    sent = client.post(CHECK)

    assert (sent.status_code, sent.url) == (302, SENT)
    consultation = ConsultationRequest.objects.get()
    assert (consultation.region, consultation.urgency, consultation.status) == ("knee", "routine", "new")
    said = PatientStatement.objects.values(*SAID).get()
    assert said | {"phone": str(said["phone"].as_e164)} == SAID


def test_whoever_has_no_problem_need_not_say_how_it_began(clinic, client, signed_in, therapist):
    fill(client, where={"region": "advice"}, problem={"duration": "no_problem", "onset": ""})

    shown = Page(client.get(CHECK)).texts("dt")
    client.post(CHECK)

    consultation = ConsultationRequest.objects.get()
    assert ("How it began" in shown, consultation.statement.onset) == (False, "")
    read = facts(Page(signed_in(therapist).get(desk_address(consultation))))
    assert read["How long, how it began"] == "I have no problem, I want advice"


def test_a_way_to_meet_that_is_offered_no_more_is_asked_anew_and_the_rest_stays(clinic, client):
    fill(client, times={"modes": ["phone", "clinic"]})
    ClinicSettings.objects.update(offers_phone=False)
    forget()

    led_back = client.post(CHECK)
    page = Page(client.get(led_back.url))

    assert led_back.url == address("times")
    assert page.summary == [("#id_modes_0", "Choose from the answers that are offered.")]
    assert (page.fields["windows"], page.fields["modes"]) == (["mon-am", "wed-eve"], ["clinic"])
    assert ConsultationRequest.objects.count() == 0


def test_the_check_page_shows_every_answer(clinic, client):
    fill(client)

    page = Page(client.get(CHECK))

    answers = dict(zip(page.texts("dt"), page.texts("dd"), strict=True))
    assert answers == {
        "Who it is for": "Me",
        "18 or over, or under": "18 or over",
        "Area of the body": "Knee",
        "Signs of an emergency": "None of these",
        "Signs that need a doctor soon": "None of these",
        "How long": "One to six weeks",
        "How it began": "Little by little",
        "Your goal": "carry my cello upstairs",
        "Your note": "It aches after rehearsals.",
        "Pain, 0 to 10": "4",
        "How to meet": "At the clinic",
        "Times that suit you": "Monday morning, Wednesday evening",
        "Something sooner": "Yes",
        "Your name": "Zoë Núñez",
        "Your phone number": "(407) 698-5559",
        "Your e-mail address": "zoe@patients.example",
        "Call or e-mail": "Call me",
        "Voicemail": "Yes",
        "Access needs or interpreter": "A ramp, please.",
    }


def test_the_check_page_says_which_signs_are_meant_where_no_title_does(clinic, client):
    fill(client)

    labels = Page(client.get(CHECK)).all("dt")

    assert [label.text for label in labels if "aside" in label.attrs.get("class", "")] == [
        "Area of the body",
        "Signs that need a doctor soon",
    ]


def test_every_answer_can_be_changed_from_the_check_page_and_leads_back_there(clinic, client):
    fill(client)
    buttons = [tag.attrs["value"] for tag in Page(client.get(CHECK)).all("button", name="change")]

    links = [client.post(CHECK, {"change": button}).url for button in buttons]
    answers = [client.post(link, TYPED[step]).url for link, step in zip(links, STEP_NAMES, strict=True)]

    assert links == [f"{address(step)}?change" for step in STEP_NAMES]
    assert answers == [CHECK] * len(STEP_NAMES)


def test_a_changed_answer_is_the_one_that_is_sent(clinic, client):
    fill(client)

    client.post(address("problem") + "?change", TYPED["problem"] | {"goal": "play a whole concert"})
    client.post(CHECK)

    assert ConsultationRequest.objects.get().statement.goal == "play a whole concert"


def test_a_goal_on_several_lines_is_kept_on_one(clinic, client):
    fill(client, problem={"goal": "run 5 km\r\n\r\nwith my dog"})

    goal = Page(client.get(address("problem"))).all("textarea", name="goal")
    client.post(CHECK)

    assert len(goal) == 1
    assert ConsultationRequest.objects.get().statement.goal == "run 5 km with my dog"


@pytest.mark.parametrize("step", STEP_NAMES)
def test_going_back_shows_what_was_answered(clinic, client, step):
    fill(client)

    fields = Page(client.get(address(step))).fields

    expected = {name: value if isinstance(value, list) else [value] for name, value in TYPED[step].items()}
    assert expected.items() <= fields.items()


@pytest.mark.parametrize("step", [*STEP_NAMES[1:], "check"])
@pytest.mark.parametrize("answered", STEP_NAMES)
def test_a_page_too_far_ahead_leads_to_the_first_one_without_an_answer(clinic, client, answered, step):
    pages = [*STEP_NAMES, "check"]
    fill(client, until=answered)

    answer = client.get(CHECK if step == "check" else address(step))

    if pages.index(step) > pages.index(answered):
        assert (answer.status_code, answer.url) == (302, GONE if answered == "who" else address(answered))
    else:
        assert Page(answer).texts("h1") == [str(STEPS[step].title)]


def test_send_without_every_answer_leads_to_the_first_one_missing(clinic, client):
    fill(client, until="times")

    answer = client.post(CHECK)

    assert (answer.status_code, answer.url) == (302, address("times"))
    assert ConsultationRequest.objects.count() == 0


def test_whoever_asks_for_somebody_else_is_asked_for_their_own_name(clinic, client):
    fill(client, until="contact", who={"for_whom": "someone_else", "age": "under_18"})

    page = Page(client.get(address("contact")))

    assert page.texts("label", for_="id_full_name") == ["Your own full name"]


def test_any_time_is_offered_before_each_time_of_the_week(clinic, client):
    fill(client, until="times")

    page = Page(client.get(address("times")))

    names = [tag.attrs["name"] for tag in page.all("input", type="checkbox")]
    assert list(dict.fromkeys(names)) == ["modes", "any_time", "windows", "sooner"]


@pytest.mark.parametrize("step", STEP_NAMES)
def test_each_page_says_why_it_asks_and_how_far_it_is(clinic, client, step):
    fill(client, until=step)

    page = Page(client.get(address(step)))

    reasons = [(str(reason.what), str(reason.why)) for reason in STEPS[step]().reasons]
    assert list(zip(page.texts("dt"), page.texts("dd"), strict=True)) == reasons
    assert page.texts("p", class_="kicker") == [f"Page {STEP_NAMES.index(step) + 1} of {len(STEP_NAMES) + 1}"]


def test_pages_with_answers_are_kept_by_no_browser_and_no_search_engine(clinic, client):
    fill(client)

    pages = [client.get(address("contact")), client.get(CHECK)]
    client.post(CHECK)
    pages.append(client.get(SENT))

    assert ["no-store" in page["Cache-Control"] for page in pages] == [True] * 3
    assert [Page(page).all("meta", name="robots")[0].attrs["content"] for page in pages] == ["noindex"] * 3


# Sending


def test_the_sent_page_tells_the_reference_the_time_and_the_own_page_and_can_be_refreshed(clinic, client):
    fill(client)
    client.post(CHECK)
    consultation = ConsultationRequest.objects.get()

    shown = [Page(client.get(SENT)) for _ in range(3)]

    reference, link = consultation.reference, reverse("status", args=[consultation.link_token])
    assert [page.texts("strong")[0] for page in shown] == [reference] * 3
    assert [link in [tag.attrs["href"] for tag in page.all("a")] for page in shown] == [True] * 3
    assert ConsultationRequest.objects.count() == 1


def test_the_sent_page_says_whether_its_address_is_mailed(clinic, client):
    told = []
    for goal in ("Carry my cello", "Lift my grandson"):
        fill(client, goal={"goal": goal})
        told.append(client.post(CHECK, follow=True).content.decode())

    assert ["We also mail it to you." in page for page in told] == [True, False]
    assert ["We send one such mail a day to an address" in page for page in told] == [False, True]
    assert OutgoingMail.objects.filter(event="received").count() == 1


def test_the_same_send_twice_gives_the_same_reference_and_one_set_of_mails(clinic, client, therapist):
    fill(client)
    form = Page(client.get(CHECK)).fields
    first = Page(client.post(CHECK, form, follow=True))

    again = Page(client.post(CHECK, form, follow=True))

    assert again.texts("p", class_="reference") == first.texts("p", class_="reference")
    assert ConsultationRequest.objects.count() == 1
    assert sorted(OutgoingMail.objects.values_list("event", flat=True)) == ["received", "staff_new"]


def test_send_again_from_another_browser_gives_the_same_reference(clinic, client):
    fill(client)
    form = Page(client.get(CHECK)).fields
    first = Page(client.post(CHECK, form, follow=True))

    again = Page(Client().post(CHECK, form, follow=True))

    assert again.texts("p", class_="reference") == first.texts("p", class_="reference")


def test_other_words_sent_after_going_back_are_not_lost(clinic, client):
    fill(client)
    contact, problem = [Page(client.get(address(step))).fields for step in ("contact", "problem")]
    client.post(CHECK, Page(client.get(CHECK)).fields)

    client.post(address("problem"), contact | problem | {"note": "It is numb now as well."})
    form = Page(client.get(CHECK)).fields
    answer = client.post(CHECK, form, follow=True)

    kept = PatientStatement.objects.filter(note="It is numb now as well.").exists()
    assert kept or "It is numb now as well." in answer.content.decode()


def test_after_send_the_session_holds_no_answer(clinic, client):
    fill(client)

    client.post(CHECK)

    assert set(client.session.keys()) == {"consultation_sent"}


@pytest.mark.parametrize("was_erased", [False, True])
def test_the_sent_page_without_a_request_leads_to_the_start(clinic, client, owner, was_erased):
    if was_erased:
        fill(client)
        client.post(CHECK)
        keeping.erase(ConsultationRequest.objects.all(), at=timezone.now(), by=owner, reason="test")

    answer = client.get(SENT)

    assert (answer.status_code, answer.url) == (302, "/consultation/")


def test_the_start_page_promises_the_time_that_the_request_then_keeps(clinic, client):
    promised = Page(client.get("/consultation/")).texts("strong")
    fill(client)

    client.post(CHECK)

    assert f"An answer by {told(client)}" in promised


def told(client):
    return Page(client.get(SENT)).texts("strong")[1]


# The tip a visitor came from


def test_the_tip_travels_from_its_link_into_the_request(clinic, client):
    tip = make_tip(published_at=timezone.now())

    begin = Page(client.get(f"/consultation/?tip={tip.slug}")).all("a", class_="button")[0].attrs["href"]
    form = Page(client.get(begin)).fields
    client.post(address("who"), form | TYPED["who"])
    client.post(CHECK, Page(fill(client).get(CHECK)).fields)

    assert ConsultationRequest.objects.get().tip == tip


def test_the_tip_travels_on_when_the_cookies_are_cleared_on_every_page(clinic):
    tip = make_tip(published_at=timezone.now())
    page = Page(Client().get(f"{address('who')}?tip={tip.slug}"))

    for step in STEP_NAMES:
        client = Client()
        following = client.post(address(step), page.fields | TYPED[step]).url
        page = Page(client.get(following))
    Client().post(CHECK, page.fields)

    assert ConsultationRequest.objects.get().tip == tip


def test_a_visitor_who_comes_back_through_a_tip_is_counted_for_it(clinic, client):
    tip = make_tip(published_at=timezone.now())
    fill(client, until="where")

    page = Page(client.get(f"{address('who')}?tip={tip.slug}"))
    client.post(address("who"), page.fields)
    client.post(CHECK, Page(fill(client).get(CHECK)).fields)

    assert ConsultationRequest.objects.get().tip == tip


@pytest.mark.parametrize("slug", ["no-such-tip", "%00", "x" * 2000, "'%20OR%201=1--", "%ED%A0%80"])
def test_a_tip_that_does_not_exist_is_no_reason_to_fail(clinic, client, slug):
    form = Page(client.get(f"{address('who')}?tip={slug}")).fields
    client.post(address("who"), form | TYPED["who"])

    client.post(CHECK, Page(fill(client).get(CHECK)).fields)

    assert ConsultationRequest.objects.get().tip is None
