from django.contrib import admin
from django.contrib.sitemaps.views import sitemap
from django.urls import include, path

from appointments.views import calendar, status

from . import views
from .signin_urls import sign_in_urls
from .sitemaps import SITEMAPS

urlpatterns = [
    path("", views.home, name="home"),
    path("consultation/", include("appointments.urls")),
    path("", include("tips.urls")),
    path("r/<slug:token>/", status.status, name="status"),
    path("r/<slug:token>/answer/", status.Answer.as_view(), name="status_answer"),
    path("r/<slug:token>/choose/", status.ChooseTime.as_view(), name="status_choose"),
    path("r/<slug:token>/none/", status.NoneOfThese.as_view(), name="status_none"),
    path("r/<slug:token>/cannot-come/", status.CannotCome.as_view(), name="status_cannot_come"),
    path("r/<slug:token>/back/", status.ComeBack.as_view(), name="status_back"),
    path("r/<slug:token>/visit.ics", calendar.visit, name="status_calendar"),
    path("r/<slug:token>/contact/", status.CorrectContact.as_view(), name="status_contact"),
    path("r/<slug:token>/withdraw/", status.Withdraw.as_view(), name="status_withdraw"),
    path("calendar/<slug:token>.ics", calendar.feed, name="calendar_feed"),
    path("privacy/", views.privacy, name="privacy"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("sitemap.xml", sitemap, {"sitemaps": SITEMAPS}, name="sitemap"),
    path("robots.txt", views.robots, name="robots"),
    path("health/live/", views.live, name="live"),
    path("health/ready/", views.ready, name="ready"),
    path("admin/", include(sign_in_urls)),
    path("admin/", admin.site.urls),
]

handler400 = "clinic.views.bad_request"
handler403 = "clinic.views.forbidden"
handler404 = "clinic.views.page_not_found"
handler429 = "clinic.views.too_many_requests"
handler500 = "clinic.views.server_error"
