from django.urls import path, register_converter

from . import acts, queue, request, search


class Reference:
    regex = "CR-[A-Z0-9]{6}"

    def to_python(self, value):
        return value

    def to_url(self, value):
        return value


register_converter(Reference, "reference")


def queue_urls(site):
    """The triage pages, under the admin site's address and behind its sign-in."""
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
    ]
