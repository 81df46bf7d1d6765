import os
import secrets
import tomllib
from datetime import date, time, timedelta
from pathlib import Path

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from appointments import sample_year
from appointments.forms import SCREEN
from appointments.models import ConsultationRequest, free_times
from appointments.models.statement import Mode
from clinic.checks import SAMPLE_HOST
from clinic.models import ClinicSettings, Holiday, OpeningHours, OutgoingMail, User, forget
from clinic.signin import SecondStep, sees_requests
from tips.models import Tip, TipKind, Topic

PASSWORDS = "staff-passwords.txt"
CONTENT = settings.BASE_DIR / "tips" / "demo"
PEOPLE = [
    ("owner", "Robin Vale", "", ["Owner"]),
    ("therapist", "Sam Okafor", "PT, DPT (sample)", ["Therapist"]),
    ("therapist2", "Ana Lindqvist", "PT, DPT (sample)", ["Therapist"]),
    ("editor", "Nora Fields", "", ["Editor"]),
    ("editor2", "Luis Marin", "", ["Editor"]),
    ("reviewer", "Jo Adeyemi", "PT, DPT, OCS (sample reviewer)", ["Clinical reviewer"]),
]
TOPICS = {
    "running": ("Running", "Strength work for people who run."),
    "desk-work": ("Desk work", "For necks, shoulders and backs that sit all day."),
    "older-adults": ("Over 60", "Strength and balance for later decades."),
    "lower-back": ("Lower back", "Staying strong and active with a sore back."),
    "knees": ("Knees", "Building a knee up again."),
    "cycling": ("Cycling", "What the bike does not train."),
    "new-parents": ("New parents", "Coming back after birth, step by step."),
    "recovery": ("Recovery", "Rest, sleep and the days in between."),
    "getting-started": ("Getting started", "The first weeks of strength training."),
}
# What the sample patients have in common: no two are reached at one place, and nobody real is.
SAID = {
    "for_whom": "me",
    "age": "adult",
    "duration": "weeks",
    "onset": "gradually",
    "any_time": False,
    "windows": ["mon-am", "tue-am", "wed-pm", "thu-am"],
    "modes": ["clinic", "phone"],
    "prefer": "email",
}
URGENT_SIGN = {"emergency": ["none"], "urgent": ["U9"], "seen": []}
# How many hours ago, who, and: region, urgency, why it looks like spam, and what they said.
REQUESTS = [
    (1, "Sample Ada", ("back", "urgent", "", {"goal": "Lift my grandson", "email": "ada@patients.example", "safety": URGENT_SIGN})),
    (2, "Sample Ben", ("knee", "routine", "", {"goal": "Run 5 km again", "email": "ben@patients.example", "pain_score": 4})),
    (3, "Sample Ines", ("shoulder", "routine", "", {"goal": "Swim", "email": "ines@patients.example", "any_time": True})),
    (5, "Sample Marcus", ("hip", "routine", "", {"goal": "Climb stairs", "email": "marcus@patients.example"})),
    (6, "Sample Grace", ("neck", "routine", "", {"goal": "Work without a sore neck", "email": "grace@patients.example"})),
    (7, "Sample Tomas", ("lower_leg", "routine", "", {"goal": "Hike", "phone": "+14075550142", "prefer": "phone"})),
    (4, "Sample Offer", ("advice", "routine", "links", {"goal": "www.cheap.example", "email": "offer@spam.example"})),
]  # fmt: skip
# The order in which they appear, newest first.
ORDER = ["strength-training-for-runners", "strength-for-desk-workers", "strength-after-60"]

# Of articles that are live, what a newer text says in its summary, and who has agreed to that: each desk has something to do.
IN_WORK = {
    "strength-for-cyclists": ("What strength work can add to your riding, and five exercises that fit between two rides.", None),
    "strength-after-60": ("How to build strength and balance after 60 at home: five simple exercises, and when to stop.", []),
    "strength-for-new-parents": ("Gentle ways to rebuild strength after birth: five short exercises, and when to get help.", ["editor2"]),
}  # fmt: skip


