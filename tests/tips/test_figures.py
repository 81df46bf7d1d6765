import gzip
import re
from cmath import phase
from itertools import pairwise
from math import cos, degrees, dist, radians
from xml.etree import ElementTree

import pytest

from tips import figures
from tips.figures.props import Dumbbell
from tips.figures.skeleton import ARM, HEAD_RADIUS, LEG, NECK, TRUNK, Limb, OutOfReach, Pose, Reach, joints

KEYS = [
    "plank", "side-plank", "glute-bridge", "squat", "lunge", "hip-thrust", "deadlift", "calf-raise",
    "bent-over-row", "sit-to-stand", "single-leg-stand", "wall-push-up", "bird-dog", "dead-bug", "step-up",
    "band-row", "clamshell", "chin-tuck", "shoulder-blade-squeeze", "straight-leg-raise", "heel-slide",
    "side-leg-raise", "overhead-press", "walking-march",
]  # fmt: skip
POSES = [
    pytest.param(pose, id=f"{key}-{when}")
    for key, exercise in figures.EXERCISES.items()
    for when, pose in (("start", exercise.start), ("finish", exercise.finish))
]
SIDE_POSES = [param for param in POSES if not param.values[0].frontal]

WIDTH, HEIGHT, FLOOR = 400, 170, 160
# The bytes one figure may add to a compressed page.
BUDGET = 600

PARTS = {"arm": ("shoulder", "elbow", "wrist", "hand"), "leg": ("hip", "knee", "ankle", "toe")}
LENGTHS = {"arm": ARM, "leg": LEG}


def parse(svg):
    return ElementTree.fromstring(svg)  # noqa: S314 - our own drawing, not a stranger's


def limbs(pose):
    """Each drawn limb: arm or leg, how it was given, and its points from the trunk outward."""
    placed = joints(pose)
    given = {"near_arm": pose.arm, "near_leg": pose.leg, "far_arm": pose.far_arm, "far_leg": pose.far_leg}
    for name, limb in given.items():
        side, kind = name.split("_")
        if limb is not None:
            yield kind, limb, [placed[f"{side}_{part}"] for part in PARTS[kind]]


def bend(points):
    """Degrees from the upper to the lower part of a limb, counted toward the left turn."""
    root, middle, end = (complex(*point) for point in points[:3])
    return degrees(phase((end - middle) / (middle - root)))


def drawn_points(element):
    """Every place a path's pen goes, from the commands M, L, h and m only."""
    at = (0, 0)
    for command, numbers in re.findall(r"([MLhmz])([^MLhmz]*)", element.get("d")):
        values = [int(number) for number in re.findall(r"-?\d+", numbers)]
        steps = [(value, 0) for value in values] if command == "h" else zip(values[::2], values[1::2], strict=True)
        for x, y in steps:
            at = (x, y) if command in "ML" else (at[0] + x, at[1] + y)
            yield at


def extent(svg):
    """The outermost edges of all ink, line widths included: left, top, right, bottom."""
    root = parse(svg)
    boxes = []
    for element in root.iter():
        half = float(element.get("stroke-width", root.get("stroke-width"))) / 2
        if element.tag == "circle":
            x, y, reach = int(element.get("cx")), int(element.get("cy")), int(element.get("r")) + half
            boxes.append((x - reach, y - reach, x + reach, y + reach))
        if element.tag == "path":
            boxes += [(x - half, y - half, x + half, y + half) for x, y in drawn_points(element)]
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def test_every_exercise_the_clinic_writes_about_has_a_figure():
    drawn = list(figures.EXERCISES)

    assert drawn == KEYS


@pytest.mark.parametrize("pose", POSES)
def test_trunk_and_neck_keep_their_lengths(pose):
    placed = joints(pose)

    lengths = [dist(placed["pelvis"], placed["chest"]), dist(placed["chest"], placed["head"])]

    assert lengths == pytest.approx([TRUNK, NECK])


@pytest.mark.parametrize("pose", POSES)
def test_limbs_keep_their_lengths_but_where_they_turn_out_of_the_picture(pose):
    drawn = list(limbs(pose))

    lengths = [dist(a, b) for _, _, points in drawn for a, b in pairwise(points)]

    turns = [(kind, limb.toward if isinstance(limb, Limb) else (0, 0, 0)) for kind, limb, _ in drawn]
    expected = [
        length * cos(radians(turn))
        for kind, toward in turns
        for length, turn in zip(LENGTHS[kind], toward, strict=True)
    ]
    assert lengths == pytest.approx(expected)


@pytest.mark.parametrize("pose", SIDE_POSES)
def test_elbows_bend_forward_and_knees_bend_back(pose):
    bends = [(kind, bend(points)) for kind, _, points in limbs(pose)]

    wrong = [(kind, angle) for kind, angle in bends if not -1 <= (angle if kind == "arm" else -angle) <= 150]

    assert wrong == []


@pytest.mark.parametrize("pose", POSES)
def test_the_held_joint_is_where_the_pose_says(pose):
    name, x, height = pose.hold

    placed = joints(pose)

    assert placed[name] == pytest.approx((x, height))


