"""The files of the pictures. nginx may serve them instead; this works everywhere."""

from csp.constants import NONE
from csp.decorators import csp
from django.http import Http404, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from .pictures import file_name, folder


@require_safe
@csp({"default-src": [NONE], "sandbox": True})
@cache_control(public=True, max_age=31_536_000, immutable=True)
def picture(request, name, width):
    try:
        return HttpResponse((folder() / file_name(name, f"{width}.webp")).read_bytes(), content_type="image/webp")
    except FileNotFoundError as error:
        raise Http404 from error
