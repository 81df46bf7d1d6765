"""What a therapist reads of the safety screen."""

import pytest

from .desk import address
from .stages import make_arrived

pytestmark = pytest.mark.django_db

ALL_TOLD = [
    "U7",
    "E2, already seen for it",
    "None ticked. That rules nothing out.",
    "Not sure about the emergency signs",
    "Not sure about the urgent signs",
]


@pytest.mark.parametrize(
    ("emergency", "urgent", "seen", "told"),
    [
        (["none"], ["none"], [], ["None ticked. That rules nothing out."]),
        (["not_sure"], ["U7"], [], ["U7", "Not sure about the emergency signs"]),
        (["none"], ["U7", "not_sure"], [], ["U7", "Not sure about the urgent signs"]),
        (["not_sure"], ["not_sure"], [], ["Not sure about the emergency signs", "Not sure about the urgent signs"]),
        # Said on the stop page, and not ticked again after it.
        (["none"], ["none"], ["E2"], ["E2, already seen for it"]),
    ],
)
def test_a_therapist_reads_every_sign_and_every_doubt(clinic, therapist, signed_in, emergency, urgent, seen, told):
    consultation = make_arrived(said={"safety": {"emergency": emergency, "urgent": urgent, "seen": seen}})

    screen = signed_in(therapist).get(address(consultation)).content.decode()
    screen = screen.partition("Safety screen")[2].partition("Contact")[0]

    assert [words for words in ALL_TOLD if words in screen] == told