class Command(BaseCommand):
    help = "Fills an empty site with the sample clinic, its tips and guides, and six staff accounts."

    def add_arguments(self, parser):
        parser.add_argument(
            "--year", action="store_true", help="and a year of sample requests, also to a sample clinic"
        )

    @transaction.atomic
    def handle(self, *args, year=False, **options):
        if year and not settings.DEBUG:
            raise CommandError("A year of sample requests is for development, and DEBUG is off.")
        # Whose passwords stand in a file and on a screen; the site would not start beside them.
        if settings.PRODUCTION:
            raise CommandError("The sample accounts are for development. A real clinic is opened with open_clinic.")
        if not year or not User.objects.exists():
            self.fill()
        if year:
            self.add_year()

    def add_year(self):
        """To a sample clinic alone, and once."""
        forget()
        if not ClinicSettings.current().is_demo:
            raise CommandError("A year of sample requests is for the sample clinic. This one is real.")
        if sample_year.is_there():
            self.stdout.write("The year of sample requests is there already.")
            return
        staff = list(User.objects.filter(groups__name="Therapist", email__endswith=f"@{SAMPLE_HOST}").order_by("pk"))
        if not staff:
            raise CommandError("The sample therapists are not here.")
        count = sample_year.make(staff, at=timezone.now())
        self.stdout.write(f"A year of {count} sample requests. Nobody was mailed.")

    def fill(self):
        if User.objects.exists():
            raise CommandError("The sample content is for an empty site. This one has people already.")
        set_up_clinic()
        passwords = {username: secrets.token_urlsafe(12) for username, *_ in PEOPLE}
        people = {username: make_person(username, *facts, passwords[username]) for username, *facts in PEOPLE}
        topics = make_topics()
        # Written first, all of them: they name each other.
        written = [
            write_sample(path, people["editor"], topics, published_at=timezone.now() - timedelta(days=3 + 9 * age))
            for age, path in enumerate(sorted(CONTENT.glob("*.md"), key=newest_first))
        ]
        for tip, facts in written:
            agree(tip, facts, people)
            if tip.slug in IN_WORK:
                begin_anew(tip, *IN_WORK[tip.slug], people, at=timezone.now() - timedelta(hours=2))
        # Nobody has to hear what the sample editors did.
        OutgoingMail.objects.all().delete()
        ask_for_consultations(people, now=timezone.now())
        # They leave now: promised when the sample requests came, they would be told to the owner as an outage.
        OutgoingMail.objects.update(queued_at=timezone.now())
        steps = {username: add_second_step(person) for username, person in people.items() if sees_requests(person)}
        file = keep(passwords)
        self.stdout.write("Sample staff accounts, each with a password made just now:\n")
        for username, password in passwords.items():
            self.stdout.write(f"  {username:<12}{password}")
        self.stdout.write(f"\nThey are kept in {file}, which only you can read.\n")
        self.stdout.write("Who sees requests is asked for a second step. For an authenticator app:\n")
        for username, address in steps.items():
            self.stdout.write(f"  {username:<12}{address}")
        self.stdout.write(
            "\nWithout an app: .venv/bin/python manage.py second_step therapist  prints the code of the moment."
        )


def add_second_step(person):
    """An authenticator app's secret, and the line that sets it up in one."""
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    return SecondStep().build_totp_url(person, secret)


def newest_first(path):
    return (ORDER.index(path.stem) if path.stem in ORDER else len(ORDER), path.stem)


def set_up_clinic():
    ClinicSettings(
        name="B Physical Therapy",
        tagline="Strong again, at your own pace.",
        phone="+14076985558",
        address="Winter Springs, Florida",
        complimentary="A complimentary first talk with a physical therapist about what hurts and what you want to get back to. It costs nothing and commits you to nothing.",
        offers_video=True,
        video_words="Open https://video.clinic.example at the time; there is nothing to install",
        is_demo=True,
    ).save()
    for weekday in range(5):
        OpeningHours(weekday=weekday, opens=time(8), closes=time(18)).save()
    this_year = timezone.localdate().year
    for year in (this_year, this_year + 1):
        for month, day, name in [(1, 1, "New Year’s Day"), (7, 4, "Independence Day"), (12, 25, "Christmas Day")]:
            Holiday(date=date(year, month, day), name=name).save()


