from datetime import time

import pytest
from django.test import Client
from django.urls import reverse

from appointments.forms import STEPS, AnswerForm, ContactForm, CorrectContactForm, LostLinkForm
from appointments.models import PatientStatement
from appointments.models.statement import DAY_PARTS, Age, Duration, ForWhom, Mode, Onset, Prefer
from appointments.reasons import REASONS
from clinic.models import ClinicSettings, OpeningHours, forget
from clinic.regions import Region
from tests.factories import make_clinic

from .pages import TYPED, Page, address, fill, press

pytestmark = pytest.mark.django_db

ASKED = [name for form in STEPS.values() for name in form.base_fields]
PHONES = ["(407) 698-5559", "407-698-5559", "407.698.5559", "4076985559", "1 407 698 5559", "+1 (407) 698-5559"]
# Step, what is typed over a good answer, the field that says so, and its words.
BAD = [
    ("who", {"for_whom": ""}, "for_whom", "Choose who the request is for."),
    ("who", {"age": ""}, "age", "Choose whether that person is 18 or over."),
    (
        "who",
        {"age": "under_18"},
        "age",
        "If you are under 18, a parent or guardian has to send this for you. Ask them to, or call us together.",
    ),
    ("where", {"region": ""}, "region", "Choose an area."),
    ("where", {"region": "tail"}, "region", "Choose from the answers that are offered."),
    ("problem", {"duration": ""}, "duration", "Choose how long you have had it."),
    ("problem", {"onset": ""}, "onset", "Choose how it began."),
    ("problem", {"goal": "  "}, "goal", "Write one activity that you want to get back to, or start."),
    ("problem", {"goal": "x" * 201}, "goal", "Please shorten this to 200 characters. It has 201 now."),
    ("problem", {"note": "x" * 501}, "note", "Please shorten this to 500 characters. It has 501 now."),
    ("problem", {"pain_score": "11"}, "pain_score", "Choose from the answers that are offered."),
    ("times", {"modes": []}, "modes", "Choose at least one way to meet."),
    ("times", {"modes": ["video"]}, "modes", "Choose from the answers that are offered."),
    ("times", {"windows": []}, "windows", "Choose at least one time, or “Any time suits me”."),
    ("times", {"windows": ["sun-am"]}, "windows", "Choose from the answers that are offered."),
    ("contact", {"full_name": ""}, "full_name", "Write your name."),
    (
        "contact",
        {"phone": "(407) 698-5559 x12"},
        "phone",
        "Write a number that reaches you directly, without an extension.",
    ),
    ("contact", {"phone": "12"}, "phone", "Write a phone number with its area code, such as (407) 555-0123."),
    ("contact", {"email": "zoe@"}, "email", "Write an e-mail address in full, such as name@example.com."),
    (
        "contact",
        {"phone": "", "email": ""},
        "phone",
        "Give a phone number or an e-mail address, so that we can answer.",
    ),
    ("contact", {"prefer": ""}, "prefer", "Choose whether we should call or e-mail you."),
    (
        "contact",
        {"access_needs": "x" * 201},
        "access_needs",
        "Please shorten this to 200 characters. It has 201 now.",
    ),
]
BAD_IDS = [f"{step}-{field}-{number}" for number, (step, _, field, _) in enumerate(BAD)]


def as_lists(typed):
    return {name: value if isinstance(value, list) else [value] for name, value in typed.items()}


@pytest.mark.parametrize(("step", "typed", "field", "error"), BAD, ids=BAD_IDS)
def test_a_bad_answer_is_told_beside_its_field_and_in_the_summary(clinic, client, step, typed, field, error):
    fill(client, until=step)

    page = press(client, address(step), TYPED[step] | typed)

    assert page.title.startswith("Error: ")
    assert page.errors == {f"id_{field}_error": error}
    assert [text for href, text in page.summary] == [error]
    assert {href.removeprefix("#") for href, text in page.summary} <= set(page.ids)


