"""What is looked at in the database before a production site starts; its settings were refused or taken before that."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, OperationalError, ProgrammingError

# Where the sample accounts have their mail: a name that nobody can own.
SAMPLE_HOST = "demo.example"


def check_sample_accounts(databases: Iterable[str] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Refuse the database of a demonstration: the passwords of its accounts stand in a file and on a screen."""
    if not settings.PRODUCTION or DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    try:
        found = get_user_model().objects.filter(is_active=True, email__iendswith=f"@{SAMPLE_HOST}").exists()
    except (OperationalError, ProgrammingError):
        return []  # no database yet
    if not found:
        return []
    hint = "Start from an empty database, or take the accounts at demo.example out of action first."
    return [checks.Error("The sample accounts of the demonstration can sign in.", hint=hint, id="clinic.E002")]


def refuse_unsafe_database() -> None:
    """Stop the start of the site or its worker on what the database checks call an error."""
    if not settings.PRODUCTION:
        return
    found = checks.run_checks(tags=[checks.Tags.database], databases=[DEFAULT_DB_ALIAS])
    if serious := [f"{message.msg} {message.hint}" for message in found if message.is_serious()]:
        raise ImproperlyConfigured(" ".join(serious))
