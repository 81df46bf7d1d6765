"""A database that refuses one thing for good, by an error of its own, so that the connection is left as it would be."""

from django.db import connection

VIOLATION = "INSERT INTO clinic_heartbeat (name, seen_at) VALUES (NULL, NULL)"


def refusing(is_refused):
    """Of a statement and its values: whether it is refused."""

    def refuse(execute, sql, params, many, context):
        return (
            execute(VIOLATION, None, False, context) if is_refused(sql, params) else execute(sql, params, many, context)
        )

    return connection.execute_wrapper(refuse)
