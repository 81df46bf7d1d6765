"""The people who work here, as the owner keeps them, and what each finds of their own account."""

import pytest

from tests.factories import make_person


@pytest.mark.parametrize("role", ["Owner", "Therapist", "Editor", "Clinical reviewer"])
def test_each_page_of_the_desk_leads_to_ones_second_step(clinic, signed_in, role):
    browser = signed_in(make_person(role))

    desk = browser.get("/admin/", follow=True).content.decode()

    assert '<a href="/admin/second-step/">Your second step</a>' in desk
    assert browser.get("/admin/second-step/").status_code == 200
