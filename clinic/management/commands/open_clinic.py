from contextlib import contextmanager
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.core.management.color import no_style
from django.db import connection, transaction
from django.utils import timezone

from clinic import answers, appendonly, audit, emails
from clinic.checks import SAMPLE_HOST
from clinic.models import AuditAction, ClinicSettings, Holiday, OpeningHours, User, Weekday, forget
from tips.models import EDIT

from .demo import CONTENT, PASSWORDS, make_topics, write_sample

# What the migrations wrote, and a demonstration does not change.
KEPT = {"auth_group", "auth_group_permissions", "auth_permission", "django_content_type", "django_migrations"}
ABOUT_THE_CLINIC = {
    "name": "The clinic’s name",
    "phone": "Its phone number, such as (407) 698-5558",
    "address": "Its address",
    "tagline": "The large line on the home page; without one the name stands there",
    "zone": "Its time zone",
}
MAY_BE_EMPTY = {"address", "tagline"}
BACK = {"<", "back"}
TAKEN = "Somebody else here has this address."


class Back(Exception):
    """Somebody wants to see the question before."""


class Command(BaseCommand):
    help = (
        "Opens a clinic of your own in an empty database, or in the one of the demonstration, which is emptied first: asks "
        "for its name, phone, hours and people, and invites them. Nothing is kept before you have agreed to all of it."
    )

    def handle(self, *args, **options):
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        is_demo = self.is_demo_or_new()
        self.stdout.write("Enter alone takes what stands in brackets.")
        self.stdout.write("< or “back” goes back to the question before, or takes the last line of a list away.")
        self.stdout.write("Ctrl-C ends it, and nothing is kept.\n")
        try:
            facts = self.ask(is_demo=is_demo)
        except (EOFError, KeyboardInterrupt):
            raise CommandError("It ended before the last answer. Nothing was kept.") from None
        if not facts["sure"]:
            raise CommandError("Nothing was kept.")
        with transaction.atomic():
            if is_demo:
                empty()
            owner = open_clinic(facts, at=timezone.now())
        if is_demo:
            put_aside(Path(settings.AUDIT_HEADS))
            for file in [Path(settings.DATA_DIR) / PASSWORDS, *Path(settings.MAIL_DIR).glob("*.eml")]:
                file.unlink(missing_ok=True)
        forget()
        self.say_what_is_next(owner)

    def is_demo_or_new(self):
        people = User.objects.all()
        if people.exclude(email__iendswith=f"@{SAMPLE_HOST}").exists():
            raise CommandError(
                "This clinic has people already. Its settings are changed at the front desk, by an owner."
            )
        return people.exists()

    # Asking

    def ask(self, *, is_demo):
        """One question after the other, and back to the one before as often as somebody likes."""
        self.typed = {}
        facts = {"clinic": {}, "hours": [], "holidays": [], "me": {}, "people": [], "is_demo": is_demo}
        number = 0
        while number < len(questions := self.questions(facts)):
            try:
                questions[number](facts)
            except Back:
                number = max(number - 1, 0)
            else:
                number += 1
        return facts | {"people": everybody(facts)}

    def questions(self, facts):
        """In their order. Letters are asked of clinicians only: they stand for the safety screen by them."""
        letters = [self.ask_my_letters] if facts["me"].get("sees_patients") else []
        me = [self.ask_my_name, self.ask_my_address, self.ask_if_i_see_patients, *letters]
        about = [partial(self.ask_about_the_clinic, name) for name in ABOUT_THE_CLINIC]
        return [*about, self.ask_hours, self.ask_holidays, *me, self.ask_people, self.ask_about_drafts, self.agree]

    def ask_about_the_clinic(self, name, facts):
        field = ClinicSettings._meta.get_field(name)
        default = field.default if name == "zone" else ""
        read, may_be_empty = answers.as_field(field), name in MAY_BE_EMPTY
        facts["clinic"][name] = self.one(ABOUT_THE_CLINIC[name], read, default=default, may_be_empty=may_be_empty)

    def ask_hours(self, facts):
        self.stdout.write(
            "\nOpening hours: a line for each day or row of days, such as  Mon-Fri 8:00-12:00 13:00-18:00"
        )
        self.several("Hours", more_hours, facts["hours"], least=1)

    def ask_holidays(self, facts):
        self.stdout.write("\nHolidays, and other days on which nobody answers, such as  YYYY-12-25 Christmas Day")
        self.several("Holiday", partial(another_day, ZoneInfo(facts["clinic"]["zone"])), facts["holidays"])

    def ask_my_name(self, facts):
        self.stdout.write("\nYou, who set this up, are an owner.")
        facts["me"]["name"] = self.one("Your name", answers.full_name)

    def ask_my_address(self, facts):
        facts["me"]["email"] = self.one("Your e-mail address", partial(nobody_elses, facts["people"]))

    def ask_if_i_see_patients(self, facts):
        question = "Do you see patients (yes or no)"
        facts["me"]["sees_patients"] = self.one(question, answers.yes_or_no, default="no")

    def ask_my_letters(self, facts):
        letters = "Letters behind your name, such as PT, DPT"
        facts["me"]["credentials"] = self.one(letters, answers.letters, may_be_empty=True)

    def ask_people(self, facts):
        self.stdout.write("\nThe others, such as  Sam Okafor; sam@clinic.example; therapist; PT, DPT")
        self.stdout.write(f"There are {', '.join(answers.ROLES)}; one person may be several, with commas between.")
        self.several("Person", partial(somebody_else, facts["me"]["email"]), facts["people"])

    def ask_about_drafts(self, facts):
        self.stdout.write("\nThe sample tips can stay as drafts, for your editors and clinicians to check and publish.")
        facts["drafts"] = self.one("Keep them as drafts (yes or no)", answers.yes_or_no, default="yes")

    def agree(self, facts):
        self.show(facts | {"people": everybody(facts)})
        if facts["is_demo"]:
            self.stdout.write("\nThe demonstration is removed first: its accounts, requests and articles.")
        facts["sure"] = self.one("\nOpen it (yes or no)", answers.yes_or_no, default="no")

    def one(self, label, read, *, default="", may_be_empty=False):
        """The answer to one question, asked until it can be taken; asked again, it stands there."""
        default = self.typed.get(label, default)
        while True:
            text = self.line(f"{label} [{default}]: " if default else f"{label}: ") or default
            if not text and may_be_empty:
                return ""
            with self.saying_what_is_wrong():
                answer = read(answers.needed(text))
                self.typed[label] = text
                return answer

    def several(self, label, read, found, *, least=0):
        """A line each, until an empty one, into `found`: what stood there already stays."""
        lines = self.typed.setdefault(label, [])
        for line in lines:
            self.stdout.write(f"  so far: {line}")
        while True:
            is_enough = len(found) >= least
            try:
                text = self.line(f"{label} (Enter alone goes on): " if is_enough else f"{label}: ")
            except Back:
                if not found:
                    raise
                found.pop()
                self.stdout.write(f"  Taken away: {lines.pop()}")
                continue
            if not text and is_enough:
                return
            with self.saying_what_is_wrong():
                found.append(read(answers.needed(text), found))
                lines.append(text)

    def line(self, prompt):
        self.stdout.write(prompt, ending="")
        self.stdout.flush()
        text = " ".join(input().split())
        if text.lower() in BACK:
            raise Back
        return text

    @contextmanager
    def saying_what_is_wrong(self):
        try:
            yield
        except answers.Wrong as wrong:
            self.stdout.write(f"  {wrong}")

    # Telling

    def show(self, facts):
        clinic = facts["clinic"]
        self.stdout.write(
            "\n"
            + ", ".join(
                filter(
                    None, [clinic["name"], clinic["tagline"], str(clinic["phone"]), clinic["address"], clinic["zone"]]
                )
            )
        )
        for day, opens, closes in sorted(each for some in facts["hours"] for each in some):
            self.stdout.write(f"  {Weekday(day).label} {opens:%H:%M}–{closes:%H:%M}")
        for day, name in facts["holidays"]:
            self.stdout.write(f"  closed on {day}: {name}")
        for person in facts["people"]:
            letters = f", {person['credentials']}" if person["credentials"] else ""
            self.stdout.write(f"  {person['name']}{letters}, {person['email']}: {', '.join(person['roles'])}")
        self.stdout.write(f"  The sample tips {'stay as drafts' if facts['drafts'] else 'are not kept'}.")

    def say_what_is_next(self, owner):
        self.stdout.write(self.style.SUCCESS("\nThe clinic is set up. It is not yet ready for patients."))
        self.stdout.write(f"You sign in as {owner.username}. Choose your password within three days at")
        self.stdout.write(f"  {settings.BASE_URL}{emails.path_to_choose_a_password(owner)}")
        self.stdout.write("The others get an invitation by mail, once the worker runs.")
        self.stdout.write(f"What is not ready yet stands at {settings.BASE_URL}/admin/opening/")


