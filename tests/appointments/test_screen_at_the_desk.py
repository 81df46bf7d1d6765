"""What a therapist reads of the safety screen."""

import pytest

from tests.factories import NOON

from .desk import address
from .stages import make_arrived

pytestmark = pytest.mark.django_db

ALL_TOLD = [
    "U7: ",
    "U99",
    "Sign, already seen for it",
    "None ticked. That rules nothing out.",
    "Not sure about the emergency signs",
    "Not sure about the urgent signs",
]


def told_about(consultation, browser):
    page = browser.get(address(consultation)).content.decode()
    screen = page.partition(">Safety screen</h2>")[2].partition(">Contact")[0]
    return [words for words in ALL_TOLD if words in screen]


@pytest.mark.parametrize(
    ("emergency", "urgent", "seen", "told"),
    [
        (["none"], ["none"], [], ["None ticked. That rules nothing out."]),
        (["not_sure"], ["U7"], [], ["U7: ", "Not sure about the emergency signs"]),
        (["none"], ["U7", "not_sure"], [], ["U7: ", "Not sure about the urgent signs"]),
        (["not_sure"], ["not_sure"], [], ["Not sure about the emergency signs", "Not sure about the urgent signs"]),
        # Said on the stop page, and not ticked again after it.
        (["none"], ["none"], ["E2"], ["Sign, already seen for it"]),
        # Of an older version.
        (["none"], ["U99"], [], ["U99"]),
        (["none"], ["U99", "U7"], [], ["U7: ", "U99"]),
    ],
)
def test_a_therapist_reads_every_sign_and_every_doubt(clinic, therapist, signed_in, emergency, urgent, seen, told):
    consultation = make_arrived(said={"safety": {"emergency": emergency, "urgent": urgent, "seen": seen}})

    assert told_about(consultation, signed_in(therapist)) == told


def test_of_answers_that_were_erased_nothing_is_told(clinic, therapist, signed_in):
    consultation = make_arrived(said={"safety": {"emergency": ["none"], "urgent": ["U7"], "seen": []}})

    consultation.statement.erase(at=NOON)

    assert told_about(consultation, signed_in(therapist)) == []
