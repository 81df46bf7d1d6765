"""Django's sessions in Django's own table, but each read and written by one statement that is written out.

Every page of a patient's form reads one and keeps it again; the ORM would make those statements anew each time. And a
database that gives no answer is called by its name: Django calls each failure to save a session one that somebody has ended.
"""

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.db import connection
from django.utils import timezone

# Under this a session has what staff sent after their visit had ended, until it is offered to them once more.
KEPT = "kept_for_after"
READ = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s"
CREATE = (
    "INSERT INTO django_session (session_data, expire_date, session_key) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
)
KEEP = "UPDATE django_session SET session_data = %s, expire_date = %s WHERE session_key = %s"


class SessionStore(db.SessionStore):
    def load(self) -> dict[str, Any]:
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        with connection.cursor() as cursor:
            cursor.execute(READ, [self.session_key, now])
            found = cursor.fetchone()
        if found is None:
            self._session_key = None
            return {}
        return self.decode(found[0])

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            return self.create()
        data = self.encode(self._get_session(no_load=must_create))
        expires = connection.ops.adapt_datetimefield_value(self.get_expiry_date())
        with connection.cursor() as cursor:
            cursor.execute(CREATE if must_create else KEEP, [data, expires, self.session_key])
            if cursor.rowcount == 0:
                raise CreateError if must_create else UpdateError
        return None
