"""The role table, the addresses of all routes, and in one word what somebody is answered there."""

import re
from pathlib import Path

from django.db import connection, transaction
from django.test import Client
from django.urls import get_resolver, reverse

TABLE = Path(__file__).with_name("roles.txt")
METHODS = ("GET", "POST")
# The columns of the table: a stranger, somebody of staff without a role, and the four roles.
WHO = ["stranger", "no role", "Editor", "Clinical reviewer", "Therapist", "Owner"]
WORDS = {"page", "refused", "sign-in", "unknown", "method", "wrong"}
WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')


def rows():
    """The table: what is expected of each route and method, for each of WHO."""
    lines = [line.split() for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    return {(route, method): dict(zip(WHO, words, strict=True)) for route, method, *words in lines}


def as_row(route, method, words):
    """A row as the table has it."""
    return f"{route:<52} {method:<4}  " + " ".join(f"{words[who]:<8}" for who in WHO).rstrip()


def routes():
    """Every route of the URL map and the names of what its address takes. One without a name is known by its pattern."""
    found = {}
    for namespaces, prefix, pattern in walked(get_resolver(), (), ""):
        takes = tuple(pattern.pattern.converters) or tuple(pattern.pattern.regex.groupindex)
        name = ":".join([*namespaces, pattern.name]) if pattern.name else prefix + str(pattern.pattern)
        assert name not in found, f"two routes are called {name}"
        found[name] = takes
    return found


def walked(resolver, namespaces, prefix):
    for pattern in resolver.url_patterns:
        if hasattr(pattern, "url_patterns"):
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from walked(pattern, inner, prefix + str(pattern.pattern))
        else:
            yield namespaces, prefix, pattern


def address_of(route, takes, known):
    """Where the route is, with the rows of `known`: what this route takes, or what any route calls so."""
    named = {name: known.get((route, name), known.get(name)) for name in takes}
    missing = [name for name, value in named.items() if value is None]
    assert not missing, f"say in `known` of tests/clinic/role_rows.py what {missing} is for {route}"
    if "/" not in route:
        return reverse(route, kwargs=named)
    for name, value in named.items():
        route = re.sub(rf"<\w+:{name}>|\(\?P<{name}>[^)]*\)\$?", str(value), route)
    return f"/{route}"


def ask(cookies, method, address):
    """What somebody is answered in the end, and which tables were written to on the way. Afterwards it never was."""
    client, written = Client(), set()
    client.cookies.load(cookies)

    def watch(execute, sql, params, many, context):
        if found := WRITES.match(sql):
            written.add(found[1])
        return execute(sql, params, many, context)

    with transaction.atomic(), connection.execute_wrapper(watch):
        answer = client.get(address, follow=True) if method == "GET" else client.post(address, follow=True)
        transaction.set_rollback(True)
    return answer, written


def word_for(answer):
    came_to = answer.request["PATH_INFO"]
    if answer.redirect_chain and came_to == reverse("account_login"):
        return "sign-in"
    if answer.redirect_chain and came_to == reverse("mfa_index"):
        return "second-step"
    if answer.status_code == 403 and b'name="login"' in answer.content:
        return "sign-in"
    # A conflict is told to those who may act.
    known = {200: "page", 409: "page", 400: "wrong", 403: "refused", 404: "unknown", 405: "method"}
    return known.get(answer.status_code, str(answer.status_code))
