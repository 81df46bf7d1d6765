"""Who is to be reached, and at which number, wherever it is read."""

import pytest

from tests.factories import NOON, SAID

from .desk import address, facts, notices
from .pages import CHECK, Page, fill
from .stages import S, bring_to, make_arrived

pytestmark = pytest.mark.django_db

FORMER, FOREIGN = "+52 55 1234 5678", "+52 55 8765 4321"


@pytest.fixture
def consultation(clinic, therapist):
    """One whose numbers are all of another country, and who is reached by no mail."""
    made = bring_to(S.IN_REVIEW, by=therapist, said={"phone": FORMER.replace(" ", ""), "email": ""})
    made.correct_contact(phone=FOREIGN.replace(" ", ""), at=NOON)
    return made


def test_the_name_of_whoever_asks_for_somebody_else_is_told_from_the_patients(clinic, signed_in, therapist):
    consultation = make_arrived(said={"for_whom": "someone_else"})

    shown = facts(Page(signed_in(therapist).get(address(consultation))))

    assert (shown["Name of whoever asks"], "Name" in shown) == (SAID["full_name"], False)


def test_whom_to_call_is_told_by_the_page_and_kept_in_no_cookie(signed_in, therapist, consultation):
    browser = signed_in(therapist)

    browser.post(address(consultation, "ask"), {"question": "Which side?"})

    assert set(browser.cookies) <= {"sessionid", "csrftoken"}
    assert notices(Page(browser.get(address(consultation))))


def test_a_therapist_reads_a_number_of_another_country_whole(signed_in, therapist, consultation):
    answer = signed_in(therapist).post(address(consultation, "ask"), {"question": "Which side?"}, follow=True)

    shown = facts(Page(answer))
    assert notices(Page(answer)) == [f"Done. The patient gave no e-mail address: please call {FOREIGN}."]
    assert shown["Phone"].startswith(f"{FOREIGN} ")
    assert FORMER in shown.values()


def test_the_file_for_the_person_has_such_numbers_whole(signed_in, owner, consultation, settings, tmp_path):
    settings.ERASED_LIST = tmp_path / "erased.txt"
    asked = {"identity": "called_back", "reason": "asked", "checked": "on"}

    file = signed_in(owner).post("/admin/person/file/", asked | {"term": FOREIGN, "reference": consultation.reference})

    assert [number in file.content.decode() for number in (FORMER, FOREIGN)] == [True, True]


def test_the_check_page_has_such_a_number_whole(clinic, client):
    fill(client, contact={"phone": FOREIGN})

    page = Page(client.get(CHECK))

    assert dict(zip(page.texts("dt"), page.texts("dd"), strict=True))["Your phone number"] == FOREIGN
