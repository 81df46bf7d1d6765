from django.urls import path, register_converter
from django.urls.converters import StringConverter

from .forms import STEPS
from .views import leaving, status, steps


class Step(StringConverter):
    regex = "|".join(STEPS)


register_converter(Step, "step")

app_name = "consultation"
urlpatterns = [
    path("", steps.start, name="start"),
    path("check/", steps.CheckPage.as_view(), name="check"),
    path("stopped/", steps.WayOn.as_view(), name="stopped"),
    path("advice/", steps.AdvicePage.as_view(), name="advice"),
    path("empty/", leaving.EmptyPage.as_view(), name="empty"),
    path("sent/", leaving.sent, name="sent"),
    path("link/", status.LostLink.as_view(), name="link"),
    path("link/sent/", status.link_sent, name="link_sent"),
    path("<step:step>/", steps.StepPage.as_view(), name="step"),
]
