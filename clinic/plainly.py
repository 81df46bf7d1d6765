"""What a command says where it cannot go on, in one sentence; with `--traceback` Python tells the rest."""

import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import DatabaseError, DataError, IntegrityError, InternalError, connection

# An error of ours, to be told in full.
MORE = "More: the same with --traceback."
OURS = (DataError, IntegrityError, InternalError)


def run(arguments: list[str]) -> None:
    try:
        execute_from_command_line(arguments)
    except (ImproperlyConfigured, DatabaseError, OSError) as error:
        if "--traceback" in arguments or isinstance(error, OURS):
            raise
        sys.exit(sentence(error))


def sentence(error: Exception) -> str:
    if isinstance(error, ImproperlyConfigured):
        return str(error)
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        return f"{error.strerror or error}{where}. {MORE}"
    return f"The database says “{first_line(why_not_connected() or error)}”. {MORE}"


def why_not_connected() -> DatabaseError | None:
    """The pool only knows that it was kept waiting."""
    alone = connection.copy()
    alone.settings_dict["OPTIONS"] = {
        name: value for name, value in alone.settings_dict["OPTIONS"].items() if name != "pool"
    }
    try:
        alone.ensure_connection()
    except DatabaseError as error:
        return error
    finally:
        alone.close()
    return None


def first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