def more_hours(text, found):
    return answers.hours(text, beside=[stretch for some in found for stretch in some])


def another_day(zone, text, found):
    """Today is the clinic's, which in its evening may not be the machine's any more."""
    day, name = answers.holiday(text)
    if any(day == their_day for their_day, _name in found):
        raise answers.Wrong(f"{day} stands here already.")
    if day < timezone.localdate(timezone=zone):
        raise answers.Wrong(f"{day} is past.")
    return day, name


def somebody_else(mine, text, found):
    person = answers.person(text)
    if person["email"] == mine:
        raise answers.Wrong(TAKEN)
    nobody_elses(found, person["email"])
    return person


def nobody_elses(people, text):
    email = answers.address(text)
    if any(email == person["email"] for person in people):
        raise answers.Wrong(TAKEN)
    return email


def everybody(facts):
    me = facts["me"]
    roles = ["Owner", "Therapist"] if me["sees_patients"] else ["Owner"]
    letters = me.get("credentials", "") if me["sees_patients"] else ""
    return [{"name": me["name"], "email": me["email"], "roles": roles, "credentials": letters}, *facts["people"]]


# Doing it


def empty():
    """Every table but those that the migrations filled, the append-only ones too: a demonstration is no record of anything."""
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False))
    appendonly.lift()
    connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), sorted(tables - KEPT), reset_sequences=True))
    appendonly.install()


