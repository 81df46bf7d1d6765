"""The site whose database answers before what it was given is on disk: the control of the proof that ours does not."""

from clinic.settings import *  # noqa: F403
from clinic.settings import DATABASES

if "init_command" in DATABASES["default"]["OPTIONS"]:
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=NORMAL;"
else:
    DATABASES["default"]["OPTIONS"]["options"] = "-c synchronous_commit=off"
