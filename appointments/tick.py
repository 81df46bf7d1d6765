"""What the clock does: found by queries, so that any number of workers may run it, as often as they like."""

from django.db import transaction

from clinic.models import ClinicSettings, forget

from .models import ConsultationRequest

AT_ONCE = 100


def tick(*, at):
    tell_who_waits_too_long(at=at)
    measure_answers(at=at)


def tell_who_waits_too_long(*, at):
    for consultation in ConsultationRequest.objects.to_be_told_late(at=at)[:AT_ONCE]:
        consultation.tell_late(at=at)


def measure_answers(*, at):
    """Keep what the start page tells of the last 30 days beside the clinic's other facts: it needs no query there."""
    typical = ConsultationRequest.objects.typical_answer(at=at)
    if ClinicSettings.objects.exclude(typical_answer=typical).update(typical_answer=typical):
        transaction.on_commit(forget)
