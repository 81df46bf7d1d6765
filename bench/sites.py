"""Our site as a clinic runs it, and the typical one, each filled and ready to be asked."""

import os
import secrets
import subprocess
import sys
import time
from contextlib import contextmanager

from .servers import ROOT, Server, granian, serving

WORKER_SETTLES_SECONDS = 8

HOST = "clinic.example"
# As nginx passes a visitor on.
HEADERS = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
CLINIC = "clinic.settings"
TYPICAL = "bench.typical.settings"


def production(database_url, folder):
    """The environment of our site without DEBUG, its own data below the folder."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": CLINIC,
        "DATABASE_URL": database_url,
        "DATA_DIR": str(folder),
        "ENV_FILE": os.devnull,
        "MALLOC_ARENA_MAX": "2",
        "DEBUG": "off",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": HOST,
        "BASE_URL": f"https://{HOST}",
        "EMAIL_URL": "smtp+tls://user:password@mail.clinic.example:587",
        "PROXY_COUNT": "1",
        # So many at once are no flood here, and each form was a minute in the making.
        "CONSULTATION_FLOOD_PER_HOUR": "10000000",
    }


def typical_environment(database_url):
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": TYPICAL,
        "DATABASE_URL": database_url,
        "SECRET_KEY": secrets.token_urlsafe(50),
    }


def laid_out(environment):
    """With its tables and static files."""
    for command in (["migrate", "-v0"], ["createcachetable"], ["collectstatic", "--noinput", "-v0"]):
        python(environment, "-m", "django", *command)
    return environment


def prepare_ours(environment):
    laid_out(environment)
    fill(environment, "bench.fill_ours")


def prepare_typical(environment):
    python(environment, "-m", "django", "migrate", "--run-syncdb", "-v0")
    fill(environment, "bench.fill_typical")


def fill(environment, module, given=""):
    # The models are there only after the set-up.
    python(environment, "-c", f"import django; django.setup(); from {module} import main; main()", given=given)


def python(environment, *command, given=""):
    subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, check=True, input=given, text=True)


def ours(environment, **changed):
    return serving(["-m", "clinic.server"], environment=environment | changed, headers=HEADERS)


def typical(environment, path):
    return granian("bench.typical.wsgi:application", environment=environment, ready=path, headers=HEADERS)


@contextmanager
def worker(environment):
    with subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, env=environment) as process:
        try:
            time.sleep(WORKER_SETTLES_SECONDS)
            yield Server(process, 0)
        finally:
            process.terminate()
