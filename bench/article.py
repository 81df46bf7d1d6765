"""The article that both sites show."""

from pathlib import Path

SLUG = "strength-for-desk-workers"
TITLE = "Strength for people who sit all day"
FILE = Path(__file__).resolve().parent.parent / "tips" / "demo" / f"{SLUG}.md"
BODY = FILE.read_text(encoding="utf-8").split("+++\n")[2]
