from django.urls import path, register_converter
from django.urls.converters import StringConverter

from . import acts, calendar, leaving, person, queue, reports, request, search
from .hours import register_hours

__all__ = ["register_hours", "request_urls"]


class Reference(StringConverter):
    regex = "CR-[A-Z0-9]{6}"


register_converter(Reference, "reference")


def request_urls(site):
    """The pages about requests, under the admin site's address and behind its sign-in."""
    return [
        path("queue/", site.admin_view(queue.queue), name="queue"),
        path("queue/search/", site.admin_view(search.search), name="queue_search"),
        path("queue/act/", site.admin_view(queue.act), name="queue_act"),
        path("queue/<reference:reference>/", site.admin_view(request.show), name="consultation"),
        *[
            path(
                f"queue/<reference:reference>/{name}/",
                site.admin_view(request.act),
                {"name": name},
                name=f"consultation_{name}",
            )
            for name in acts.ACTS
        ],
        path("calendar/", site.admin_view(calendar.week), name="calendar"),
        path("calendar/feed/", site.admin_view(calendar.open_feed), name="calendar_open"),
        path("calendar/feed/close/", site.admin_view(calendar.close_feed), name="calendar_close"),
        path("person/", site.admin_view(person.person), name="person"),
        path("person/file/", site.admin_view(person.access_file), name="person_file"),
        path("person/erase/", site.admin_view(person.erase), name="person_erase"),
        path("leaving/<int:pk>/", site.admin_view(leaving.leaving), name="leaving"),
        path("reports/", site.admin_view(reports.reports), name="reports"),
        path("reports/file/", site.admin_view(reports.export), name="reports_export"),
    ]
