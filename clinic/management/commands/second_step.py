import time

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from django.utils import timezone

from clinic.models import User
from clinic.signin import SecondStep, sees_requests, steps_of, take_second_step_away


class Command(BaseCommand):
    help = (
        "Takes away the second step of somebody who has lost it and has no owner to ask: they set up a new one at their "
        "next sign-in. While developing, without --remove, prints the code of the moment."
    )

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("--remove", action="store_true", help="take the second step away")

    def handle(self, *args, username, remove, **options):
        person = User.objects.filter(Q(username__iexact=username) | Q(email__iexact=username)).first()
        if person is None:
            raise CommandError(f"Nobody signs in as “{username}”.")
        if remove and not steps_of(person).exists():
            self.stdout.write(f"{person} has no second step.")
        elif remove:
            take_second_step_away(person, by=None, at=timezone.now())
            again = " and sets up a new one at the next sign-in" if sees_requests(person) else ""
            self.stdout.write(f"{person} has no second step any more{again}.")
        elif settings.PRODUCTION:
            raise CommandError("Codes are shown while developing only. With --remove the second step is taken away.")
        else:
            self.stdout.write(code_of_the_moment(person))


def code_of_the_moment(person):
    app = Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).first()
    if app is None:
        raise CommandError(f"{person} has no authenticator app.")
    secret = SecondStep().decrypt(app.data["secret"])
    return format_hotp_value(hotp_value(secret, int(time.time()) // app_settings.TOTP_PERIOD))
