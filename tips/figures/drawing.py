"""A pair of poses as one inline SVG that a strict content policy lets through."""

from dataclasses import dataclass
from html import escape

from tips.figures.props import Line, Prop
from tips.figures.skeleton import HEAD_RADIUS, NECK, Point, Pose, along, joints

WIDTH, HEIGHT = 400, 170
# The middle of each position, and how far its floor reaches to either side.
CENTRES = (97, 303)
HALF_FLOOR = 90
FLOOR = 160
# A joint at height 0 lies half a body line and half a floor line above the floor.
LIFT = 4
TRUNK_WIDTH = 17
# Low enough to lead the eye from one lying figure to the other.
ARROW = "M194 112h12m-5-5 5 5-5 5"
ARROW_TOP = 100
ARM_PARTS = ("shoulder", "elbow", "wrist", "hand")
LEG_PARTS = ("hip", "knee", "ankle", "toe")


@dataclass(frozen=True)
class Exercise:
    """One exercise: where the body starts, where it ends, and what it needs.

    The finish has the same props as the start unless it has its own. `zoom` enlarges a figure that is low or
    whose movement is small.
    """

    name: str
    description: str
    start: Pose
    finish: Pose
    props: tuple[Prop, ...] = ()
    finish_props: tuple[Prop, ...] | None = None
    zoom: float = 1


@dataclass(frozen=True)
class Panel:
    """The place of one position in the picture."""

    centre: float
    zoom: float

    def place(self, point: Point, lift: float = LIFT) -> str:
        return f"{self.centre + point[0] * self.zoom:.0f} {FLOOR - lift - point[1] * self.zoom:.0f}"

    def line(self, points: Line, lift: float = LIFT) -> str:
        return "M" + " ".join(self.place(point, lift) for point in points)


class Layers:
    """What has been drawn so far, from the back of the picture to the front."""

    def __init__(self) -> None:
        self.props: list[str] = []
        self.far: list[str] = []
        self.flanks: list[str] = []
        self.shapes: list[str] = []
        self.near: list[str] = []
        self.top = ARROW_TOP

    def add(self, panel: Panel, pose: Pose, props: tuple[Prop, ...]) -> None:
        placed = joints(pose)
        lines = [line for prop in props for line in prop.lines(placed)]
        highest = max(y for line in [tuple(placed.values()), *lines] for _x, y in line)
        # Wherever the head is, it fits.
        self.top = max(0, min(self.top, int(FLOOR - LIFT - (highest + HEAD_RADIUS) * panel.zoom - LIFT)))
        self.props.append(f"M{panel.centre - HALF_FLOOR} {FLOOR}h{2 * HALF_FLOOR}")
        for prop in props:
            self.props += [panel.line(line, LIFT if prop.held else 0) for line in prop.lines(placed)]
        far, near = limbs(placed, "far"), limbs(placed, "near")
        if pose.frontal:
            near, far = near + far, []
            self.shapes.append(f'<path d="{panel.line(front_of_trunk(placed))}z"/>')
        else:
            near.append((placed["chest"], placed["pelvis"]))
            self.flanks.append(panel.line(inner_trunk(placed)))
        self.far += [panel.line(line) for line in far]
        self.near += [panel.line(line) for line in [*near, *neck_and_nose(pose, placed)]]
        x, y = panel.place(placed["head"]).split()
        self.shapes.append(f'<circle cx="{x}" cy="{y}" r="{HEAD_RADIUS * panel.zoom:.0f}"/>')


def draw(key: str, exercise: Exercise) -> str:
    """The exercise as SVG; its ids are made from the key, so a page shows a key once."""
    layers = Layers()
    finish_props = exercise.props if exercise.finish_props is None else exercise.finish_props
    layers.add(Panel(CENTRES[0], exercise.zoom), exercise.start, exercise.props)
    layers.add(Panel(CENTRES[1], exercise.zoom), exercise.finish, finish_props)
    layers.props.append(ARROW)
    return "".join(
        (
            f'<svg class="figure" viewBox="0 {layers.top} {WIDTH} {HEIGHT - layers.top}" role="img" aria-labelledby="fig-{key}-t fig-{key}-d"',
            ' fill="none" stroke="currentColor" stroke-width="4.5" stroke-linecap="round" stroke-linejoin="round">',
            f'<title id="fig-{key}-t">{escape(exercise.name)}</title>',
            f'<desc id="fig-{key}-d">{escape(exercise.description)}</desc>',
            path(layers.props, ' class="figure__prop" stroke-width="2.5"'),
            path(layers.far, ' class="figure__far" opacity=".5"'),
            path(layers.flanks, f' opacity=".22" stroke-width="{TRUNK_WIDTH * exercise.zoom:.0f}"'),
            f'<g fill="currentColor" fill-opacity=".22">{"".join(layers.shapes)}</g>',
            path(layers.near, ""),
            "</svg>",
        )
    )


def path(lines: list[str], attributes: str) -> str:
    return f'<path{attributes} d="{"".join(lines)}"/>' if lines else ""


def limbs(placed: dict[str, Point], side: str) -> list[Line]:
    chains = [[f"{side}_{part}" for part in parts] for parts in (ARM_PARTS, LEG_PARTS)]
    return [tuple(placed[name] for name in chain) for chain in chains if chain[-1] in placed]


def front_of_trunk(placed: dict[str, Point]) -> Line:
    return tuple(placed[name] for name in ("near_shoulder", "far_shoulder", "far_hip", "near_hip"))


def inner_trunk(placed: dict[str, Point]) -> Line:
    """The trunk short of its ends, so that its broad round line ends at the shoulders and the hips."""
    (x, y), (hip_x, hip_y) = placed["chest"], placed["pelvis"]
    return tuple((x + (hip_x - x) * part, y + (hip_y - y) * part) for part in (0.14, 0.86))


def neck_and_nose(pose: Pose, placed: dict[str, Point]) -> list[Line]:
    head = placed["head"]
    neck = (along(head, pose.neck + 180, HEAD_RADIUS + 1), along(head, pose.neck + 180, NECK))
    if pose.frontal:
        return [neck]
    face = pose.neck - 90 if pose.face is None else pose.face
    return [neck, (along(head, face, HEAD_RADIUS + 1), along(head, face, HEAD_RADIUS + 3))]
