"""Visitors who do not give up, and what is wrong between what they were told and what is kept."""

import http.client
import secrets
import time
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from http.cookiejar import DefaultCookiePolicy

from appointments.draft import SEAL
from appointments.models import PatientStatement
from clinic.models import OutgoingMail
from clinic.sealing import seal, unseal
from tests.visitor import ANSWERS, Visitor

CHECK = "/consultation/check/"
# What a clinic runs, behind a proxy that speaks https.
PRODUCTION = {
    "DEBUG": "off",
    "ALLOWED_HOSTS": "clinic.example,localhost",
    "BASE_URL": "https://clinic.example",
    "EMAIL_URL": "smtp+tls://user:password@127.0.0.1:9",
    "PROXY_COUNT": "1",
}
PATIENCE_SECONDS = 120


def address_of(goal):
    """An address for each goal: one contact may not send without end."""
    return f"{goal.replace(' ', '-')}@patients.example"


def another_form(carried, goal):
    """The sealed answers of one visitor, as another would carry them who has another goal."""
    draft = unseal(carried, purpose=SEAL)
    draft["key"] = secrets.token_urlsafe(24)
    draft["answers"]["problem"]["goal"] = [goal]
    draft["answers"]["contact"]["email"] = [address_of(goal)]
    return seal(draft, purpose=SEAL)


def through_a_proxy(visitor):
    """As everybody comes in production: by https to the proxy, which is plain with the site and passes secure cookies on."""
    visitor.cookies.set_policy(DefaultCookiePolicy(secure_protocols=("http", "https")))
    origin = visitor.site.replace("http:", "https:")
    visitor.opener.addheaders = [
        ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "192.0.2.7"), ("Origin", origin),
    ]  # fmt: skip
    return visitor


class Persistent(Visitor):
    """Presses the same button again for as long as the server is away or fails."""

    def read(self, request, seconds):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            # A press that is repeated begins afresh; else its redirects are added up and taken for a loop.
            if isinstance(request, urllib.request.Request):
                vars(request).pop("redirect_dict", None)
            try:
                return super().read(request, seconds)
            except urllib.error.HTTPError as error:
                error.close()
                if error.code < 500:
                    raise
            except (http.client.HTTPException, OSError):
                pass
            time.sleep(0.05)
        raise TimeoutError("the server gave no answer")

    def walk(self, goal):
        """Answer every page, up to the last one."""
        own = {"goal": goal, "email": address_of(goal)}
        for step, answers in ANSWERS.items():
            self.get(f"/consultation/{step}/")
            typed = answers | {name: value for name, value in own.items() if name in answers}
            self.post(f"/consultation/{step}/", self.hidden() | typed)
        self.form = self.hidden()

    def send(self):
        """Press Send until a page shows the reference; gives that."""
        self.post(CHECK, self.form)
        assert self.reference, "the visitor was led to a page without a reference"
        return self.reference

    def send_another(self, goal):
        """Send a form as the last one was, but for its goal."""
        self.form |= {"carried": another_form(self.form["carried"], goal)}
        return self.send()


def faults(told):
    """What is wrong in the database at hand; `told` is the references by goal."""
    rows = PatientStatement.objects.values_list("goal", "consultation__reference")
    return faults_among(rows, OutgoingMail.objects.filter(event="received").values_list("reference", flat=True), told)


def faults_among(rows, mailed, told):
    """One sentence for each request that is lost, doubled or known by two names."""
    kept = defaultdict(list)
    for goal, reference in rows:
        kept[goal].append(reference)
    received = Counter(mailed)
    found = [f"{goal} was never sent" for goal in kept.keys() - told.keys()]
    for goal, references in told.items():
        if goal not in kept:
            found.append(f"{goal} is lost")
        elif len(kept[goal]) > 1:
            found.append(f"{goal} is kept {len(kept[goal])} times")
        elif set(references) != set(kept[goal]):
            found.append(f"{goal} is {kept[goal][0]}, and the visitor read {sorted(set(references))}")
        elif received[kept[goal][0]] != 1:
            found.append(f"{goal} has {received[kept[goal][0]]} mails")
    return sorted(found)
