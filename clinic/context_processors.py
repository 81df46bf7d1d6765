from django.conf import settings

from .models import ClinicSettings


def clinic(request):
    return {"clinic": ClinicSettings.current(), "base_url": settings.BASE_URL}
