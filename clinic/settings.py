"""Settings, in Django's order, all from the environment (or a `.env` file beside manage.py).

With nothing set this is development: an embedded database under `var/`, mail
written to files, and no host but this machine. `DEBUG=off` is production,
which refuses to start on a set-up that would not be safe; see `.env.example`.
"""

import logging
import os
from pathlib import Path

import environ
from csp.constants import NONE, SELF

from .environment import address, kept_secret, last_port, parts, refuse, seconds, secret, whole
from .unsafe import refuse_unsafe

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
ENV_FILE = Path(env("ENV_FILE", default=BASE_DIR / ".env"))
env.read_env(ENV_FILE)

DEBUG = env.bool("DEBUG", default=True)
PRODUCTION = not DEBUG
if PRODUCTION:
    # What is written from here on, an embedded database above all, is for this user alone.
    os.umask(0o077)

DATA_DIR = BASE_DIR / env("DATA_DIR", default="var")

# Old keys open what they signed; a file holds one a line.
SECRET_KEY = secret("SECRET_KEY")
SECRET_KEY_FALLBACKS = secret("SECRET_KEY_FALLBACKS").replace(",", "\n").split()
if not PRODUCTION:
    SECRET_KEY = SECRET_KEY or kept_secret(DATA_DIR / "secret_key")

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"] if DEBUG else [])

# The site's own address: the only source of the links in mails, feeds and the sitemap.
PORT_FILE = DATA_DIR / "port"
PORT = env("PORT", default="") or last_port(PORT_FILE)
BASE_URL = env("BASE_URL", default=f"http://localhost:{PORT}" if DEBUG else "").rstrip("/")

INSTALLED_APPS = [
    "clinic.apps.ClinicConfig",
    "tips",
    "appointments",
    "clinic.apps.ClinicAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "csp",
    "phonenumber_field",
]

MIDDLEWARE = [
    "clinic.middleware.one_line_a_request",
    "clinic.middleware.answers_in_time",
    # Before what is said of pages: a style sheet needs none of it, and a first view is lighter without.
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "clinic.middleware.ContentPolicy",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "clinic.middleware.own_error_pages",
    "clinic.middleware.what_is_never_valid",
    "clinic.middleware.clinic_time",
    "clinic.middleware.looks_are_counted",
    "clinic.comings.acts_are_recorded",
    # Before what leads on to an address with its last slash: a browser keeps such an answer, and a link is secret.
    "clinic.middleware.private_pages_are_not_kept",
    "clinic.middleware.Sessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "clinic.visits.visits_end",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "clinic.urls"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "clinic.context_processors.clinic",
            ],
        },
    },
    # Plain text: the words of our mails, which are escaped where they become HTML.
    {
        "NAME": "text",
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"autoescape": False, "builtins": ["django.templatetags.i18n"]},
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "clinic_forms"
CRISPY_FAIL_SILENTLY = False

DATABASES = {
    "default": address(
        "DATABASE_URL", secret("DATABASE_URL") or f"sqlite:///{DATA_DIR / 'clinic.sqlite3'}", env.db_url_config
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        # A writer takes its lock at the start, so that two never meet half-way and fail.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # FULL: with NORMAL the answer leaves before the data is on disk.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; "
        # Else INSERT OR REPLACE removes a row without its triggers.
        "PRAGMA recursive_triggers=ON;",
    }
    # A file, so that the suite's real server and its own connections share one database.
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}
elif DATABASES["default"]["ENGINE"].endswith("postgresql"):
    from .postgresql.connection import Connection

    DATABASES["default"]["ENGINE"] = "clinic.postgresql"
    # The pool keeps connections itself and must be given as a dict; Django's own reuse has to be off.
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        pool={
            "connection_class": Connection,
            "min_size": 1,
            "max_size": 12,
            "timeout": 2,
            # A longer one would double the pause between two tries until nobody sees that the database is back.
            "reconnect_timeout": 2,
        },
        connect_timeout=5,
        # A server that has gone without a word is given up after a minute, also by who waits without limit.
        keepalives_idle=30,
        keepalives_interval=10,
        keepalives_count=3,
    )
# The folder of PostgreSQL's own programs, which write and read its backups; without it they are looked for.
POSTGRESQL_BIN = env("POSTGRESQL_BIN", default="")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Counters and limits are shared by all processes.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "clinic_cache",
        "KEY_FUNCTION": "clinic.limits.unreadable",
        # By default a third goes where there are 300: guessing from as many addresses would wipe out the count of its own tries.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# How long a process may go on with the clinic's facts that it remembers.
CLINIC_MEMORY_SECONDS = seconds("CLINIC_MEMORY_SECONDS", default=2.0)
# How long a page may wait for the database in all before it says that it cannot answer.
DATABASE_PATIENCE_SECONDS = 3.0
# What readers see, finished and packed, as many bytes of it as a process may hold; 0: every page is made afresh.
PAGE_MEMORY_BYTES = whole("PAGE_MEMORY_BYTES", default=32_000_000, least=0)
# Shared by all processes of a machine that show pages or change what they show.
GENERATION_FILE = BASE_DIR / env("GENERATION_FILE", default=DATA_DIR / "generation")
# How soon a change on another machine shows; 0: never, and one of this machine at once all the same.
GENERATION_POLL_SECONDS = seconds("GENERATION_POLL_SECONDS", default=1.5)
# How often a process writes how many pages it has shown, which a killed one forgets; 0: they are not counted.
COUNT_FLUSH_SECONDS = seconds("COUNT_FLUSH_SECONDS", default=10.0)