@pytest.mark.parametrize("pose", POSES)
def test_nothing_sinks_into_the_floor(pose):
    placed = joints(pose)

    lowest = min(*(height for _, height in placed.values()), placed["head"][1] - HEAD_RADIUS)

    assert lowest >= -1


@pytest.mark.parametrize("key", KEYS)
def test_nobody_floats_above_the_floor(key):
    exercise = figures.EXERCISES[key]

    lowest = [
        min(*(height for _, height in joints(pose).values()), joints(pose)["head"][1] - HEAD_RADIUS)
        for pose in (exercise.start, exercise.finish)
    ]

    # On the step a figure stands as high as the step is.
    raised = 15 if key == "step-up" else 0
    assert lowest == pytest.approx([0, raised], abs=3)


@pytest.mark.parametrize("key", KEYS)
def test_all_ink_lies_inside_the_picture_and_none_below_the_floor_line(key):
    svg = figures.svg(key)

    left, top, right, bottom = extent(svg)

    x, y, width, height = map(int, parse(svg).get("viewBox").split())
    assert (x, width, y + height) == (0, WIDTH, HEIGHT)
    assert left >= 0
    assert 0 <= y <= top <= y + 20
    assert right <= WIDTH
    assert bottom <= FLOOR + 1.25


@pytest.mark.parametrize("key", KEYS)
def test_start_and_finish_stay_apart(key):
    root = parse(figures.svg(key))

    xs = [x for path in root.iter("path") if path.get("class") != "figure__prop" for x, _ in drawn_points(path)]

    assert [x for x in xs if 190 < x < 210] == []


@pytest.mark.parametrize("key", KEYS)
def test_start_and_finish_differ_enough_to_be_seen(key):
    exercise = figures.EXERCISES[key]
    start, finish = joints(exercise.start), joints(exercise.finish)

    moved = max(dist(start[name], finish[name]) for name in start.keys() & finish.keys())

    # Five hundredths of the picture's height: the calf raise and the chin tuck are small movements.
    assert moved * exercise.zoom >= 8.5


@pytest.mark.parametrize("key", KEYS)
def test_the_picture_tells_its_name_and_both_positions_to_a_screen_reader(key):
    exercise = figures.EXERCISES[key]

    root = parse(figures.svg(key))

    told = {child.get("id"): (child.tag, child.text) for child in root if child.get("id")}
    assert root.get("role") == "img"
    assert root.get("aria-labelledby").split() == list(told)
    assert list(told.items()) == [
        (f"fig-{key}-t", ("title", exercise.name)),
        (f"fig-{key}-d", ("desc", exercise.description)),
    ]
    assert re.search(r"Start: .+\. Finish: .+\.$", exercise.description)


@pytest.mark.parametrize("key", KEYS)
def test_a_strict_content_policy_has_nothing_to_refuse(key):
    root = parse(figures.svg(key))

    tags = {element.tag for element in root.iter()}
    attributes = {name for element in root.iter() for name in element.attrib}

    assert tags <= {"svg", "title", "desc", "g", "path", "circle"}
    assert [name for name in attributes if name == "style" or name.startswith("on") or "href" in name] == []
    assert "url(" not in figures.svg(key)


@pytest.mark.parametrize("key", KEYS)
def test_every_colour_comes_from_the_text_around_it(key):
    root = parse(figures.svg(key))

    colours = {element.get(name) for element in root.iter() for name in ("stroke", "fill") if element.get(name)}

    assert colours == {"currentColor", "none"}


@pytest.mark.parametrize("key", KEYS)
def test_a_figure_adds_little_to_a_page(key):
    svg = figures.svg(key)

    size = len(gzip.compress(svg.encode(), 9, mtime=0))

    assert size < BUDGET


@pytest.mark.parametrize("key", ["deadlift", "bent-over-row", "overhead-press"])
def test_a_dumbbell_is_centred_on_every_hand_that_is_drawn(key):
    placed = joints(figures.EXERCISES[key].finish)
    hands = [placed[name] for name in ("near_hand", "far_hand") if name in placed]

    bars = Dumbbell().lines(placed)[::3]

    reaches = [dist(hand, end) for hand, bar in zip(hands, bars, strict=True) for end in bar]
    assert reaches == pytest.approx([9, 9] * len(hands))


@pytest.mark.parametrize("key", ["", "Plank", "plank ", '"><script>alert(1)</script>'])
def test_an_unknown_exercise_is_refused_without_repeating_what_was_asked(key):
    with pytest.raises(figures.UnknownExercise) as refusal:
        figures.svg(key)

    assert str(refusal.value) == "There is no figure for this exercise."


def test_a_hand_cannot_be_put_farther_away_than_the_arm_is_long():
    pose = Pose(hold=("chest", 0, 100), trunk=90, neck=90, arm=Reach(44, 100, 0), leg=None)

    with pytest.raises(OutOfReach, match="cannot span 44"):
        joints(pose)