@pytest.mark.parametrize(("step", "typed", "field", "error"), BAD, ids=BAD_IDS)
def test_a_bad_answer_keeps_everything_that_was_typed(clinic, client, step, typed, field, error):
    fill(client, until=step)
    sent = as_lists(TYPED[step] | typed)

    fields = press(client, address(step), sent).fields

    # A choice that the page does not offer cannot be shown as chosen.
    not_offered = {field} if "that are offered" in error else set()
    kept = {name: value for name, value in sent.items() if any(map(str.strip, value)) and name not in not_offered}
    assert {name: fields.get(name) for name in kept} == kept


@pytest.mark.parametrize("form", [*STEPS.values(), AnswerForm, CorrectContactForm, LostLinkForm])
def test_no_browser_cuts_off_what_is_pasted(clinic, form):
    page = form().as_p()

    assert "<input" in page or "<textarea" in page
    assert "maxlength" not in page


def test_two_bad_answers_are_both_in_the_summary_in_the_order_of_the_page(clinic, client):
    fill(client, until="problem")

    page = press(client, address("problem"), TYPED["problem"] | {"goal": "", "duration": ""})

    assert [text for href, text in page.summary] == [
        "Choose how long you have had it.",
        "Write one activity that you want to get back to, or start.",
    ]


@pytest.mark.parametrize("step", list(STEPS))
def test_an_empty_page_says_what_is_missing_and_each_link_leads_to_a_field(clinic, client, step):
    fill(client, until=step)

    page = press(client, address(step), {})

    inputs = {tag.attrs["id"] for name in ("input", "textarea") for tag in page.all(name) if "id" in tag.attrs}
    assert page.summary
    assert {href.removeprefix("#") for href, text in page.summary} <= inputs


@pytest.mark.parametrize("step", list(STEPS))
def test_no_id_stands_twice_in_a_page(clinic, client, step):
    fill(client, until=step)

    ids = press(client, address(step), {}).ids

    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("typed", PHONES)
def test_a_phone_number_is_taken_as_people_write_it(clinic, typed):
    form = ContactForm(TYPED["contact"] | {"phone": typed})

    assert form.errors == {}
    assert form.cleaned_data["phone"].as_e164 == "+14076985559"


@pytest.mark.parametrize("form", [ContactForm, CorrectContactForm, LostLinkForm])
@pytest.mark.parametrize(
    "typed",
    [
        '"\x0bq:"@example.org',
        '"a\x1cb"@example.com',
        '"zoe moss"@example.com',
        "zoe@localhost",
        "=?us-ascii?b??=@b\u00fccher.example",
        "zoe@\uff20evil.example",
        "zoe@b\u2028b.example",
        "zoe@[127.0.0.1]",
    ],
)
def test_an_address_that_cannot_be_written_into_a_mail_as_it_is_is_refused(form, typed):
    refused = form(TYPED["contact"] | {"email": typed})

    assert refused.errors.get("email") == ["Write an e-mail address in full, such as name@example.com."]


@pytest.mark.parametrize("typed", ["o'hara+clinic@example.com", "z_m.1=x@mail.example.org", "zoe@b\u00fccher.example"])
def test_any_other_address_is_taken_as_it_is(typed):
    form = LostLinkForm({"email": typed})

    assert (form.errors, form.cleaned_data["email"]) == ({}, typed)


@pytest.mark.parametrize(
    ("typed", "prefer"),
    [
        ({"email": "", "prefer": ""}, "phone"),
        ({"phone": "", "prefer": ""}, "email"),
        ({"email": "", "prefer": "email"}, "phone"),
        ({"phone": "", "prefer": "phone"}, "email"),
        ({"prefer": "email"}, "email"),
    ],
)
def test_the_one_way_to_answer_that_was_given_is_the_preferred_one(clinic, typed, prefer):
    form = ContactForm(TYPED["contact"] | typed)

    assert form.errors == {}
    assert form.cleaned_data["prefer"] == prefer


@pytest.mark.parametrize(
    ("for_whom", "age", "errors"),
    [("me", "adult", []), ("someone_else", "adult", []), ("someone_else", "under_18", []), ("me", "under_18", ["age"])],
)
def test_only_a_minor_who_asks_alone_is_turned_to_a_parent(for_whom, age, errors):
    form = STEPS["who"]({"for_whom": for_whom, "age": age})

    assert list(form.errors) == errors


