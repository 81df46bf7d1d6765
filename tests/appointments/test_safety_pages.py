import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils.translation import gettext_lazy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appointments.forms import SCREEN, STEPS
from appointments.models import ConsultationRequest, StoppedVisit
from clinic.models import ClinicSettings
from clinic.templatetags.clinic_phone import tappable
from tests.appointments.pages import CHECK, SENT, TYPED, Page, address, fill
from tests.factories import make_clinic

pytestmark = pytest.mark.django_db

CALL_988 = '<a class="tel" href="tel:988">988</a>'
STOPPED, ADVICE = reverse("consultation:stopped"), reverse("consultation:advice")


CALL = "Call 911 now, or go to the nearest emergency room."
FIELDS = {"safety": "emergency_signs", "urgent": "urgent_signs"}


def tick(client, *signs, step="safety"):
    return client.post(address(step), {FIELDS[step]: list(signs)})


def at_the_screen(client):
    for step in ("who", "where"):
        client.post(address(step), TYPED[step])


def finish(client):
    for step in ("problem", "times", "contact"):
        client.post(address(step), TYPED[step])
    client.post(CHECK)
    return ConsultationRequest.objects.get()


def test_an_emergency_sign_leads_to_the_stop_page_and_nothing_is_kept(clinic, client):
    at_the_screen(client)

    answer = tick(client, "E2")

    page = Page(answer)
    assert page.texts("h1") == [CALL]
    assert "no-store" in answer["Cache-Control"]
    assert [session.get_decoded() for session in Session.objects.all()] == [{}]
    assert [(stopped.count, ConsultationRequest.objects.count()) for stopped in StoppedVisit.objects.all()] == [(1, 0)]


def test_each_point_of_a_sign_is_a_line_of_its_own_and_all_its_words_are_there(clinic, client):
    at_the_screen(client)
    client.post(address("where"), {"region": "back"})
    sign = next(item for item in SCREEN.items if item.id == "E1").text

    page = Page(client.get(address("safety")))

    points = [line for line in sign.splitlines() if line.startswith("•")]
    assert page.texts("span", class_="point") == points != []
    assert " ".join(sign.split()) in page.texts("label")


def test_every_number_to_call_can_be_tapped_where_help_is_told(clinic, client):
    fill(client, until="urgent")
    tick(client, "U7", step="urgent")
    advice, card = Page(client.get(ADVICE)), Page(client.get(reverse("consultation:start")))
    stop = Page(tick(client, "E2"))

    links = [[tag.attrs.get("href") for tag in page.within("a", "column")] for page in (advice, card, stop)]

    short = [[href for href in hrefs if len(href) == len("tel:911")] for hrefs in links]
    assert short == [["tel:911"], ["tel:911", "tel:988"], ["tel:911", "tel:988"]]


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("Call or text 988, day or night.", f"Call or text {CALL_988}, day or night."),
        ("<b>988</b>", f"&lt;b&gt;{CALL_988}&lt;/b&gt;"),
        (gettext_lazy("988"), CALL_988),
        # Of a longer number no part can be called by itself.
        ("Call 116 123 or (407) 698-5559, 24/7.", "Call 116 123 or (407) 698-5559, 24/7."),
        ("Call +61 131114, not E988 or 1234567.", "Call +61 131114, not E988 or 1234567."),
        ("Call 988 (24/7).", f"Call {CALL_988} (24/7)."),
        ("988. 911.", f"{CALL_988}. {CALL_988.replace('988', '911')}."),
        ("", ""),
    ],
)
def test_a_short_number_in_the_clinics_words_can_be_tapped_and_all_else_is_text(words, shown):
    assert tappable(words) == shown


def test_two_stops_on_a_day_are_counted_together(clinic, client):
    at_the_screen(client)

    tick(client, "E2")
    at_the_screen(client)
    tick(client, "E3", "none")

    assert list(StoppedVisit.objects.values_list("count", flat=True)) == [2]


def test_whoever_skips_the_questions_is_told_to_call_and_moves_no_figure(clinic, client):
    page = Page(tick(client, "E2"))

    assert (page.texts("h1"), StoppedVisit.objects.count()) == ([CALL], 0)


def test_one_network_moves_the_figure_no_further_than_it_may_send(clinic, client, settings):
    settings.CONSULTATION_SENDS_PER_HOUR = 2

    for _ in range(3):
        at_the_screen(client)
        page = Page(tick(client, "E2"))

    assert (page.texts("h1"), StoppedVisit.objects.get().count) == ([CALL], 2)


