"""Settings, in Django's order, all from the environment (or a `.env` file beside manage.py).

With nothing set this is development: an embedded database under `var/`, mail
written to files, and no host but this machine. `DEBUG=off` is production,
which refuses to start on a set-up that would not be safe; see `.env.example`.
"""

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(env("ENV_FILE", default=BASE_DIR / ".env"))

DEBUG = env.bool("DEBUG", default=True)
PRODUCTION = not DEBUG

DATA_DIR = BASE_DIR / env("DATA_DIR", default="var")


def refuse(setting, problem, mend):
    """Stop the start, naming the setting and what to do about it."""
    raise ImproperlyConfigured(f"{setting} {problem}. {mend}")


def kept_secret(path):
    """A random key for development, made once and readable by its owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(descriptor, "w") as file:
        file.write(key := secrets.token_urlsafe(64))
    return key


SECRET_KEY = env("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
if PRODUCTION and not SECRET_KEY:
    refuse("SECRET_KEY", "is missing", "Set it to at least 50 random characters and keep it out of the repository.")
if PRODUCTION and (len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 10):
    refuse("SECRET_KEY", "is too short or too simple", "Set it to at least 50 random characters.")
SECRET_KEY = SECRET_KEY or kept_secret(DATA_DIR / "secret_key")

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"] if DEBUG else [])
if PRODUCTION and not ALLOWED_HOSTS:
    refuse("ALLOWED_HOSTS", "is missing", "List the host names that this site answers to.")
if PRODUCTION and any("*" in host for host in ALLOWED_HOSTS):
    refuse("ALLOWED_HOSTS", "holds a *", "List each host name in full.")

# The site's own address: the only source of the links in mails, feeds and the sitemap.
BASE_URL = env("BASE_URL", default=f"http://localhost:{env('PORT', default='8000')}" if DEBUG else "").rstrip("/")
if PRODUCTION and not BASE_URL.startswith("https://"):
    refuse(
        "BASE_URL",
        "does not begin with https://",
        "Set it to the site's public address, such as https://clinic.example.",
    )

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
    "crispy_forms",
    "csp",
    "phonenumber_field",
]

MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "clinic.middleware.own_error_pages",
    "clinic.middleware.what_is_never_valid",
    "clinic.middleware.clinic_time",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "clinic.visits.visits_end",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "clinic.middleware.staff_pages_are_private",
]

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"

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

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'clinic.sqlite3'}")}
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
else:
    # The pool keeps connections itself and must be given as a dict; Django's own reuse has to be off.
    DATABASES["default"] |= {"CONN_MAX_AGE": 0, "OPTIONS": {"pool": {"min_size": 1, "max_size": 12, "timeout": 5}}}
# The folder of PostgreSQL's own programs, which write and read its backups; without it they are looked for.
POSTGRESQL_BIN = env("POSTGRESQL_BIN", default="")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Counters and limits are shared by all processes.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "clinic_cache"}}

# How long a process may go on with the clinic's facts that it remembers.
CLINIC_MEMORY_SECONDS = env.float("CLINIC_MEMORY_SECONDS", default=2.0)

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
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False

# Two hours: what a patient has answered so far, and a member of staff's visit.
SESSION_COOKIE_AGE = 2 * 60 * 60
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "clinic.views.csrf_failure"

SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
# How many proxies of ours stand in front; only what they add to X-Forwarded-For and -Proto is believed.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("PROXY_COUNT", default=0)
if ALLAUTH_TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
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
CONSULTATION_SENDS_PER_HOUR = env.int("CONSULTATION_SENDS_PER_HOUR", default=20)
# More new requests than this in an hour are no people of one clinic; the rest of them waits apart.
CONSULTATION_FLOOD_PER_HOUR = env.int("CONSULTATION_FLOOD_PER_HOUR", default=60)
# Whoever answers all the pages faster than this has not read them.
CONSULTATION_FASTEST_SECONDS = env.int("CONSULTATION_FASTEST_SECONDS", default=10)

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "clinic.formats"
PHONENUMBER_DEFAULT_REGION = env("PHONE_REGION", default="US")
PHONENUMBER_DEFAULT_FORMAT = "NATIONAL"

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
# Also while developing, so that what is looked at and measured is what readers get.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Pictures of tips; served by tips/media.py, under names that never change.
MEDIA_URL = "media/"
MEDIA_ROOT = DATA_DIR / "media"

# Development writes its mail here, one file each, to be read in a browser.
MAIL_DIR = DATA_DIR / "mail"
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default=f"front-desk@{urlsplit(BASE_URL).hostname}")
EMAIL_TIMEOUT = 10
if env("EMAIL_URL", default=""):
    globals().update(env.email_url("EMAIL_URL"))
    if PRODUCTION and not globals()["EMAIL_BACKEND"].endswith("smtp.EmailBackend"):
        refuse("EMAIL_URL", "names no mail server", "Begin it with smtp+tls:// or smtp+ssl://.")
elif PRODUCTION:
    refuse("EMAIL_URL", "is missing", "Set the mail server, such as smtp+tls://user:password@mail.clinic.example:587.")
else:
    EMAIL_BACKEND = "clinic.mail.EmlFiles"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"reticent": {"()": "clinic.logs.Reticent"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "reticent"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "clinic": {"level": "INFO"},
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "ERROR"},
    },
}
