import gc
import os

import django
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import connections
from django.utils.module_loading import import_string

from .checks import refuse_unsafe_database

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")


class Request(WSGIRequest):
    """A request whose content type cannot be read has none, for the gate in the middleware to refuse.

    Django reads it, and with a charset the query too, before any middleware stands around it: what cannot be read
    would be a failure of ours.
    """

    def _set_content_type_params(self, meta):
        try:
            super()._set_content_type_params(meta)
        except (LookupError, SuspiciousOperation, ValueError):
            self.content_type, self.content_params, self._encoding = "", {}, None


class Handler(WSGIHandler):
    request_class = Request


# What is made on the way up stays for good: looking through it for garbage, now and ever after, finds none.
gc.disable()
django.setup(set_prefix=False)
refuse_unsafe_database()
connections.close_all()
application = Handler()
if settings.PAGE_MEMORY_BYTES:
    # By its name, since it needs the models, which are here only now.
    application = import_string("clinic.pagecache.PageCache")(application)
gc.freeze()
gc.enable()
