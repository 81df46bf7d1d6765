from django.urls import path

from . import queue, request


def queue_urls(site):
    """The triage pages, under the admin site's address and behind its sign-in."""
    acts = {
        "claim": request.claim,
        "ask": request.ask,
        "answer": request.log_answer,
        "note": request.note,
        "decline": request.decline,
        "spam": request.spam,
    }
    return [
        path("queue/", site.admin_view(queue.queue), name="queue"),
        path("queue/<str:reference>/", site.admin_view(request.show), name="consultation"),
        *[
            path(f"queue/<str:reference>/{name}/", site.admin_view(view), name=f"consultation_{name}")
            for name, view in acts.items()
        ],
    ]
