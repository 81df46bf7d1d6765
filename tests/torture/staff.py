"""Members of staff who do at random what they may and may not, and what the audit has to say of each act.

What is expected is told from what was asked for, what the page showed and what the database holds afterwards: never
from the audit.
"""

import re
from datetime import date, timedelta

from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.forms.models import model_to_dict
from django.test import Client

from appointments.admin.queue import PARTS
from appointments.models import ConsultationRequest, Note
from clinic import audit
from clinic.models import AuditEntry, ClinicSettings, Holiday, User
from clinic.signin import steps_of
from tests.appointments.desk import references
from tests.appointments.stages import S, bring_to, make_arrived
from tests.factories import PASSWORD, TOTP_SECRET, code_of_app, come_in, make_person, make_tip
from tips.models import Tip

ACTS = {
    "claim": {},
    "note": {"text": "Call after five."},
    "decline": {"reason": "too_far", "next_step": "other_clinic"},
    "ask": {"question": "Which side?"},
    "spam": {},
    "restore": {"reason": "A real person."},
    "answer": {"text": "The left."},
    "take_back": {},
    "hand_over": {"reason": "I am away."},
}
TERMS = ["nunez", "Zo", "zoe@patients.example", "(407) 698-5559", "x", "CR-NOSUCH", "?"]
TEXT = {"title": "Stand up", "summary": "Often.", "body": "Every hour.", "sources": "A study."}
ROLES = ["Therapist", "Editor"]


