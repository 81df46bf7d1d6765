"""A connection whose every wait has an end."""

import time

import psycopg

from clinic import patience


class Connection(psycopg.Connection):
    def wait(self, gen, *args, **options):
        left = patience.left()
        if left is None:
            return super().wait(gen, *args, **options)
        left = max(left, 0.01)
        began = time.monotonic()
        try:
            answer = super().wait(gen, timeout=left)
        except psycopg.OperationalError:
            took = time.monotonic() - began
            if took >= left:
                # Still in the middle of something: of no use to anybody.
                self.pgconn.finish()
                patience.was_in_vain(took)
            raise
        finally:
            patience.spend(time.monotonic() - began)
        patience.has_answered()
        return answer
