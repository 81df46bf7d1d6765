"""How a name is looked for: by how its words begin, whatever their case, accents and apostrophes. Pure."""

import re
import unicodedata

# Longer ones are cut, in names and in what is looked for alike.
MOST_LETTERS = 40
APOSTROPHES = re.compile("['’‘ʼ`´]")
# Letters that no normal form takes apart.
PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
)
MARKS_AND_UNSEEN = {"Mn", "Mc", "Me", "Cf"}


def words_of(name: str) -> list[str]:
    """Its words, each once, in order: “Zoë O'Brien-Núñez” gives zoe, obrien and nunez."""
    apart = unicodedata.normalize("NFKD", APOSTROPHES.sub("", name)).casefold()
    letters = (each for each in apart if unicodedata.category(each) not in MARKS_AND_UNSEEN)
    words = re.findall(r"[^\W_]+", "".join(letters).translate(PLAIN))
    return list(dict.fromkeys(word[:MOST_LETTERS] for word in words))