AUTH_USER_MODEL = "clinic.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "clinic.signin.StaffAccounts"
ACCOUNT_FORMS = {"login": "clinic.signin.SignInForm", "reset_password": "clinic.signin.NewPasswordForm"}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
# For whoever is locked out by somebody else's guessing, or has forgotten the password: a code by mail, then the second step.
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    # From one place asked for less often than for one account in all, so that no single stranger uses up what is left to its owner.
    "request_login_code": "5/15m/ip,40/15m/key",
    "reset_password": "5/15m/ip,40/15m/key",
}
# How long the link of an invitation, or for a new password, works.
PASSWORD_RESET_TIMEOUT = 3 * 24 * 60 * 60

MFA_ADAPTER = "clinic.signin.SecondStep"
MFA_FORMS = {"add_webauthn": "clinic.signin.AddKey"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Addresses are the owner's to set, and an invitation that was answered has shown that they work.
MFA_ALLOW_UNVERIFIED_EMAIL = True
# A phone's clock may be half a minute off.
MFA_TOTP_TOLERANCE = 1
# Browsers allow passkeys on http://localhost, and nowhere else without TLS.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG

SESSION_ENGINE = "clinic.sessions"
# Two hours: what a patient has answered so far, and a member of staff's visit.
SESSION_COOKIE_AGE = 2 * 60 * 60
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
# Whom to call may be in a message: it ends with the session, and is in no cookie of its own.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "clinic.views.csrf_failure"

SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
# How many proxies of ours stand in front; only what they add to X-Forwarded-For and -Proto is believed.
ALLAUTH_TRUSTED_PROXY_COUNT = whole("PROXY_COUNT", default=0, least=0, most=10)
if ALLAUTH_TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}

# What a network may send in an hour before it is asked to wait: generous, since a whole hospital can share one address.
CONSULTATION_SENDS_PER_HOUR = whole("CONSULTATION_SENDS_PER_HOUR", default=20, least=1)
# More new requests than this in an hour are no people of one clinic; the rest of them waits apart.
CONSULTATION_FLOOD_PER_HOUR = whole("CONSULTATION_FLOOD_PER_HOUR", default=60, least=1)
# Whoever answers all the pages faster than this has not read them.
CONSULTATION_FASTEST_SECONDS = whole("CONSULTATION_FASTEST_SECONDS", default=10, least=0, most=600)

TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "clinic.formats"
PHONENUMBER_DEFAULT_REGION = env("PHONE_REGION", default="US")
PHONENUMBER_DEFAULT_FORMAT = "INTERNATIONAL"

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
# Also while developing, so that what is looked at and measured is what readers get.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = WHITENOISE_ALLOW_ALL_ORIGINS = False


def WHITENOISE_ADD_HEADERS_FUNCTION(headers, path, url):
    headers["X-Content-Type-Options"] = "nosniff"


STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Pictures of tips; served by tips/views.py, under names that never change.
MEDIA_URL = "media/"
# Where the site runs on several machines, a directory that all of them have.
MEDIA_ROOT = BASE_DIR / env("MEDIA_ROOT", default=DATA_DIR / "media")

# Where the worker notes the heads of the audit's chain; in production, a place that whoever writes the database cannot write.
AUDIT_HEADS = BASE_DIR / env("AUDIT_HEADS", default=DATA_DIR / "audit-heads.log")

# Which requests were erased, and when: outside the database, so that a restored backup is erased again.
ERASED_LIST = BASE_DIR / env("ERASED_LIST", default=DATA_DIR / "erased.txt")

# Development writes its mail here, one file each, to be read in a browser.
MAIL_DIR = DATA_DIR / "mail"
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default=f"front-desk@{parts(BASE_URL).hostname}")
EMAIL_TIMEOUT = 10
if url := secret("EMAIL_URL"):
    globals().update(address("EMAIL_URL", url, env.email_url_config))
elif PRODUCTION:
    refuse("EMAIL_URL", "is missing", "Set the mail server, such as smtp+tls://user:password@mail.clinic.example:587.")
else:
    EMAIL_BACKEND = "clinic.mail.EmlFiles"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"reticent": {"()": "clinic.logs.Json" if PRODUCTION else "clinic.logs.Plain"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "reticent"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "clinic": {"level": "INFO"},
        # Development is quiet about what went well.
        "clinic.request": {"level": "INFO" if PRODUCTION else "WARNING"},
        "django": {"handlers": [], "level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "ERROR"},
        # The server's own lines, as far as its processes have the site loaded.
        "_granian": {"handlers": [], "propagate": True},
    },
}
logging.captureWarnings(PRODUCTION)

refuse_unsafe(globals())
