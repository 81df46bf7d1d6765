"""The rules of this house, held by a test each. Raise a number only with a reason beside it."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, models
from django.template.loader import get_template
from django.test import RequestFactory
from django.urls import resolve

from appointments import emails
from appointments.forms import STEPS
from appointments.reasons import REASONS
from clinic import appendonly, desk_mail
from clinic import emails as clinic_emails
from clinic.models import OutgoingMail
from tests.factories import NOON, SAID, make_consultation, make_tip
from tips import emails as tips_emails

ROOT = settings.BASE_DIR
CODE = [path for app in ("clinic", "tips", "appointments") for path in sorted((ROOT / app).rglob("*.py"))]
OURS = [path for path in CODE if "migrations" not in path.parts]
TEMPLATES = sorted(path.relative_to(ROOT / "templates").as_posix() for path in (ROOT / "templates").rglob("*.*"))

# Package -> project packages it may import.
MAY_IMPORT = {
    "clinic": {"clinic"},
    "tips": {"clinic", "tips"},
    "appointments": {"appointments", "clinic", "tips"},
}
# What puts the project together, and so may import anything.
COMPOSITION = {
    "urls.py", "views.py", "sitemaps.py", "admin.py", "admin_audit.py", "admin_opening.py", "admin_settings.py", "desk.py", "desk_mail.py", "digest.py", "opening.py", "visits.py", "signin.py", "comings.py", "signin_urls.py", "middleware.py", "context_processors.py",
}  # fmt: skip
# Inside an app, lower modules do not know the higher ones.
LAYERS = [
    "urls", "views", "admin", "tick", "keeping", "draft", "forms", "feeds", "page", "weekly", "models", "emails", "people", "reasons", "calendar", "search", "safety", "free", "clock", "names", "markdown", "figures",
]  # fmt: skip
EDGES = {
    "views.py", "admin.py", "admin_audit.py", "admin_opening.py", "admin_settings.py", "recorded.py", "comings.py", "desk.py", "visits.py", "sessions.py", "signin.py", "feeds.py", "sitemaps.py", "middleware.py",
    # In front of the site.
    "pagecache.py",
}  # fmt: skip

MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 40


def relative(path):
    return path.relative_to(ROOT).as_posix()


def parsed(path):
    return ast.parse(path.read_text(), filename=str(path))


def is_composition(path):
    return path.parts[-2] == "commands" or (path.parent == ROOT / "clinic" and path.name in COMPOSITION)


def is_edge(path):
    return path.parts[-2] in {"commands", "views", "admin"} or path.name in EDGES


def imported(path):
    """The modules a file imports, in full."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", [path for path in OURS if not is_composition(path)], ids=relative)
def test_imports_point_one_way(path):
    app = path.relative_to(ROOT).parts[0]

    foreign = {name.split(".")[0] for name in imported(path)} & set(MAY_IMPORT) - MAY_IMPORT[app]

    assert foreign == set()


@pytest.mark.parametrize("path", [path for path in OURS if not is_composition(path)], ids=relative)
def test_nothing_imports_what_puts_the_project_together_but_its_other_parts(path):
    composition = {f"clinic.{name.removesuffix('.py')}" for name in COMPOSITION}

    assert set(imported(path)) & composition == set()


@pytest.mark.parametrize("path", OURS, ids=relative)
def test_inside_an_app_imports_point_downwards(path):
    app, layer = path.relative_to(ROOT).with_suffix("").parts[:2]
    higher = LAYERS[: LAYERS.index(layer)] if layer in LAYERS and app != "clinic" else []

    upwards = {name for name in imported(path) for above in higher if re.match(rf"{app}\.{above}\b", name)}

    assert upwards == set()


@pytest.mark.parametrize("path", [path for path in OURS if path.parent.parent == ROOT], ids=relative)
def test_a_module_calls_its_own_app_by_no_name(path):
    """Relative inside an app, absolute across; below a package of its own a module says where it comes from."""
    app = path.parent.name

    named = [
        node.lineno
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ImportFrom) and not node.level and node.module.partition(".")[0] == app
    ]

    assert named == []


