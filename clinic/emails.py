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


def account_changed(person, what, *, at, to=None):
    """In case it was not they who changed it; `to` is another address than theirs of now."""
    if address := to or person.email:
        mail.queue("account_changed", to=address, context={"what": str(what)}, at=at)


def guessing(owners, *, at):
    mail.queue_each("guessing", to=_reached(owners), context={}, at=at)


def test_mail(person, token, *, at):
    """Whoever opens its link has shown that our mail arrives."""
    path = reverse("admin:test_mail_arrived", args=[token])
    mail.queue("test_mail", to=person.email, context={"path": path}, at=at)


def owner_digest(owners, found, *, at):
    """What waits and what is wrong; of requests their references and counts, and nothing else."""
    context = {
        "references": found.overdue,
        "suspects": found.suspects,
        "problems": list(found.problems.values()),
        "reviews_due": found.reviews_due,
        "is_screen_due": found.is_screen_due,
    }
    mail.queue_each("owner_digest", to=_reached(owners), context=context, at=at)


def _reached(people):
    return list(people.exclude(email="").values_list("email", flat=True))


def _with_link(event, person, *, at):
    context = {"path": path_to_choose_a_password(person), "login": person.username}
    mail.queue(event, to=person.email, context=context, at=at)


def path_to_choose_a_password(person):
    """It works once: its key is made of the password that it replaces."""
    key = default_token_generator.make_token(person)
    return reverse("account_reset_password_from_key", args=[user_pk_to_url_str(person), key])
