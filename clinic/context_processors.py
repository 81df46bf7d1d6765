from django.conf import settings

from appointments.forms import SCREEN

from .models import ClinicSettings


def clinic(request):
    return {"clinic": ClinicSettings.current(), "base_url": settings.BASE_URL, "help_signs": SCREEN.card()}
