"""What a figure stands on, holds or leans against, each as lines in figure units."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

from tips.figures.skeleton import Point, along

# A polyline in figure units.
Line = tuple[Point, ...]
Joints = dict[str, Point]


class Prop(Protocol):
    """A thing beside the body. A held one keeps to the joints; the others stand on the floor line itself."""

    held: ClassVar[bool]

    def lines(self, joints: Joints) -> list[Line]: ...


@dataclass(frozen=True)
class Box:
    """A bench, a stool or a step, standing on the floor."""

    held: ClassVar[bool] = False

    left: float
    right: float
    height: float

    def lines(self, joints: Joints) -> list[Line]:
        return [((self.left, 0), (self.left, self.height), (self.right, self.height), (self.right, 0))]


@dataclass(frozen=True)
class Chair:
    """A chair from the side: its back at one x, the front of its seat at the other."""

    held: ClassVar[bool] = False

    back: float
    front: float
    seat: float = 31
    top: float = 66

    def lines(self, joints: Joints) -> list[Line]:
        return [
            ((self.back, 0), (self.back, self.top)),
            ((self.back, self.seat), (self.front, self.seat), (self.front, 0)),
        ]


@dataclass(frozen=True)
class Wall:
    held: ClassVar[bool] = False

    x: float

    def lines(self, joints: Joints) -> list[Line]:
        return [((self.x, 0), (self.x, 122))]


@dataclass(frozen=True)
class Dumbbell:
    """A dumbbell in each hand that is drawn."""

    held: ClassVar[bool] = True

    def lines(self, joints: Joints) -> list[Line]:
        return [line for name in ("near_hand", "far_hand") if name in joints for line in self._at(*joints[name])]

    def _at(self, x: float, height: float) -> list[Line]:
        return [
            ((x - 9, height), (x + 9, height)),
            ((x - 9, height - 5), (x - 9, height + 5)),
            ((x + 9, height - 5), (x + 9, height + 5)),
        ]


@dataclass(frozen=True)
class Band:
    """An elastic band from the hand to a fixed place."""

    held: ClassVar[bool] = True

    x: float
    height: float

    def lines(self, joints: Joints) -> list[Line]:
        return [(joints["near_hand"], (self.x, self.height))]


@dataclass(frozen=True)
class Mark:
    """Any other line, such as the edge of a shoulder blade."""

    held: ClassVar[bool] = False

    points: Line

    def lines(self, joints: Joints) -> list[Line]:
        return [self.points]


@dataclass(frozen=True)
class Cue:
    """A small arrow beside the body: which way it has just moved."""

    held: ClassVar[bool] = False

    x: float
    height: float
    direction: float

    def lines(self, joints: Joints) -> list[Line]:
        tip = (self.x, self.height)
        head = [along(tip, self.direction + turn, 5) for turn in (140, -140)]
        return [(along(tip, self.direction, -12), tip), (head[0], tip, head[1])]
