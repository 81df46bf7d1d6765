"""Everything that can be reached from a page by its links and by the forms that ask for another page."""

import re
from html import unescape
from urllib.parse import urlencode, urljoin, urlsplit

LINK = re.compile(r'(?:href|src)="([^"]*)"')
FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
ACTION, METHOD, NAME = (re.compile(rf'\b{name}="([^"]*)"') for name in ("action", "method", "name"))


def crawl(client, *starts):
    """The answer of every page of the site that can be reached from these; each filter alone."""
    pages, waiting = {}, [*starts]
    while waiting:
        address = waiting.pop()
        pages[address] = answer = client.get(address)
        for link in leads_to(answer):
            target = urlsplit(urljoin(address, unescape(link)))._replace(fragment="")
            if target.netloc or target.scheme or (target.query and "?" in address):
                continue  # elsewhere; or filters of filters, which lead nowhere new
            target = target.geturl()
            if not target.startswith("/static/") and target not in pages and target not in waiting:
                waiting.append(target)
    return pages


def leads_to(answer):
    yield from filter(None, [answer.get("Location", "")])
    if not answer.get("Content-Type", "").startswith("text/html"):
        return
    page = answer.content.decode()
    yield from LINK.findall(page)
    for about, fields in FORM.findall(page):
        if not (METHOD.search(about) or [""])[0].lower().endswith('"post"'):
            action = (ACTION.search(about) or ["", ""])[1]
            yield f"{action}?{urlencode(dict.fromkeys(NAME.findall(fields), 'a'))}"


def everything_said(answer):
    """The body, every header and every cookie of an answer, as text."""
    body = answer.content.decode(errors="replace")
    return unescape("\n".join([body, *map(str, answer.items()), answer.cookies.output()]))
