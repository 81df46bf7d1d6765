"""No request makes the site fail, stall, or tell how it is made; on the real web server, byte for byte."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from appointments.models import RequestStatus
from clinic.health import WORKER
from clinic.models import ClinicSettings, Heartbeat, User
from tests.appointments.stages import bring_to
from tests.factories import come_in, make_person, make_tip
from tips.models import Topic

from .generated import Generator
from .hostile_requests import from_table
from .hostile_shapes import shapes
from .senders import PRODUCTION
from .sizes import size
from .wire import send, written

pytestmark = [pytest.mark.torture, pytest.mark.django_db(transaction=True)]

MOST_SECONDS = 2
SEED = 12
AT_A_TIME = 100
CLIENTS = 4
# What Django shows a developer, and what it calls the errors that it shows.
TELLS = [b"Traceback", b"DEBUG = True", b"Exception Type", b"Django Version", b"site-packages"]


class Target:
    """A site under attack: where it is, who works there, and what can be found in it."""

    def __init__(self, site, scheme):
        self.port = urlsplit(site).port
        self.host = f"localhost:{self.port}"
        self.scheme = scheme
        self.settle()

    def settle(self):
        """New people and things, since hostile requests may have signed out, renamed or closed the ones before."""
        # Without a worker the site says by itself that it is not ready, with a 503.
        Heartbeat.objects.beat(WORKER, at=timezone.now())
        # Who worked here before has left, or the clinic would have a thousand therapists in the end.
        User.objects.update(is_active=False)
        self.people = {role: make_person(role.title()) for role in ("therapist", "editor", "owner")}
        tip, guide = make_tip(), make_tip(kind="guide")
        topic = Topic.objects.create(name=f"On {tip.slug}", slug=f"on-{tip.slug}")
        consultation = bring_to(RequestStatus.NEEDS_INFO, by=self.people["therapist"])
        self.known = {
            "tip": tip.slug,
            "tip_id": tip.pk,
            "guide": guide.slug,
            "topic": topic.slug,
            "token": consultation.link_token,
            "reference": consultation.reference,
            "person_id": self.people["editor"].pk,
        }

    def session(self, who):
        """Somebody signs in anew for each request, since the one before may have signed them out."""
        if who not in self.people:
            return ""
        return come_in(self.people[who]).cookies["sessionid"].value

    def faults_of_all(self, hostile, *, clients=1):
        """Of each answer what is wrong, while the next ones sign in."""
        with ThreadPoolExecutor(clients) as threads:
            answered = [threads.submit(self.faults, each, self.written(each)) for each in hostile]
        return [fault for each in answered for fault in each.result()]

    def written(self, hostile):
        return written(hostile, host=self.host, scheme=self.scheme, session=self.session(hostile.who))

    def faults(self, hostile, request):
        """What is wrong with the answer, in words; a slow one is asked for once more, since the machine has others."""
        answer = send(self.port, request, breaks_off=hostile.claims is not None)
        if answer.seconds > MOST_SECONDS:
            answer = send(self.port, request, breaks_off=hostile.claims is not None)
        found = [f"{answer.status}"] if answer.status >= 500 else []
        found += ["no answer"] if not answer.status and hostile.claims is None else []
        found += [f"{answer.seconds:.1f} s"] if answer.seconds > MOST_SECONDS else []
        found += [f"tells {word!r}" for word in TELLS if word in answer.body]
        return [f"{' and '.join(found)}: {hostile}"] if found else []


@pytest.fixture(params=["as shipped", "in production"])
def target(request, site, serving):
    if request.param == "as shipped":
        return Target(site, "http")
    return Target(serving(PRODUCTION).site, "https")


def test_no_request_made_by_hand_breaks_the_site(target, record_property):
    hostile = [*from_table(target.known), *shapes()]

    faults = target.faults_of_all(hostile)

    record_property("done", f"{len(hostile)} requests made by hand")
    assert len(hostile) > 200
    assert not faults, "\n".join(faults)
    assert ClinicSettings.objects.get().name == "Elm Street Clinic"


def test_no_request_that_was_generated_breaks_the_site(target, record_property):
    count = size("generated requests")
    # Another seed for each set-up, so that both together meet more.
    seed = f"{SEED} {target.scheme}"

    faults = []
    for start in range(0, count, AT_A_TIME):
        target.settle()
        generator = Generator(seed, target.known)
        numbers = range(start, min(start + AT_A_TIME, count))
        faults += target.faults_of_all(map(generator.request, numbers), clients=CLIENTS)

    record_property("done", f"{count} requests generated from seed {seed}")
    assert not faults, "\n".join(faults)