def put_aside(heads):
    """The heads of the demonstration's audit: the new one's is another chain, which they would call broken."""
    if heads.exists():
        heads.rename(heads.with_name(f"{heads.name}.demonstration"))


def open_clinic(facts, *, at):
    """All that was answered, in the caller's transaction; gives the owner, who is the first of the people."""
    ClinicSettings(**facts["clinic"]).save()
    OpeningHours.objects.bulk_create(
        OpeningHours(weekday=day, opens=opens, closes=closes) for some in facts["hours"] for day, opens, closes in some
    )
    Holiday.objects.bulk_create(
        (Holiday(date=day, name=name) for day, name in facts["holidays"]), ignore_conflicts=True
    )
    audit.record(
        AuditAction.SETTINGS_CHANGED, by=None, at=at, reference="clinicsettings 1", fields=sorted(facts["clinic"])
    )
    people = []
    for each in facts["people"]:
        people.append(take_in(each, taken=[person.username for person in people], at=at))
    if facts["drafts"]:
        keep_drafts(next((person for person in people if person.has_perm(EDIT)), people[0]))
    return people[0]


def take_in(facts, *, taken, at):
    person = User(
        username=answers.username_for(facts["name"], taken),
        display_name=facts["name"],
        email=facts["email"],
        credentials=facts["credentials"],
        is_staff=True,
    )
    person.set_unusable_password()
    person.save()
    person.groups.set(Group.objects.filter(name__in=facts["roles"]))
    audit.record(AuditAction.ADDED, by=None, at=at, reference=audit.named(person), roles=sorted(facts["roles"]))
    emails.invitation(person, at=at)
    return person


def keep_drafts(author):
    """The sample tips and guides as somebody's drafts: nobody has agreed to them, and nobody is named as their reviewer."""
    topics = make_topics()
    for path in sorted(CONTENT.glob("*.md")):
        write_sample(path, author, topics, published_at=None)
