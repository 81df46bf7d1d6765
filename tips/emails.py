"""The mails about an article on its way, one function each: to people here, with its title and a link to the desk."""

from django.urls import reverse
from django.utils.formats import date_format

from clinic import mail
from clinic.models import ClinicSettings
from clinic.wording import in_full


def tip_to_edit(tip, people, *, at):
    _to_each("tip_to_edit", tip, people, at=at)


def tip_to_review(tip, people, *, at, passed_over=False):
    """`passed_over` where no editor was left who could agree to it."""
    _to_each("tip_to_review", tip, people, at=at, passed_over=passed_over)


def tip_changes(tip, people, *, at):
    _to_each("tip_changes", tip, people, at=at)


def tip_approved(tip, people, *, at):
    _to_each("tip_approved", tip, people, at=at)


def tip_review_due(tip, people, *, at):
    _to_each("tip_review_due", tip, people, at=at)


def for_mail(tip, *, at):
    """What a mail may say of an article. Comments stay on the desk, where they can be answered."""
    return {
        "article": tip.latest.title,
        "minor": tip.is_minor,
        "is_seen": bool(tip.publish_at and tip.publish_at <= at),
        "publish_at": in_full(tip.publish_at, ClinicSettings.current().tzinfo) if tip.publish_at else "",
        "next_review": date_format(tip.next_review) if tip.next_review else "",
        "path": reverse("admin:tips_standing", args=[tip.pk]),
    }


def _to_each(event, tip, people, *, at, **facts):
    to = [person.email for person in people if person.is_active and person.is_staff and person.email]
    mail.queue_each(event, to=to, context=for_mail(tip, at=at) | facts, at=at)
