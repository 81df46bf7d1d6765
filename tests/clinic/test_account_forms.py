"""What a browser and a screen reader are told of the forms for coming in and for one's password."""

import pytest
from django.urls import reverse

from tests.appointments.pages import Page

pytestmark = pytest.mark.django_db


def test_a_browser_fills_in_the_name_that_it_has_kept(clinic, client):
    page = Page(client.get("/admin/sign-in/"))

    assert [tag.attrs["autocomplete"] for tag in page.all("input", name="login")] == ["username"]


def test_each_mistake_is_named_by_its_field_on_top(clinic, editor, signed_in):
    page = Page(signed_in(editor).post(reverse("account_change_password")))

    assert page.summary == [
        ("#id_oldpassword", "Current Password: This field is required."),
        ("#id_password1", "New Password: This field is required."),
        ("#id_password2", "New Password (again): This field is required."),
    ]


def test_the_rules_for_a_password_belong_to_its_field(clinic, editor, signed_in):
    page = Page(signed_in(editor).get(reverse("account_change_password")))

    [field] = page.all("input", name="password1")
    [rules] = [tag for tag in page.tags if tag.attrs.get("id") == field.attrs["aria-describedby"]]
    # A paragraph ends where a list begins, and the list would stand outside.
    assert (rules.name, "12 characters" in rules.text) == ("div", True)
