"""Runs `migrate` and is killed in the middle of it: `python -m tests.dying NUMBER WORDS`.

The kill comes just before the NUMBERth statement that has these words in it or in its parameters; with 0 there is none.
A real SIGKILL: no `finally`, no rollback, nothing flushed.
"""

import os
import signal
import sys
from itertools import count

import django
from django.core.management import call_command
from django.db import connection

NOTED = 'INSERT INTO "django_migrations"'
# A migration that makes constraints and indexes at its end.
NOTED_WITH_MORE_TO_COME = "('clinic', '0001_initial', "


def dies_before(number, words):
    met = count(1)

    def wrapper(execute, sql, params, many, context):
        if words in f"{sql} {params}" and next(met) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    return wrapper


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    django.setup()
    with connection.execute_wrapper(dies_before(int(sys.argv[1]), sys.argv[2])):
        call_command("migrate", verbosity=0)