def test_any_time_is_enough_without_naming_one(clinic):
    form = STEPS["times"]({"modes": ["phone"], "any_time": "on"})

    assert form.errors == {}
    assert (form.cleaned_data["any_time"], form.cleaned_data["windows"]) == (True, [])


def test_only_the_ways_to_meet_that_the_clinic_offers_are_asked():
    make_clinic(offers_clinic=False, offers_video=True)

    choices = [value for value, label in STEPS["times"]().fields["modes"].choices]

    assert choices == ["phone", "video"]
    assert not ClinicSettings.current().offers_clinic


@pytest.mark.parametrize(("typed", "kept"), [("0", 0), ("10", 10), ("", None)])
def test_pain_is_a_number_from_0_to_10_or_left_open(typed, kept):
    form = STEPS["problem"](TYPED["problem"] | {"pain_score": typed})

    assert form.errors == {}
    assert form.cleaned_data["pain_score"] == kept


def test_a_page_offers_every_choice_that_the_record_knows():
    offered = {
        name: [value for value, label in form.base_fields[name].choices]
        for form in STEPS.values()
        for name in form.base_fields
        if name in {"for_whom", "age", "region", "duration", "onset", "prefer"}
    }

    assert offered == {
        "for_whom": ForWhom.values,
        "age": Age.values,
        "region": Region.values,
        "duration": Duration.values,
        "onset": Onset.values,
        "prefer": Prefer.values,
    }
    assert Mode.values == ["clinic", "phone", "video"]


@pytest.mark.parametrize(
    ("weekdays", "offered"),
    [
        ([], ["mon", "tue", "wed", "thu", "fri"]),
        ([0, 1, 5], ["mon", "tue", "sat"]),
        (range(7), ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
    ],
)
def test_times_are_offered_on_the_days_on_which_the_clinic_is_open(weekdays, offered):
    make_clinic(weekdays=weekdays)

    choices = STEPS["times"]().fields["windows"].choices

    assert [code for day, parts in choices for code, part in parts] == [
        f"{day}-{part}" for day in offered for part, _ in DAY_PARTS
    ]


def test_no_part_of_a_day_is_offered_in_which_the_clinic_is_closed():
    make_clinic(weekdays=[])
    hours = [(0, 8, 17), (1, 12, 18), (2, 8, 12), (2, 17, 20)]
    OpeningHours.objects.bulk_create(
        OpeningHours(weekday=day, opens=time(opens), closes=time(closes)) for day, opens, closes in hours
    )
    forget()

    choices = STEPS["times"]().fields["windows"].choices

    assert [code for day, parts in choices for code, part in parts] == [
        "mon-am", "mon-pm", "tue-pm", "tue-eve", "wed-am", "wed-eve"
    ]  # fmt: skip


def test_everything_asked_is_kept_and_nothing_else_is(clinic):
    kept = {field.name for field in PatientStatement._meta.fields} - {
        "consultation",
        "safety",
        "safety_version",
        "erased_at",
        "swept_at",
    }

    assert sorted(ASKED) == sorted({*kept, "region", "emergency_signs", "urgent_signs"})


def test_every_question_has_a_written_reason_and_every_reason_a_question():
    assert sorted(REASONS) == sorted(ASKED)
    assert [name for name, reason in REASONS.items() if not str(reason.what) or not str(reason.why)] == []


def test_the_privacy_page_shows_every_question_with_its_reason(clinic):
    page = Page(Client().get(reverse("privacy")))

    shown = list(zip(page.texts("dt"), page.texts("dd"), strict=True))
    assert shown == [
        (str(reason.what), f"{reason.why} Used by: {reason.who} Kept: {reason.kept}") for reason in REASONS.values()
    ]


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ("The left.", {}),
        ("x" * 1000, {}),
        (" ", {"answer": ["Write your answer."]}),
        ("x" * 1001, {"answer": ["Please shorten this to 1000 characters. It has 1001 now."]}),
        ("no\0", {"answer": ["Null characters are not allowed."]}),
    ],
)
def test_an_answer_has_words_and_an_end(typed, errors):
    form = AnswerForm({"answer": typed})

    assert form.errors == errors
