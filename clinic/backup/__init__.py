"""Backups: one file with the database, the pictures and a manifest, and the way back from it."""

from . import postgresql, sqlite

# What each engine can do: `copy` its content to a file, `load` that file in its place, and lend an empty database for a `trial`.
ENGINES = {"sqlite": sqlite, "postgresql": postgresql}