def make_person(username, display_name, credentials, groups, password):
    person = User(
        username=username,
        email=f"{username}@{SAMPLE_HOST}",
        display_name=display_name,
        credentials=credentials,
        is_staff=True,
    )
    person.set_password(password)
    person.save()
    person.groups.set(Group.objects.filter(name__in=groups))
    return person


def make_topics():
    return {slug: Topic.objects.create(slug=slug, name=name, description=text) for slug, (name, text) in TOPICS.items()}


def write_sample(path, author, topics, *, published_at):
    """One of the sample texts, written when it was last reviewed or, if that is earlier, published."""
    _, front, body = path.read_text(encoding="utf-8").split("+++\n", 2)
    facts = tomllib.loads(front)
    at = timezone.now() - timedelta(days=facts["reviewed_days_ago"])
    tip = Tip(kind=TipKind(facts["kind"]), slug=path.stem, author=author, publish_at=published_at)
    tip.save()
    now = {"by": author, "at": min(at, published_at or at)}
    tip.arrange(topics=[topics[slug] for slug in facts["topics"]], regions=facts["regions"], **now)
    tip.revise(
        title=facts["title"],
        summary=facts["summary"],
        body=body.strip(),
        sources="\n".join(facts["sources"]),
        call_to_action=facts["call_to_action"],
        **now,
    )
    return tip, facts


def agree(tip, facts, people):
    """The whole way, by three people; one that was published longer ago was read again since."""
    text, reviewed_at = tip.latest, timezone.now() - timedelta(days=facts["reviewed_days_ago"])
    at = text.written_at
    tip.submit(by=people["editor"], at=at)
    tip.approve_editorial(text, by=people["editor2"], at=at)
    again = timedelta(days=30 * facts["next_review_months"])
    tip.approve_clinical(text, next_review=timezone.localdate(at) + again, by=people["reviewer"], at=at)
    if reviewed_at > tip.publish_at:
        next_review = timezone.localdate(reviewed_at) + again
        tip.confirm(tip.live, next_review=next_review, by=people["reviewer"], at=reviewed_at)


def begin_anew(tip, summary, agreed, people, *, at):
    """A newer text by its author: only begun, or sent on to whoever is to agree to it."""
    tip.revise(**tip.live.text | {"summary": summary}, by=people["editor"], at=at)
    if agreed is not None:
        tip.submit(by=people["editor"], at=at)
    for username in agreed or ():
        tip.approve_editorial(tip.latest, by=people[username], at=at)


def ask_for_consultations(people, *, now):
    """A handful of requests at different places of their way, so that the queue and the week can be looked at."""
    therapist = people["therapist"]
    forget()
    sent = {name: submit(name, facts, at=now - timedelta(hours=hours)) for hours, name, facts in REQUESTS}
    sent["Sample Ines"].claim(by=therapist, at=now - timedelta(hours=1))
    asked = sent["Sample Marcus"]
    asked.ask(question="Which side is it, and does it wake you at night?", by=therapist, at=now - timedelta(hours=1))
    clinic = ClinicSettings.current()
    free = free_times(therapist, at=now, clinic=clinic)
    visit = {"minutes": clinic.visit_minutes, "mode": Mode.CLINIC, "by": therapist, "at": now}
    sent["Sample Tomas"].book(next(free), **visit)
    sent["Sample Grace"].propose([next(free), next(free)], **visit)


def submit(name, facts, *, at):
    region, urgency, suspicion, said = facts
    nothing = {"emergency": ["none"], "urgent": ["none"], "seen": []}
    said = SAID | {"full_name": name, "safety_version": SCREEN.version, "safety": nothing} | said
    tip = Tip.objects.published(at=at).filter(slug=ORDER[0]).first()
    return ConsultationRequest.objects.submit(
        form_key=secrets.token_urlsafe(24),
        region=region,
        urgency=urgency,
        tip=tip,
        said=said,
        suspicion=suspicion,
        at=at,
    )


def keep(passwords):
    """Write the passwords to a file that only its owner can read."""
    path = Path(settings.DATA_DIR) / PASSWORDS
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(descriptor, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{username} {password}\n" for username, password in passwords.items())
    return path
