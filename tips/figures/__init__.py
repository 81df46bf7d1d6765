"""Line figures for the exercises: start and finish side by side, drawn from joint angles."""

from tips.figures.drawing import draw
from tips.figures.poses import EXERCISES

__all__ = ["EXERCISES", "UnknownExercise", "svg"]


class UnknownExercise(LookupError):
    """No figure is drawn for this exercise."""


def svg(key: str) -> str:
    """One inline SVG of the exercise; raises `UnknownExercise`."""
    if key not in EXERCISES:
        raise UnknownExercise("There is no figure for this exercise.")
    return draw(key, EXERCISES[key])
