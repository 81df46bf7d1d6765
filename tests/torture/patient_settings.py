"""The site for which somebody waits as long as the database likes: the control of the proof that ours does not."""

from clinic.settings import *  # noqa: F403

DATABASE_PATIENCE_SECONDS = 3600.0
