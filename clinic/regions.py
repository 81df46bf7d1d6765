"""The parts of the body: patients name where it hurts, and tips say whom they are for, by the same words."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Region(TextChoices):
    NECK = "neck", _("Neck")
    BACK = "back", _("Back")
    SHOULDER = "shoulder", _("Shoulder")
    ARM = "arm", _("Arm or hand")
    HIP = "hip", _("Hip or groin")
    KNEE = "knee", _("Knee")
    LOWER_LEG = "lower_leg", _("Lower leg or foot")
    SEVERAL = "several", _("More than one area")
    ADVICE = "advice", _("No injury: training advice")