@pytest.mark.parametrize("path", OURS, ids=relative)
def test_nothing_is_imported_inside_a_function(path):
    functions = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef)]

    hidden = [
        node.lineno for each in functions for node in ast.walk(each) if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert hidden == []


@pytest.mark.parametrize("path", [path for path in OURS if not is_edge(path)], ids=relative)
def test_only_the_edges_read_the_clock(path):
    calls = re.findall(r"timezone\.(?:now|localdate|localtime)\(\)|datetime\.now\(|date\.today\(", path.read_text())

    # Development's mail files are named by the time at which they are written.
    assert calls == (["datetime.now("] if relative(path) == "clinic/mail.py" else [])


@pytest.mark.parametrize("model", apps.get_models(), ids=lambda model: model._meta.label)
def test_a_time_and_who_is_behind_it_are_known_together(model):
    if model._meta.app_label not in MAY_IMPORT:
        return
    fields = {field.name: field for field in model._meta.get_fields() if isinstance(field, models.Field)}
    pairs = [name[:-3] for name in fields if name.endswith("_at") and f"{name[:-3]}_by" in fields]
    constrained = {constraint.name for constraint in model._meta.constraints}

    loose = [
        stem
        for stem in pairs
        if (fields[f"{stem}_at"].null or fields[f"{stem}_by"].null)
        and not any(f"{stem}_at_and_{stem}_by" in name for name in constrained)
    ]

    assert loose == []


# Models of requests whose texts are codes of our own.
OF_NOBODY = {"CarriedOver", "DailyAct", "OfferedTime", "StatusChange", "WeekCount"}


@pytest.mark.parametrize(
    "name", sorted({each.__name__ for each in apps.get_app_config("appointments").get_models()} - OF_NOBODY)
)
def test_every_text_of_a_patients_row_is_erasable_or_declared_not_personal(name):
    model = apps.get_model("appointments", name)
    texts = {
        field.name
        for field in model._meta.fields
        if isinstance(field, models.CharField | models.TextField | models.JSONField | models.BinaryField)
    }

    decided = {*getattr(model, "PERSONAL_FIELDS", ()), *getattr(model, "NOT_PERSONAL", ())}

    assert texts - decided == set()


# What the modules of mails have beside them.
BESIDE_MAILS = {"for_mail", "path_to_choose_a_password"}


def events():
    """The mail events that the code can queue: one public function each."""
    return sorted(
        name
        for module in (emails, tips_emails, clinic_emails)
        for name, value in vars(module).items()
        if callable(value) and value.__module__ == module.__name__ and name[0] != "_" and name not in BESIDE_MAILS
    )


def test_every_mail_has_a_function_a_subject_a_body_and_a_sample():
    bodies = [event for event in events() if f"emails/{event}.txt" in TEMPLATES]

    assert events() == bodies == desk_mail.EVENTS


def test_the_words_of_a_mail_are_written_once():
    pages = [name for name in TEMPLATES if name.startswith("emails/") and name.endswith(".html")]

    assert pages == ["emails/mail.html"]


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name.startswith("emails/")])
def test_no_mail_has_a_word_of_health(name):
    written = (ROOT / "templates" / name).read_text().lower()

    assert (
        re.findall(r"\w*(?:health|pain|hurt|injur|therap|doctor|treat|symptom|medic|clinical|patient)\w*", written)
        == []
    )


@pytest.mark.django_db
def test_no_mail_is_given_a_word_of_the_patient(clinic):
    consultation = make_consultation()

    given = repr(consultation.for_mail())

    assert [word for word in map(str, SAID.values()) if len(word) > 5 and word in given] == []


def engine_of(name):
    return "text" if name.startswith("emails/") and name.endswith(".txt") else None


def test_every_template_compiles_and_is_used():
    named = "".join(
        path.read_text()
        for path in [*OURS, *(ROOT / "templates").rglob("*.html"), *(ROOT / "templates").rglob("*.txt")]
    )
    # Found by name: Django's admin, allauth and crispy look these up themselves; mails are named by their event.
    looked_up = re.compile(
        r"^(admin/(base_site|clinic/change_form_object_tools)|account/|mfa/|clinic_forms/(field|whole_uni_form|layout/)|emails/)"
    )

    unused = [
        name
        for name in TEMPLATES
        if get_template(name, using=engine_of(name)) and f'"{name}"' not in named and not looked_up.match(name)
    ]

    assert unused == []


