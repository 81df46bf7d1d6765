"""One body with fixed limb lengths, and the arithmetic that turns joint angles into points.

A figure stands on height 0; x grows the way it faces, height grows upward. Directions are degrees:
0 points forward (to the right), 90 up, 180 back, -90 down. Lengths are in viewBox units at zoom 1.
"""

from dataclasses import dataclass
from math import acos, atan2, cos, degrees, dist, radians, sin
from types import UnionType

Point = tuple[float, float]

HEAD_RADIUS = 9.5
NECK = 18  # base of the neck to the middle of the head
TRUNK = 41
ARM = (23, 20, 6)  # upper arm, forearm, hand
LEG = (33, 31, 12)  # thigh, shin, foot
HALF_SHOULDERS = 14  # only seen from the front or the back
HALF_HIPS = 7

# Facing right, an elbow bends the forearm forward and a knee bends the shin back.
ELBOW_BENDS = 1
KNEE_BENDS = -1


class OutOfReach(ValueError):
    """A hand or a foot was asked to be where this body cannot put it."""


@dataclass(frozen=True)
class Limb:
    """An arm or a leg by the directions of its three parts, from the trunk outward.

    `toward` turns each part out of the picture, in degrees, which shortens the line that is drawn.
    """

    upper: float
    lower: float
    end: float
    toward: tuple[float, float, float] = (0, 0, 0)


@dataclass(frozen=True)
class Reach:
    """An arm or a leg by where its wrist or ankle is and where its hand or foot points; the rest follows."""

    x: float
    height: float
    end: float


@dataclass(frozen=True)
class Pose:
    """One position of the body, held in place by one joint at a fixed point.

    A far limb left out is hidden behind the near one. Seen from the front, "near" is the right of the picture
    when the body stands, and there is no face. From the side the face is square to the neck unless it is given.
    """

    hold: tuple[str, float, float]
    trunk: float
    neck: float
    arm: Limb | Reach
    leg: Limb | Reach | None
    far_arm: Limb | Reach | None = None
    far_leg: Limb | Reach | None = None
    face: float | None = None
    frontal: bool = False


def along(start: Point, direction: float, length: float) -> Point:
    """The point this far from the start in this direction."""
    angle = radians(direction)
    return start[0] + length * cos(angle), start[1] + length * sin(angle)


def reach(start: Point, goal: Reach, lengths: tuple[float, float, float], bends: int) -> Limb:
    """The limb that puts its wrist or ankle on the goal; raises `OutOfReach`."""
    upper, lower, _ = lengths
    target = (goal.x, goal.height)
    span = dist(start, target)
    if not abs(upper - lower) < span <= upper + lower:
        raise OutOfReach(f"A limb of {upper + lower} cannot span {span:.1f}.")
    line = degrees(atan2(target[1] - start[1], target[0] - start[0]))
    at_start = degrees(acos((upper**2 + span**2 - lower**2) / (2 * upper * span)))
    at_target = degrees(acos((lower**2 + span**2 - upper**2) / (2 * lower * span)))
    return Limb(line - bends * at_start, line + bends * at_target, goal.end)


def joints(pose: Pose) -> dict[str, Point]:
    """Every joint of the pose in figure units; raises `OutOfReach` for an impossible one."""
    name, x, height = pose.hold
    loose = _trunk(pose, (0, 0))
    if name not in loose:
        loose |= _limbs(pose, loose, Limb)
    placed = _trunk(pose, (x - loose[name][0], height - loose[name][1]))
    return placed | _limbs(pose, placed, Limb | Reach)


def _trunk(pose: Pose, pelvis: Point) -> dict[str, Point]:
    chest = along(pelvis, pose.trunk, TRUNK)
    across = pose.trunk - 90
    shoulders, hips = (HALF_SHOULDERS, HALF_HIPS) if pose.frontal else (0, 0)
    return {
        "pelvis": pelvis,
        "chest": chest,
        "head": along(chest, pose.neck, NECK),
        "near_shoulder": along(chest, across, shoulders),
        "far_shoulder": along(chest, across, -shoulders),
        "near_hip": along(pelvis, across, hips),
        "far_hip": along(pelvis, across, -hips),
    }


def _limbs(pose: Pose, trunk: dict[str, Point], kinds: type | UnionType) -> dict[str, Point]:
    """The joints of those limbs that are given in one of these ways."""
    placed = {}
    for side, arm, leg in (("near", pose.arm, pose.leg), ("far", pose.far_arm, pose.far_leg)):
        if isinstance(arm, kinds):
            points = _limb(trunk[f"{side}_shoulder"], arm, ARM, ELBOW_BENDS)
            placed |= zip((f"{side}_elbow", f"{side}_wrist", f"{side}_hand"), points, strict=True)
        if isinstance(leg, kinds):
            points = _limb(trunk[f"{side}_hip"], leg, LEG, KNEE_BENDS)
            placed |= zip((f"{side}_knee", f"{side}_ankle", f"{side}_toe"), points, strict=True)
    return placed


def _limb(start: Point, limb: Limb | Reach, lengths: tuple[float, float, float], bends: int) -> list[Point]:
    if isinstance(limb, Reach):
        limb = reach(start, limb, lengths, bends)
    points = []
    parts = zip((limb.upper, limb.lower, limb.end), lengths, limb.toward, strict=True)
    for direction, length, toward in parts:
        start = along(start, direction, length * cos(radians(toward)))
        points.append(start)
    return points