class Desk:
    """Everybody at work, each in a browser of their own. An act gives the rows that it should have left."""

    def __init__(self, random):
        self.random = random
        roles = {"owner": "Owner", "therapist": "Therapist", "colleague": "Therapist", "editor": "Editor"}
        self.people = {name: make_person(role) for name, role in roles.items()}
        self.browsers = {name: come_in(person) for name, person in self.people.items()}
        # Whose account is changed; nobody is at work with it.
        self.newcomer = make_person("Editor")
        self.tip = make_tip(author=self.people["editor"], published_at=None)
        self.token = None
        self.acts = [act for name in dir(self) if name.startswith("do_") for act in [getattr(self, name)]]
        # One time of one therapist is offered once.
        self.requests = [self.arrive(S.PROPOSED), *(self.arrive() for _ in range(9))]

    def arrive(self, status=None):
        status = status or self.random.choice([S.NEW, S.NEW, S.IN_REVIEW, S.NEEDS_INFO, S.SPAM, S.DECLINED])
        return make_arrived() if status == S.NEW else bring_to(status, by=self.people["therapist"])

    def one_act(self):
        """Somebody does something; gives its name, what it should have left and what it has."""
        before = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        self.name = self.random.choice([*self.people, "therapist", "colleague"])
        self.person, self.browser = self.people[self.name], self.browsers[self.name]
        act = self.random.choice(self.acts)
        expected = act()
        left = AuditEntry.objects.filter(pk__gt=before).values_list("action", "by", "reference", "detail")
        return act.__name__, plain(expected), plain(left)

    def row(self, action, reference="", **detail):
        return action, self.person.pk, reference, detail

    def unless_refused(self, answer, *roles, reference=""):
        """The one row of a refusal for all but these roles; None for those who may."""
        if self.name in roles:
            return None
        assert answer.status_code == 403
        return [self.row("refused", reference, method=answer.request["REQUEST_METHOD"])]

    triaging = ("owner", "therapist", "colleague")

    # Requests

    def do_look_at_the_queue(self):
        answer = self.browser.get("/admin/queue/", {"show": self.random.choice([*PARTS, "nonsense"])})
        return self.unless_refused(answer, *self.triaging) or [self.row("listed", references=references(answer))]

    def do_open_a_request(self):
        reference = self.random.choice(self.requests).reference
        answer = self.browser.get(f"/admin/queue/{reference}/")
        return self.unless_refused(answer, *self.triaging, reference=reference) or [self.row("opened", reference)]

    def do_something_with_a_request(self):
        if self.random.random() < 0.1:
            self.requests[self.random.randrange(len(self.requests))] = self.arrive()
        request, act = self.random.choice(self.requests), self.random.choice([*ACTS])
        sent = ACTS[act] | ({"to": self.people["colleague"].pk} if act == "hand_over" else {})
        # The same note within a minute is one note, by two presses that are both recorded.
        sent |= {"text": f"{sent['text']} {self.random.random()}"} if act == "note" else {}
        sent = {} if self.random.random() < 0.1 else sent
        before = facts_of(request)
        answer = self.browser.post(f"/admin/queue/{request.reference}/{act}/", sent)
        if refused := self.unless_refused(answer, *self.triaging, reference=request.reference):
            return refused
        if facts_of(request) == before:
            return [self.row("opened", request.reference)]
        return [self.row("handed_over" if act == "hand_over" else "changed", request.reference, act=act)]

    def do_something_with_several(self):
        chosen = self.random.sample(self.requests, 3)
        before = {each.reference: facts_of(each) for each in chosen}
        sent = {"show": "new", "act": "claim", "reference": [*before]}
        answer = self.browser.post("/admin/queue/act/", sent)
        taken = [each.reference for each in chosen if facts_of(each) != before[each.reference]]
        done = [self.row("changed", reference, act="claim") for reference in taken]
        return self.unless_refused(answer, *self.triaging) or done

    def do_open_what_is_not_there(self):
        answer = self.browser.get("/admin/queue/CR-NOSUCH/")
        assert answer.status_code in {403, 404}
        return self.unless_refused(answer, *self.triaging, reference="CR-NOSUCH") or []

    def do_search(self):
        term = self.random.choice([*TERMS, self.requests[0].reference])
        answer = self.browser.post("/admin/queue/search/", {"term": term})
        found = [term] if answer.status_code == 302 else references(answer)
        searched = self.row("searched", term=audit.fingerprint(term), references=found)
        return self.unless_refused(answer, *self.triaging) or [searched]

    def do_look_at_the_calendar(self):
        answer = self.browser.get("/admin/calendar/", {"week": "2026-W10"})
        shown = re.findall(r'href="/admin/queue/(CR-\w{6})/"', answer.content.decode())
        listed = self.row("listed", references=shown, week="2026-W10")
        return self.unless_refused(answer, *self.triaging) or [listed]

    def do_open_or_close_the_feed(self):
        act, path = self.random.choice([("open_feed", "feed/"), ("close_feed", "feed/close/")])
        answer = self.browser.post(f"/admin/calendar/{path}")
        if refused := self.unless_refused(answer, *self.triaging):
            return refused
        if self.name == "therapist":
            found = re.search(r"/calendar/([\w-]+)\.ics", answer.content.decode())
            self.token = found[1] if found else None
        return [self.row("changed", audit.named(self.person), act=act)]

    def do_fetch_the_feed(self):
        answer = Client().get(f"/calendar/{self.token or 'x' * 43}.ics")
        self.person = self.people["therapist"]
        return [self.row("listed", references=[])] if answer.status_code == 200 else []

    # People and settings

    def do_list_people(self):
        answer = self.browser.get("/admin/clinic/user/")
        return self.unless_refused(answer, "owner") or [self.row("listed", rows=User.objects.count())]

    def do_open_a_person(self):
        answer = self.browser.get(f"/admin/clinic/user/{self.newcomer.pk}/change/")
        return self.unless_refused(answer, "owner") or [self.row("opened", audit.named(self.newcomer))]

    def do_change_a_person(self):
        pick, person = self.random.choice, self.newcomer
        before = facts_of_person(person)
        names = {"username": person.username, "email": person.email, "credentials": pick(["", "PT"])}
        boxes = {"is_staff": "on"} | pick([{}, {"is_active": "on"}])
        groups = {"groups": [each.pk for each in person.groups.model.objects.filter(name__in=pick([ROLES, ROLES[:1]]))]}
        sent = names | boxes | groups | {"display_name": person.display_name}
        answer = self.browser.post(f"/admin/clinic/user/{person.pk}/change/", sent)
        if refused := self.unless_refused(answer, "owner"):
            return refused
        assert answer.status_code == 302, answer.context["errors"]
        after, reference, rows = facts_of_person(person), audit.named(person), []
        if after["roles"] != before["roles"]:
            rows.append(self.row("role_changed", reference, roles=after["roles"], staff=True))
        if after["active"] != before["active"]:
            rows.append(self.row("account_changed", reference, active=after["active"]))
        fields = ["credentials"] if after["credentials"] != before["credentials"] else []
        return [*rows, self.row("changed", reference, fields=fields)] if fields or not rows else rows

    def do_something_for_a_person(self):
        act, row = self.random.choice([
            ("invite_again", ("changed", {"act": "invited"})),
            ("take_second_step_away", ("second_factor_changed", {"act": "removed"})),
        ])  # fmt: skip
        # Whoever has none is told to have nothing taken away.
        if not steps_of(self.newcomer).exists():
            TOTP.activate(self.newcomer, TOTP_SECRET)
        answer = self.browser.post("/admin/clinic/user/", {"action": act, "_selected_action": self.newcomer.pk})
        if refused := self.unless_refused(answer, "owner"):
            return refused
        # Nobody is invited to an account that is closed.
        is_closed = not User.objects.get(pk=self.newcomer.pk).is_active
        return [] if act == "invite_again" and is_closed else [self.row(row[0], audit.named(self.newcomer), **row[1])]

    def do_change_the_settings(self):
        clinic = model_to_dict(ClinicSettings.objects.get())
        sent = {name: "on" if value is True else value for name, value in clinic.items() if value is not False}
        answer = self.browser.post(
            "/admin/clinic/clinicsettings/1/change/", sent | {"tagline": f"No. {self.random.random()}"}
        )
        done = self.row("settings_changed", "clinicsettings 1", fields=["tagline"])
        return self.unless_refused(answer, "owner") or [done]

    def do_add_a_holiday(self):
        day = date(2026, 1, 1) + timedelta(days=self.random.randrange(400))
        is_new = not Holiday.objects.filter(date=day).exists()
        answer = self.browser.post("/admin/clinic/holiday/add/", {"date": day.isoformat(), "name": "Closed"})
        if refused := self.unless_refused(answer, "owner"):
            return refused
        return [self.row("added", audit.named(Holiday.objects.get(date=day)))] if is_new else []

    def do_remove_holidays(self):
        gone = list(Holiday.objects.order_by("pk")[:2])
        sent = {"action": "delete_selected", "post": "yes", "_selected_action": [each.pk for each in gone]}
        answer = self.browser.post("/admin/clinic/holiday/", sent)
        if refused := self.unless_refused(answer, "owner"):
            return refused
        assert not Holiday.objects.filter(pk__in=[each.pk for each in gone]).exists()
        # With none to remove the list is shown once more.
        return [self.row("removed", audit.named(each)) for each in gone] or [self.row("listed", rows=0)]

    # Articles, which are public: what is done with them, and not who reads them

    def do_read_an_article(self):
        assert self.browser.get(f"/admin/articles/{self.tip.pk}/").status_code == 200
        return []

    def do_write_an_article(self):
        slug = f"stand-up-{self.random.getrandbits(60)}"
        sent = TEXT | {"slug": slug, "author": self.person.pk, "publish_at": "", "expire_at": ""}
        answer = self.browser.post("/admin/tips/tip/add/", sent)
        if refused := self.unless_refused(answer, "therapist", "colleague", "editor"):
            return refused
        self.tip = Tip.objects.get(slug=slug)
        return [self.row("added", audit.named(self.tip))]

    def do_send_an_article_to_review(self):
        before = Tip.objects.get(pk=self.tip.pk).status
        answer = self.browser.post(f"/admin/articles/{self.tip.pk}/submit/")
        moved = Tip.objects.get(pk=self.tip.pk).status != before
        done = [self.row("changed", audit.named(self.tip), act="submit")] if moved else []
        return self.unless_refused(answer, "therapist", "colleague", "editor") or done

    def do_lend_an_article(self):
        answer = self.browser.post(f"/admin/articles/{self.tip.pk}/links/")
        done = [self.row("changed", audit.named(self.tip), act="link")]
        return self.unless_refused(answer, "therapist", "colleague", "editor") or done

    # Coming, going, and looking at who looked

    def do_sign_in_and_out(self):
        browser, reference = Client(), audit.named(self.person)
        cache.clear()  # which remembers the app's codes, and takes each once
        browser.post("/admin/sign-in/", {"login": self.person.username, "password": PASSWORD})
        if steps_of(self.person).exists():
            browser.post("/admin/sign-in/second-step/", {"code": code_of_app()})
        browser.post("/admin/sign-out/")
        return [self.row("signed_in", reference), self.row("signed_out", reference)]

    def do_fail_to_sign_in(self):
        login = self.random.choice([self.person.username, self.person.email, "nobody", PASSWORD])
        Client().post("/admin/sign-in/", {"login": login, "password": "wrong"})
        known = audit.named(self.person) if login in {self.person.username, self.person.email} else ""
        return [("sign_in_failed", None, known, {"name": audit.fingerprint(login)})]

    def do_come_as_a_stranger(self):
        Client().get(f"/admin/queue/{self.requests[0].reference}/")
        return []

    def do_look_at_who_looked(self):
        sought = self.random.choice([{}, {"action": "opened"}, {"by": self.people["therapist"].pk}])
        rows = min(50, AuditEntry.objects.filter(**sought).count())
        answer = self.browser.get("/admin/audit/", sought)
        return self.unless_refused(answer, "owner") or [self.row("listed", rows=rows, sought=sought)]


def facts_of(request):
    fresh = ConsultationRequest.objects.get(pk=request.pk)
    return fresh.status, fresh.version, fresh.assigned_to_id, Note.objects.filter(consultation=request).count()


def facts_of_person(person):
    fresh = User.objects.get(pk=person.pk)
    roles = sorted(group.name for group in fresh.groups.all())
    return {"roles": roles, "active": fresh.is_active, "credentials": fresh.credentials}


def plain(rows):
    """Rows in one order, and what they list too: the order in which a page lists things is not what is proved here."""
    ordered = [
        (*rest, {name: sorted(value) if isinstance(value, list) else value for name, value in detail.items()})
        for *rest, detail in rows
    ]
    return sorted(ordered, key=repr)