@pytest.mark.parametrize(("step", "signs"), [("safety", ["not_sure"]), ("urgent", ["U1"])])
@pytest.mark.parametrize("by", ["back", "empty"])
def test_signs_on_a_page_that_was_left_are_met_with_what_they_lead_to(clinic, client, step, signs, by):
    fill(client)

    client.post(address(step), {FIELDS[step]: signs, by: ""})
    sent = client.post(CHECK)
    on = tick(client, *signs, step=step)
    if step == "safety":
        on = client.post(on.url, TYPED["urgent"])

    assert (sent.url, on.url) == (address(step), ADVICE)


def test_what_was_answered_to_an_earlier_list_of_signs_is_asked_anew(clinic, client):
    fill(client)
    session = client.session
    session["consultation"] |= {"version": "2025-1", "seen": ["E5"]}
    session.save()

    page = client.get(CHECK)

    assert page.url == address("safety")
    assert Page(client.get(address("problem"), follow=True)).fields.get("emergency_signs") is None
    for asked in ("safety", "urgent"):
        client.post(address(asked), TYPED[asked])
    assert client.get(CHECK).status_code == 200


def test_what_was_chosen_by_mistake_is_asked_again_with_the_answers_before_it_kept(clinic, client):
    at_the_screen(client)
    stopped = Page(tick(client, "E2"))

    answer = client.post(STOPPED, stopped.fields | {"mistake": ""})

    assert answer.url == address("safety")
    assert Page(client.get(address("safety"))).fields.get("emergency_signs") is None
    assert Page(client.get(address("where"))).fields["region"] == ["knee"]


def test_what_was_seen_to_closes_that_sign_and_makes_the_request_urgent(clinic, client):
    at_the_screen(client)
    stopped = Page(tick(client, "E5"))

    client.post(STOPPED, stopped.fields | {"seen": ""})
    answer = tick(client, "none", step="urgent")

    assert answer.url == ADVICE
    consultation = finish(client)
    assert consultation.urgency == "urgent"
    assert consultation.statement.safety == {"emergency": ["E5"], "urgent": ["none"], "seen": ["E5"]}
    assert consultation.statement.safety_version == SCREEN.version


def test_the_advice_says_where_to_go_in_the_words_of_the_clinic(clinic, client):
    ClinicSettings.objects.update(urgent_care_words="Ring 111, day or night.")
    fill(client, until="urgent")
    tick(client, "U7", step="urgent")

    assert "Ring 111, day or night." in Page(client.get(ADVICE)).texts("p", class_="lead")[0]


def test_none_ticked_is_no_clearance_on_the_last_page_either(clinic, client):
    fill(client)

    assert "These two lists cannot rule out a serious problem." in client.get(CHECK).content.decode()


@pytest.mark.parametrize("sign", ["U1", "not_sure"])
def test_an_urgent_sign_or_doubt_leads_to_advice_and_an_urgent_request(clinic, client, sign):
    at_the_screen(client)
    tick(client, "none")

    answer = tick(client, sign, step="urgent")

    assert answer.url == ADVICE
    assert Page(client.get(ADVICE)).texts("h1") == ["Get medical advice today"]
    assert finish(client).urgency == "urgent"


def test_a_sign_that_can_wait_some_days_is_told_so(clinic, client):
    at_the_screen(client)
    tick(client, "none")

    tick(client, "U7", step="urgent")

    assert Page(client.get(ADVICE)).texts("h1") == ["See a doctor within a few days"]


def test_doubt_beside_a_sign_that_can_wait_does_not_wait(clinic, client):
    at_the_screen(client)
    tick(client, "not_sure")

    tick(client, "U7", step="urgent")

    assert Page(client.get(ADVICE)).texts("h1") == ["Get medical advice today"]


def test_none_goes_on_and_is_no_clearance(clinic, client):
    at_the_screen(client)
    tick(client, "none")

    answer = tick(client, "none", step="urgent")

    assert answer.url == address("problem")
    assert "cannot rule out a serious problem" in client.get(answer.url).content.decode()
    assert finish(client).urgency == "routine"


@pytest.mark.parametrize(
    ("step", "answers"),
    [
        ("who", {"for_whom": "someone_else", "age": "under_18"}),
        ("who", {"for_whom": "someone_else", "age": "adult"}),
        ("where", {"region": "neck"}),
    ],
)
def test_another_person_or_region_is_screened_again_and_comes_back_to_the_check_page(clinic, client, step, answers):
    fill(client)

    client.post(address(step) + "?change", answers)

    assert client.get(CHECK).url == address("safety")
    tick(client, "none")
    assert tick(client, "none", step="urgent").url == CHECK


