"""A memory of pages before the real site, in the process of a test."""

from io import BytesIO

from django.conf import settings as django_settings
from django.core.handlers.wsgi import WSGIHandler

from clinic.pagecache import PageCache

HOST = django_settings.BASE_URL.partition("//")[2]


class Memory:
    """It counts how often the site was asked, and does something before and after that."""

    def __init__(self):
        self.site = WSGIHandler()
        self.asked = 0
        self.before = lambda: None
        self.after = lambda: None
        self.cache = PageCache(self.ask)

    def ask(self, environ, start_response):
        self.asked += 1
        self.before()
        answer = self.site(environ, start_response)
        self.after()
        return answer

    def get(self, address, **environ):
        path, _, query = address.partition("?")
        said = {}

        def start_response(status, headers, exc_info=None):
            said.update({"status": status, **{name.lower(): value for name, value in headers}})

        asked = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "HTTP_HOST": HOST,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(),
        } | environ
        body = b"".join(self.cache(asked, start_response))
        return said, body
