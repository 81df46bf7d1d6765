"""granian, with the site loaded once before it forks its processes, which share that memory: `python -m clinic.server`.

It takes granian's own arguments, but for the interface and the application.
"""

import multiprocessing
import sys

from django.conf import settings
from django.db import connections
from django.utils.log import configure_logging
from granian.cli import entrypoint

from .wsgi import application


def site():
    """In each of the processes, where granian has just put its own kind of log in place of ours."""
    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
    return application


def main():
    # What was asked on the way up was asked over connections that no other process may use.
    for connection in connections.all():
        if connection.vendor == "postgresql":
            connection.close_pool()
    if sys.platform == "linux":
        # As it was until Python 3.14. Elsewhere each process loads the site for itself.
        multiprocessing.set_start_method("fork")
    sys.argv += ["--interface", "wsgi", "--factory", f"{__spec__.name}:site"]
    entrypoint()


if __name__ == "__main__":
    main()
