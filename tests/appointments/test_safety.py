import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appointments import safety
from appointments.safety import NONE, NOT_SURE, BadItems, Level, Outcome
from clinic.regions import Region

SCREEN = safety.load(safety.ITEMS_FILE.read_text(), regions=Region.values)
EMERGENCIES = [item.id for item in SCREEN.items if item.level is Level.EMERGENCY]
URGENT = [item.id for item in SCREEN.items if item.level is not Level.EMERGENCY]
IDS = [*EMERGENCIES, *URGENT]

# Region -> what an adult is asked about, as the clinicians' mapping has it.
ASKED = {
    "neck": "E2 E3 E4 E6 E7 E9 U6 U7 U9 U11 U12",
    "back": "E1 E2 E3 E4 E6 E7 E9 U5 U6 U7 U8 U9 U11",
    "shoulder": "E2 E3 E4 E5 E6 E7 E8 E9 U1 U2 U6 U7 U9 U11",
    "arm": "E2 E3 E4 E5 E6 E7 E8 E9 U1 U2 U6 U7 U9 U11",
    "hip": "E1 E2 E3 E4 E5 E6 E7 E8 E9 U1 U2 U5 U6 U7 U8 U9 U10 U11",
    "knee": "E1 E2 E3 E4 E5 E6 E7 E8 E9 U1 U2 U4 U6 U7 U9 U10 U11",
    "lower_leg": "E1 E2 E3 E4 E5 E6 E7 E8 E9 U1 U2 U3 U6 U7 U9 U10 U11",
    "several": "E1 E2 E3 E4 E5 E6 E7 E8 E9 U1 U2 U5 U6 U7 U8 U9 U11",
    "advice": "E2 E3 E4 E6 E7 E9 U6 U7 U9 U11",
}


def asked(region, *, under_18):
    items = SCREEN.emergencies(region, under_18=under_18) + SCREEN.urgent(region, under_18=under_18)
    return [item.id for item in items]


def changed(**fields):
    """The file of items with one line of its first item changed."""
    text = safety.ITEMS_FILE.read_text()
    for name, value in fields.items():
        text = re.sub(
            rf'^{name} = (""".*?"""|[^\n]*)$',
            lambda _, name=name, value=value: f"{name} = {value}",
            text,
            count=1,
            flags=re.M | re.S,
        )
    return text


@pytest.mark.parametrize("region", Region.values)
def test_an_adult_is_asked_what_the_mapping_says(region):
    assert asked(region, under_18=False) == ASKED[region].split()


@pytest.mark.parametrize("region", Region.values)
def test_somebody_under_18_is_asked_about_bone_pain_too(region):
    assert asked(region, under_18=True) == [*ASKED[region].split(), "U13"]


@pytest.mark.parametrize("item", IDS)
@pytest.mark.parametrize("beside", [(), (NONE,), (NOT_SURE,), (NONE, NOT_SURE)])
def test_one_item_decides_whatever_is_ticked_beside_it(item, beside):
    outcome = SCREEN.outcome([item, *beside])

    assert outcome is (Outcome.STOP if item in EMERGENCIES else Outcome.ADVISE)


@pytest.mark.parametrize("item", IDS)
def test_an_item_that_was_seen_to_closes_and_makes_the_request_urgent(item):
    assert SCREEN.outcome([item], seen=[item]) is Outcome.ADVISE
    assert SCREEN.outcome([NONE], seen=[item]) is Outcome.ADVISE


@pytest.mark.parametrize("item", EMERGENCIES)
def test_one_emergency_that_was_seen_to_does_not_close_another(item):
    others = [other for other in EMERGENCIES if other != item]

    assert {SCREEN.outcome([item, other], seen=[item]) for other in others} == {Outcome.STOP}


@given(st.lists(st.sampled_from([*IDS, NONE, NOT_SURE])), st.sampled_from([*IDS, NOT_SURE]))
def test_one_more_sign_or_doubt_never_makes_the_advice_milder(chosen, more):
    was_urgent = bool(SCREEN.named(chosen) or NOT_SURE in chosen) and SCREEN.is_for_today(chosen)

    assert SCREEN.is_for_today([*chosen, more]) or not was_urgent


def test_none_goes_on_and_not_sure_counts_as_urgent():
    assert (SCREEN.outcome([NONE]), SCREEN.outcome([NOT_SURE])) == (Outcome.GO_ON, Outcome.ADVISE)


@given(st.lists(st.sampled_from([*IDS, NONE, NOT_SURE, "E99"])), st.lists(st.sampled_from(IDS)))
def test_no_answers_lead_past_an_open_emergency(chosen, seen):
    is_open = set(chosen) & set(EMERGENCIES) - set(seen)

    assert (SCREEN.outcome(chosen, seen=seen) is Outcome.STOP) == bool(is_open)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"id": '"E2"'}, "the same id"),
        ({"text": '""'}, "E1 lacks"),
        ({"source": '""'}, "E1 lacks"),
        ({"regions": '["elbow"]'}, "nobody can choose"),
        ({"level": '"perhaps"'}, "cannot be read"),
        ({"read_on": "someday"}, "cannot be read"),
        ({"version": '"2026-11-30-b"'}, "too long a name"),
        ({"all": '["neck"]'}, "no emergency item is asked for"),
    ],
)
def test_a_file_that_is_not_sound_is_refused(fields, complaint):
    with pytest.raises(BadItems, match=complaint):
        safety.load(changed(**fields), regions=Region.values)


@pytest.mark.parametrize(
    "fields",
    [{"text": '"Other words"'}, {"level": '"today"'}, {"regions": '["back"]'}, {"source_read": "false"}],
    ids=lambda fields: next(iter(fields)),
)
def test_another_word_is_another_version_also_under_the_same_name(fields):
    other = safety.load(changed(**fields), regions=Region.values)

    assert other.version != SCREEN.version
    assert other.version.rpartition("-")[0] == SCREEN.version.rpartition("-")[0] == "2026-11-3"


def test_another_remark_is_the_same_version():
    text = safety.ITEMS_FILE.read_text()

    assert safety.load(f"# Read once more.\n{text}", regions=Region.values).version == SCREEN.version
