"""A browser as far as forms need one: cookies, hidden fields and redirects, against the real web server."""

import re
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

from tests.factories import SAID

# What a visitor answers, page by page.
ANSWERS = {
    "who": {"for_whom": "me", "age": "adult"},
    "where": {"region": "knee"},
    "safety": {"emergency_signs": "none"},
    "urgent": {"urgent_signs": "none"},
    "problem": {"duration": "weeks", "onset": "gradually", "goal": SAID["goal"], "pain_score": "4"},
    "times": {"modes": "clinic", "windows": "mon-am"},
    "contact": {"full_name": SAID["full_name"], "email": SAID["email"]},
}


class Visitor:
    def __init__(self, site):
        self.site = site
        self.cookies = CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def twin(self, *cookies):
        """The same browser once more, with a connection of its own; with cookies named, it has only those."""
        other = Visitor(self.site)
        for cookie in self.cookies:
            if cookie.name in cookies or not cookies:
                other.cookies.set_cookie(cookie)
        return other

    def get(self, address):
        return self.read(self.site + address, 30)

    def post(self, address, fields):
        return self.read(urllib.request.Request(self.site + address, urllib.parse.urlencode(fields).encode()), 60)  # noqa: S310

    def read(self, request, seconds):
        with self.opener.open(request, timeout=seconds) as answer:
            self.page = answer.read().decode()
        return self.page

    def hidden(self):
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.page))

    @property
    def reference(self):
        """The reference on the page that says the request was sent; None on any other page."""
        found = re.search(r'class="reference">.*?(CR-\w{6})', self.page, re.DOTALL)
        return found and found[1]


def at_the_last_page(site):
    visitor = Visitor(site)
    for step, answers in ANSWERS.items():
        visitor.get(f"/consultation/{step}/")
        visitor.post(f"/consultation/{step}/", visitor.hidden() | answers)
    return visitor
