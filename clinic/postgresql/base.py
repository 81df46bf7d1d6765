"""PostgreSQL as Django knows it, for which nobody waits longer than they have patience."""

import time

import psycopg
from django.db.backends.postgresql import base

from clinic import patience


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params):
        patience.refuse_in_vain()
        began = time.monotonic()
        try:
            return super().get_new_connection(conn_params)
        except psycopg.OperationalError:
            patience.was_in_vain(time.monotonic() - began)
            raise
        finally:
            patience.spend(time.monotonic() - began)
