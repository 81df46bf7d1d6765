from django.urls import path, register_converter

from . import queue, request


class Reference:
    regex = "CR-[A-Z0-9]{6}"

    def to_python(self, value):
        return value

    def to_url(self, value):
        return value


register_converter(Reference, "reference")


def queue_urls(site):
    """The triage pages, under the admin site's address and behind its sign-in."""
    acts = {
        "claim": request.claim,
        "ask": request.ask,
        "answer": request.log_answer,
        "note": request.note,
        "decline": request.decline,
        "spam": request.spam,
        "clear": request.clear,
        "restore": request.restore,
    }
    return [
        path("queue/", site.admin_view(queue.queue), name="queue"),
        path("queue/<reference:reference>/", site.admin_view(request.show), name="consultation"),
        *[
            path(f"queue/<reference:reference>/{name}/", site.admin_view(view), name=f"consultation_{name}")
            for name, view in acts.items()
        ],
    ]
