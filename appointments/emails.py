"""The mails about a request, one function each. None knows a word that the patient wrote."""

from datetime import timedelta

from django.conf import settings

from clinic import mail
from clinic.limits import wait_for_turn
from clinic.models import ClinicSettings, OutgoingMail
from clinic.wording import spoken

from . import calendar
from .people import OVERSEE, TRIAGE, who_may, who_sees_patients

ONE_HOUR, ONE_DAY = timedelta(hours=1), timedelta(days=1)
# Mails that whoever fills in the form, or has a link, can cause without any of us. That contact was changed is always
# told: whoever has the link could else change another thing first, so that nobody hears of the address.
BY_ANYBODY = {"received", "new_address", "withdrawn"}
# For one address each of several requests may have a link replaced, and that link is in no other mail.
MOST_NEW_ADDRESSES = 3
# What may tell the patient that a booked time is given up.
GIVES_UP = {"time_changed", "withdrawn", "about_your_request"}


def received(consultation, *, at):
    _to_patient("received", consultation, at=at)


def reminder(consultation, *, at):
    _to_patient("reminder", consultation, at=at)


def one_thing(consultation, *, at):
    _to_patient("one_thing", consultation, at=at)


def choose_a_time(consultation, *, at):
    _to_patient("choose_a_time", consultation, at=at)


def still_want_to_talk(consultation, *, at):
    _to_patient("still_want_to_talk", consultation, at=at)


def booked(consultation, *, at):
    _to_patient("booked", consultation, at=at)


def time_changed(consultation, *, at):
    _to_patient("time_changed", consultation, at=at)


def missed(consultation, *, at):
    _to_patient("missed", consultation, at=at)


def about_your_request(consultation, *, at):
    _to_patient("about_your_request", consultation, at=at)


def taken_up_again(consultation, *, at):
    """After we had declined it."""
    _to_patient("taken_up_again", consultation, at=at)


def withdrawn(consultation, *, at, by=None):
    _to_patient("withdrawn", consultation, at=at, by=by)


def closed_for_now(consultation, *, at):
    _to_patient("closed_for_now", consultation, at=at)


def running_late(consultation, *, at):
    """The time by which an answer was promised has passed without one."""
    _to_patient("running_late", consultation, at=at)


def your_link(consultation, *, at):
    _to_patient("your_link", consultation, at=at)


def new_address(consultation, *, at, by=None):
    """Where the patient is reached from now on, with the link that took the place of the one before."""
    _to_patient("new_address", consultation, at=at, by=by)


def contact_changed(consultation, *, to, at):
    """To the address that stood there before: whoever reads it may not be who changed it, so it holds no link."""
    _to_patient("contact_changed", consultation, to=to, at=at)


def staff_new(consultation, *, at, is_crowded=False):
    people = who_sees_patients()
    if is_crowded:
        people = _told_less(people, "staff_new", most=1, at=at)
    _to_staff("staff_new", consultation, people, at=at)


def staff_nudge(consultation, *, at):
    """Half of the promised time has passed. Of a flood nobody hears one by one a second time."""
    people = _told_less(_whoever_has(consultation), "staff_nudge", most=settings.CONSULTATION_FLOOD_PER_HOUR, at=at)
    _to_staff("staff_nudge", consultation, people, at=at)


def staff_update(consultation, *, at):
    """Whoever has the request hears that it moved."""
    if consultation.assigned_to:
        _to_staff("staff_update", consultation, _whoever_has(consultation), at=at)


def staff_corrected(consultation, *, at):
    """The patient is reached in another way from now on."""
    if consultation.assigned_to:
        _to_staff("staff_corrected", consultation, _whoever_has(consultation), at=at)


def staff_handed_over(consultation, *, people, by, at):
    """The two hear of it; where a colleague took it over, so do those who oversee: it may have been an emergency."""
    told = {person.pk: person for person in people}
    if by.pk != people[0].pk and not by.has_perm(OVERSEE):
        told |= {person.pk: person for person in who_may(OVERSEE)}
    _to_staff("staff_handed_over", consultation, told.values(), at=at)


def _whoever_has(consultation):
    """The one to whom it is assigned; all who see patients where that is nobody, or somebody who can do nothing about it any more."""
    return list(who_may(TRIAGE).filter(pk=consultation.assigned_to_id)) or who_sees_patients()


def _told_less(people, event, *, most, at):
    """Those of them who had fewer than so many mails of the kind in the last hour."""
    since = at - ONE_HOUR
    return [
        person
        for person in people
        if OutgoingMail.objects.queued_for(person.email, since=since).filter(event=event)[:most].count() < most
    ]


def _is_once_too_often(event, consultation, address, *, at):
    """What a stranger can bring about goes to one address once a day: nobody has us write to them again and again."""
    if event not in BY_ANYBODY:
        return False
    wait_for_turn(address, at=at)
    today = OutgoingMail.objects.queued_for(address, since=at - ONE_DAY).filter(event=event)
    if event == "new_address" and today.count() < MOST_NEW_ADDRESSES:
        today = today.filter(reference=consultation.reference)
    return today.exists()


def _to_patient(event, consultation, *, at, to=None, by=None):
    address = consultation.statement.email if to is None else to
    if not address or consultation.suspicion:
        return
    entry = _for_calendar(event, consultation, guest=address, at=at)
    # Where a visit was agreed on one of us has looked, and it must leave the patient's calendar. Nor is `by` a stranger.
    if entry or by or not _is_once_too_often(event, consultation, address, at=at):
        context = consultation.for_mail() | entry
        mail.queue(event, to=address, context=context, at=at, reference=consultation.reference)


def _for_calendar(event, consultation, *, guest, at):
    """The booked time as a calendar entry, or that the same entry is void and which time it was; nothing where neither is told."""
    time, method = None, calendar.CANCEL
    if event == "booked":
        time, method = consultation.times.booked().first(), calendar.REQUEST
    elif event in GIVES_UP:
        time = consultation.times.given_up(at=at).first()
    if time is None:
        return {}
    who = {"clinic": ClinicSettings.current(), "sender": mail.sender_address(), "guest": guest}
    told = {"calendar": calendar.entry(time.for_calendar(), method, **who, at=at)}
    if method == calendar.CANCEL:
        told["given_up"] = spoken(time.starts_at, who["clinic"].tzinfo)
    return told


def _to_staff(event, consultation, people, *, at):
    to = [person.email for person in people if person.email and person.is_active]
    mail.queue_each(event, to=to, context=consultation.for_staff_mail(), at=at, reference=consultation.reference)
