from django.urls import path, register_converter

from . import views
from .forms import STEPS


class Step:
    regex = "|".join(STEPS)

    def to_python(self, value):
        return value

    def to_url(self, value):
        return value


register_converter(Step, "step")

app_name = "consultation"
urlpatterns = [
    path("", views.start, name="start"),
    path("check/", views.check, name="check"),
    path("stopped/", views.stopped, name="stopped"),
    path("advice/", views.advice, name="advice"),
    path("sent/", views.sent, name="sent"),
    path("<step:step>/", views.StepPage.as_view(), name="step"),
]
