"""The mails about somebody's own account, one function each."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.urls import reverse

from . import mail


def sign_in_code(code, *, to, at):
    mail.queue("sign_in_code", to=to, context={"code": code}, at=at)


def new_password(person, *, at):
    _with_link("new_password", person, at=at)


def invitation(person, *, at):
    _with_link("invitation", person, at=at)


def account_changed(person, what, *, at):
    """In case it was not they who changed it."""
    if person.email:
        mail.queue("account_changed", to=person.email, context={"what": str(what)}, at=at)


def guessing(owners, *, at):
    for owner in owners.exclude(email=""):
        mail.queue("guessing", to=owner.email, context={}, at=at)


def _with_link(event, person, *, at):
    """The link works once: its key is made of the password that it replaces."""
    key = default_token_generator.make_token(person)
    path = reverse("account_reset_password_from_key", args=[user_pk_to_url_str(person), key])
    mail.queue(event, to=person.email, context={"path": path, "login": person.username}, at=at)