@pytest.mark.parametrize(("sign", "leads_to"), [("not_sure", ADVICE), ("none", CHECK)])
def test_doubt_that_comes_on_second_thoughts_leads_to_advice_as_well(clinic, client, sign, leads_to):
    fill(client)

    answer = client.post(address("safety") + "?change", {"emergency_signs": [sign]})

    assert answer.url == leads_to


def test_an_emergency_on_a_page_older_than_the_region_stops_as_well(clinic, client):
    client.post(address("who"), TYPED["who"])
    client.post(address("where"), {"region": "neck"})

    stopped = Page(tick(client, "E1"))
    answer = client.post(STOPPED, stopped.fields | {"seen": ""}, follow=True)

    assert stopped.texts("h1") == ["Call 911 now, or go to the nearest emergency room."]
    # What the neck asks about is asked again.
    assert answer.redirect_chain[-1][0] == address("safety")
    tick(client, "none")
    tick(client, "none", step="urgent")
    consultation = finish(client)
    assert (consultation.urgency, consultation.statement.safety["seen"]) == ("urgent", ["E1"])


def test_an_urgent_sign_of_another_region_is_no_answer(clinic, client):
    client.post(address("who"), TYPED["who"])
    client.post(address("where"), {"region": "neck"})
    tick(client, "none")

    answer = tick(client, "U4", step="urgent")

    assert Page(client.get(answer.url)).title.startswith("Error: ")


@pytest.mark.parametrize(
    ("region", "sign", "words"),
    [
        ("hip", "U10", ["Do not run until a doctor has looked at it."]),
        ("advice", "U11", ["Do not exercise until a doctor has looked at it."]),
        ("knee", "U7", []),
    ],
)
def test_the_advice_says_what_to_leave_off_and_no_exercises_are_pointed_to(clinic, client, region, sign, words):
    client.post(address("who"), TYPED["who"])
    client.post(address("where"), {"region": region})
    tick(client, "none")
    tick(client, sign, step="urgent")

    advice = Page(client.get(ADVICE))
    finish(client)

    assert [told for told in advice.texts("strong") if told.startswith("Do not")] == words
    assert "Read our tips" not in client.get(SENT).content.decode()


def test_a_stop_page_that_was_tampered_with_leads_back_to_the_screen(clinic, client):
    at_the_screen(client)

    answer = client.post(STOPPED, {"stopped": "made up", "seen": ""})

    assert answer.url == address("safety")


SIGNS = st.lists(st.sampled_from([item.id for item in SCREEN.items] + ["none", "not_sure", "E99"]), max_size=3)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("get"), st.sampled_from([*STEPS, "check", "advice", "sent"])),
        st.tuples(st.just("post"), st.sampled_from(["who", "where", "problem", "times", "contact", "check"])),
        st.tuples(st.sampled_from(["safety", "urgent"]), SIGNS),
        st.tuples(st.just("region"), st.sampled_from(["neck", "knee", "advice"])),
        st.tuples(st.just("stopped"), st.sampled_from(["mistake", "seen", "neither"])),
    ),
    max_size=25,
)


def walk(client, acts):
    """Do what a visitor might do, in any order; every answer is below 500."""
    stopped = {}
    for act, what in acts:
        if act == "get":
            answer = client.get(f"/consultation/{what}/")
        elif act == "post":
            answer = client.post(f"/consultation/{what}/", TYPED.get(what, {}))
        elif act == "region":
            answer = client.post(address("where"), {"region": what})
        elif act == "stopped":
            answer = client.post(STOPPED, stopped | {what: ""})
        else:
            answer = tick(client, *what, step=act)
            stopped = Page(answer).fields if b'name="stopped"' in answer.content else stopped
        assert answer.status_code < 500


@settings(max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTS)
def test_no_way_through_the_pages_leads_past_the_screen(db, client, acts):
    make_clinic()
    client.cookies.clear()

    walk(client, [*acts, ("post", "check")])

    emergencies = {item.id for item in SCREEN.items if item.level.value == "emergency"}
    for consultation in ConsultationRequest.objects.select_related("statement"):
        screen = consultation.statement.safety
        assert screen["emergency"]
        assert screen["urgent"]
        assert emergencies & set(screen["emergency"]) <= set(screen["seen"])


def test_the_second_page_of_the_screen_does_not_stand_without_the_first(clinic, client):
    at_the_screen(client)

    answer = tick(client, "none", step="urgent")

    assert answer.url == address("safety")