@pytest.mark.django_db
def test_no_migration_is_missing_and_each_has_a_name():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)

    unnamed = [relative(path) for path in CODE if "migrations" in path.parts and "_auto_" in path.name]

    assert unnamed == []


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=relative)
def test_no_lock_names_an_address(path):
    addresses = [line for line in path.read_text().splitlines() if "://" in line]

    assert addresses == []


@pytest.mark.parametrize(
    "path",
    [*CODE, *(path for folder in ("tests", "bench", "requirements") for path in sorted((ROOT / folder).rglob("*.py")))],
    ids=relative,
)
def test_files_and_functions_stay_short(path):
    long = {}
    if "migrations" not in path.parts:
        functions = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef)]
        long = {
            node.name: size
            for node in functions
            if (size := node.end_lineno - node.lineno + 1) > MOST_LINES_OF_A_FUNCTION
        }
        lines = len(path.read_text().splitlines())
        long |= {path.name: lines} if lines > MOST_LINES else {}

    assert long == {}


class Untouchable:
    """Stands where a request keeps something private, and fails when it is looked at."""

    def __init__(self, name):
        self.name = name

    def __getattribute__(self, attribute):
        name = object.__getattribute__(self, "name")
        raise AssertionError(f"a public page looked at {name}.{attribute}")

    def __iter__(self):
        raise AssertionError("a public page looked at the messages")

    def __len__(self):
        raise AssertionError("a public page looked at the messages")


def public_addresses():
    make_tip(slug="a-tip")
    make_tip(slug="a-guide", kind="guide")
    return [
        "/",
        "/tips/",
        "/tips/?q=back",
        "/tips/a-tip/",
        "/tips/feed/",
        "/guides/a-guide/",
        "/consultation/",
        "/privacy/",
        "/accessibility/",
        "/robots.txt",
        "/sitemap.xml",
    ]


def answered(address):
    """The view's answer to a request whose session, user, messages and token must not be touched."""
    request = RequestFactory().get(address)
    request.session, request.user = Untouchable("session"), Untouchable("user")
    request._messages = Untouchable("messages")
    match = resolve(request.path)
    request.resolver_match = match
    response = match.func(request, *match.args, **match.kwargs)
    if hasattr(response, "render"):
        response.render()
    assert "CSRF_COOKIE" not in request.META, "a public page asked for a CSRF token"
    return response


@pytest.mark.django_db
def test_public_pages_touch_no_session_user_message_or_token(clinic):
    addresses = public_addresses()

    statuses = {address: answered(address).status_code for address in addresses}

    assert statuses == dict.fromkeys(addresses, 200)


@pytest.mark.django_db
def test_the_rule_on_public_pages_can_fail(clinic):
    with pytest.raises(AssertionError, match="session"):
        answered("/consultation/who/")


@pytest.mark.django_db
def test_every_append_only_table_has_its_triggers():
    assert appendonly.tables() == [
        "clinic_approval", "clinic_auditentry", "clinic_auditseal", "tips_tipstep", "tips_tiprevision", "appointments_statuschange",
    ]  # fmt: skip
    assert appendonly.missing() == []


@pytest.mark.django_db
def test_a_lost_trigger_is_noticed():
    with connection.cursor() as cursor:
        on_table = " ON tips_tiprevision" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER tips_tiprevision_no_update{on_table}")

    assert appendonly.missing() == ["tips_tiprevision_no_update"]


def test_every_question_has_its_reason():
    asked = {name for form in STEPS.values() for name in form.base_fields}

    assert asked == set(REASONS)


@pytest.mark.parametrize(("sheet", "most"), [("site.css", 10_000), ("forms.css", 6_000)])
def test_the_style_sheets_stay_small(sheet, most):
    assert Path(ROOT / "clinic/static/clinic" / sheet).stat().st_size < most


@pytest.mark.django_db
def test_mail_to_staff_names_no_patient(clinic, therapist):
    consultation = make_consultation()

    emails.staff_new(consultation, at=NOON)

    assert [(mail.to, mail.reference) for mail in OutgoingMail.objects.all()] == [
        (therapist.email, consultation.reference)
    ]
