"""One database: fills it, then asks for a page of the desk whenever a line names one, and says what it took. Lines of JSON."""

import gc
import json
import re
import sys
import time
from datetime import timedelta
from urllib.parse import unquote, urlencode

from django.utils import timezone

from appointments.admin.queue import PARTS
from appointments.admin.stretches import END
from appointments.models import ConsultationRequest, NameWord
from tests.factories import come_in, make_person

from .fill_queue import fill
from .sites import HEADERS

QUEUE, DESK = "/admin/queue/", "/admin/"
WARMING = 3
AFTER = re.compile(r'href="[^"]*after=([^"&]+)"')


def main(count):
    therapist = fill(count)
    say("filled")
    # The other database may take long, and a visit without a sign of life ends.
    sys.stdin.readline()
    client = come_in(therapist, headers=HEADERS)
    asked = pages(client)
    for ask in [*asked.values()] * WARMING:
        ask()
    gc.freeze()
    say(list(asked))
    for line in sys.stdin:
        say(timed(asked[line.strip()]))


def say(words):
    print(json.dumps(words), flush=True)


def timed(ask):
    began = time.perf_counter()
    answer = ask()
    took = (time.perf_counter() - began) * 1000
    if answer.status_code != 200 and not answer.headers.get("Location", "").startswith(f"{QUEUE}CR-"):
        raise RuntimeError(f"answered with {answer.status_code}")
    return {"ms": took, "rows": answer.content.count(b'<tr id="')}


def pages(client):
    """By name, what asks for it: the first, the second and the last page of every part, each kind of search, and the desk."""
    asked = {}
    for part in PARTS:
        for name, place in (("first", {}), ("second", after_the_first(client, part)), ("last", {"before": END})):
            asked[f"{part}: {name} page"] = getting(client, f"{QUEUE}?{urlencode({'show': part} | place)}")
    years_ago = {"after": f"{(timezone.now() - timedelta(days=900)).isoformat()}_1"}
    asked["closed: a page of long ago"] = getting(client, f"{QUEUE}?{urlencode({'show': 'closed'} | years_ago)}")
    for name, term in terms().items():
        asked[f"search: {name}"] = posting(client, term)
    owner = come_in(make_person("Owner"), headers=HEADERS)
    return asked | {"the owner's desk": getting(owner, DESK)}


def getting(client, path):
    return lambda: client.get(path)


def posting(client, term):
    return lambda: client.post(f"{QUEUE}search/", {"term": term})


def after_the_first(client, part):
    """Where there is no second page, the first is asked for again."""
    found = AFTER.search(client.get(f"{QUEUE}?show={part}").content.decode())
    return {"after": unquote(found[1])} if found else {}


def terms():
    """What is looked for: somebody in the middle, how frequent names begin, and nobody."""
    one = ConsultationRequest.objects.order_by("pk")[ConsultationRequest.objects.count() // 2]
    rare = min(one.statement.full_name.split(), key=frequency)
    return {
        "a reference": one.reference,
        "a phone number": one.statement.phone.as_national,
        "an e-mail address": one.statement.email,
        "a whole name": one.statement.full_name,
        "a rare word of a name": rare,
        "a frequent name": "James Smith",
        "a frequent word": "Smith",
        "two letters": "ma",
        "two letters of each word": "ja sm",
        "a frequent beginning and a rare word": f"ma {rare}",
        "two frequent words that seldom meet": "Smith Johnson",
        "nobody": "Zyxwvu",
    }


def frequency(word):
    return NameWord.objects.beginning_with(word.lower()).count()
