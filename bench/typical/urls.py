from django.http import HttpResponse
from django.urls import path
from django.views.generic import CreateView, DetailView

from .models import Article, Message

urlpatterns = [
    path("articles/<slug:slug>/", DetailView.as_view(model=Article, template_name="articles/detail.html")),
    path(
        "messages/",
        CreateView.as_view(
            model=Message, fields=["name", "email", "text"], template_name="articles/form.html", success_url="/thanks/"
        ),
    ),
    path("thanks/", lambda request: HttpResponse("thanks")),
]
