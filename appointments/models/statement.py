"""What a patient told us, kept apart from where the request stands, so that it can be erased on its own."""

from django.core.validators import MaxValueValidator
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from appointments.names import words_of
from appointments.safety import NOT_SURE
from clinic.models import Weekday
from clinic.plans import without


class ForWhom(models.TextChoices):
    ME = "me", _("Me")
    SOMEONE_ELSE = "someone_else", _("Someone else")


class Age(models.TextChoices):
    ADULT = "adult", _("18 or over")
    UNDER_18 = "under_18", _("Under 18")


class Duration(models.TextChoices):
    DAYS = "days", _("A few days")
    WEEKS = "weeks", _("One to six weeks")
    MONTHS = "months", _("Six weeks to six months")
    LONGER = "longer", _("Longer than six months")
    NO_PROBLEM = "no_problem", _("I have no problem, I want advice")


class Onset(models.TextChoices):
    SUDDENLY = "suddenly", _("Suddenly, such as a fall, a twist or a lift")
    GRADUALLY = "gradually", _("Little by little")
    AFTER_SURGERY = "after_surgery", _("After an operation")
    UNSURE = "unsure", _("I am not sure")


class Prefer(models.TextChoices):
    PHONE = "phone", _("Call me")
    EMAIL = "email", _("E-mail me")


class Mode(models.TextChoices):
    CLINIC = "clinic", _("At the clinic")
    PHONE = "phone", _("By phone")
    VIDEO = "video", _("By video")

    @classmethod
    def offered_by(cls, clinic):
        """As choices of a form."""
        return [(mode.value, mode.label) for mode in cls if getattr(clinic, f"offers_{mode.value}")]


WEEKDAYS = [(day.short, day.label) for day in Weekday]
# Until noon, until five, and after that.
DAY_PARTS = [("am", _("morning")), ("pm", _("afternoon")), ("eve", _("evening"))]
WINDOWS = [
    (f"{day}-{part}", _("%s %s") % (day_name, part_name)) for day, day_name in WEEKDAYS for part, part_name in DAY_PARTS
]


# What stands in the row after an erasure: nothing of what was answered, personal or not.
EMPTY = {
    "for_whom": "",
    "age": "",
    "safety_version": "",
    "safety": {},
    "duration": "",
    "onset": "",
    "goal": "",
    "note": "",
    "pain_score": None,
    "any_time": False,
    "windows": [],
    "modes": [],
    "sooner": False,
    "full_name": "",
    "phone": "",
    "email": "",
    "prefer": "",
    "may_leave_voicemail": False,
    "may_name_clinic": False,
    "access_needs": "",
}
# The same as a condition of the database.
IS_EMPTY = Q(
    **{f"{field}__isnull" if value is None else field: value is None or value for field, value in EMPTY.items()}
)


class PatientStatementQuerySet(models.QuerySet):
    def to_be_swept(self):
        return self.filter(erased_at__isnull=False, swept_at__isnull=True)

    def reached_at(self, *, email="", phone=""):
        """Whoever gave this address, in any case, or this number."""
        wanted = (Q(lowered=email.lower()) if email else Q()) | (Q(phone=phone) if phone else Q())
        return self.alias(lowered=Lower("email")).filter(wanted) if wanted else self.none()


class PatientStatement(models.Model):
    """One patient's own words and contact, beside the request they belong to.

    `PERSONAL_FIELDS` are what an erasure overwrites; anything else here must not point to a person.
    """

    PERSONAL_FIELDS = ("goal", "note", "full_name", "phone", "email", "access_needs", "windows", "safety")
    NOT_PERSONAL = ("for_whom", "age", "duration", "onset", "modes", "prefer", "safety_version")

    consultation = models.OneToOneField(
        "appointments.ConsultationRequest", on_delete=models.PROTECT, primary_key=True, related_name="statement"
    )
    for_whom = models.CharField(_("for whom"), max_length=20, choices=ForWhom)
    age = models.CharField(_("age"), max_length=10, choices=Age)
    # The version of the safety screen, and what was ticked: {"emergency": […], "urgent": […], "seen": […]}.
    safety_version = models.CharField(max_length=20, blank=True, default="")
    safety = models.JSONField(default=dict)
    duration = models.CharField(_("how long"), max_length=20, choices=Duration)
    onset = models.CharField(_("how it began"), max_length=20, choices=Onset)
    goal = models.CharField(_("goal"), max_length=200)
    note = models.TextField(_("note"), max_length=500, blank=True)
    pain_score = models.PositiveSmallIntegerField(_("pain"), null=True, validators=[MaxValueValidator(10)])
    any_time = models.BooleanField(_("any time"), default=False)
    windows = models.JSONField(_("times that suit"), default=list)
    modes = models.JSONField(_("ways to meet"), default=list)
    sooner = models.BooleanField(_("wants to hear if something sooner opens"), default=False)
    full_name = models.CharField(_("name"), max_length=120)
    phone = PhoneNumberField(_("phone"), blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    prefer = models.CharField(_("prefers"), max_length=10, choices=Prefer)
    may_leave_voicemail = models.BooleanField(_("may leave a voicemail"), default=False)
    may_name_clinic = models.BooleanField(_("may say the clinic's name"), default=False)
    access_needs = models.CharField(_("access needs or interpreter"), max_length=200, blank=True)
    # When it was overwritten, and when the files and free pages of the database were swept after that.
    erased_at = models.DateTimeField(null=True, editable=False)
    swept_at = models.DateTimeField(null=True, editable=False)

    objects = PatientStatementQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(Lower("email"), name="statement_by_email"),
            models.Index(fields=["phone"], name="statement_by_phone"),
            models.Index(
                fields=["erased_at"],
                name="statement_to_be_swept",
                condition=Q(erased_at__isnull=False, swept_at__isnull=True),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="statement_gives_a_way_to_answer", condition=Q(erased_at__isnull=False) | ~Q(phone="", email="")
            ),
            models.CheckConstraint(
                name="erased_statement_is_empty",
                condition=Q(erased_at__isnull=True) | IS_EMPTY,
            ),
            models.CheckConstraint(
                name="pain_score_is_0_to_10", condition=Q(pain_score__isnull=True) | Q(pain_score__range=(0, 10))
            ),
        ]

    def __str__(self):
        return self.consultation.reference

    @transaction.atomic(savepoint=False)
    def save(self, *args, update_fields=None, **kwargs):
        is_new = self._state.adding
        super().save(*args, update_fields=update_fields, **kwargs)
        if update_fields is None or "full_name" in update_fields:
            NameWord.objects.follow(self, is_new=is_new)

    def erase(self, *, at):
        """Overwrite every answer; the names kept for the search go with them."""
        self.erased_at = at
        for field, nothing in EMPTY.items():
            setattr(self, field, nothing)
        self.save()

    def has_contact(self, *, phone="", email=""):
        """Whether what is given stands here already."""
        return (not phone or phone == self.phone) and (not email or email == self.email)

    def correct_contact(self, *, phone="", email=""):
        """Replace what is given. Where there is only one way to answer from now on, that is the one preferred."""
        self.phone, self.email = phone or self.phone, email or self.email
        if not (self.phone and self.email):
            self.prefer = Prefer.PHONE if self.phone else Prefer.EMAIL
        self.save(update_fields=["phone", "email", "prefer"])

    def wish_for(self, *, windows, any_time):
        """The times that suit from now on; what stood before stays where nothing is given."""
        if windows or any_time:
            self.windows, self.any_time = list(windows), any_time
            self.save(update_fields=["windows", "any_time"])

    def differs_from(self, said):
        return any(getattr(self, field) != value for field, value in said.items())

    @property
    def end_of_phone(self):
        return self.phone.as_e164[-4:] if self.phone else ""

    @property
    def masked_email(self):
        """Enough for its owner to know it by."""
        name, _, host = self.email.partition("@")
        return f"{name[0]}•••@{host}" if name else ""

    @property
    def window_labels(self):
        return [label for code, label in WINDOWS if code in self.windows]

    @property
    def ticked(self):
        """All that was ticked, "none" and "not sure" included, and what the patient was already seen for."""
        return [sign for answered in self.safety.values() for sign in answered]

    @property
    def doubts(self):
        """Which lists of signs the patient was not sure about, in words."""
        lists = {"emergency": _("Not sure about the emergency signs"), "urgent": _("Not sure about the urgent signs")}
        return [str(words) for name, words in lists.items() if NOT_SURE in self.safety.get(name, [])]

    @property
    def mode_labels(self):
        return [label for code, label in Mode.choices if code in self.modes]


# Of a beginning that more are called, only so many of the newest are looked at one by one.
MOST_WALKED = 5000


def first_bytes(field):
    """Written out, so that SQLite sees that it is what the index holds."""
    return models.Func(
        field, function="SUBSTR", template="%(function)s(%(expressions)s, 1, 2)", output_field=models.BinaryField()
    )


class NameWordQuerySet(models.QuerySet):
    def beginning_with(self, word):
        """In a range, which an index of bytes serves on every engine, whatever the language its texts are sorted by."""
        begin = word.encode()
        # No byte of UTF-8 is 255.
        return self.filter(word__gte=begin, word__lt=begin + b"\xff")

    def newest(self, words, *, most):
        """The statements, the newest first, of names with a word for each of these that begins so; at most so many."""
        counts = {
            word: self.beginning_with(word)[: MOST_WALKED + 1].count() for word in words if len(word.encode()) > 1
        }
        if not counts:
            return []
        few = [word for word, count in counts.items() if count <= MOST_WALKED]
        if few:
            return self._of_few(few, [word for word in words if word not in few], most)
        rarest = min(counts, key=counts.get)
        return self._of_many(rarest, [word for word in words if word != rarest], most)

    def _of_few(self, few, others, most):
        """The few are met by sets: PostgreSQL takes a beginning that it does not know for nobody, and would walk
        all of one for each of another.
        """
        found = self.beginning_with(few[0])
        if len(few) > 1:
            first, *rest = (self.beginning_with(word).values_list("statement", flat=True) for word in few)
            found = self.filter(statement__in=set(first.intersection(*rest)))
        for word in others:
            found = found.filter(Exists(self.beginning_with(word).filter(statement=OuterRef("statement"))))
        return sorted(set(found.values_list("statement", flat=True)), reverse=True)[:most]

    def _of_many(self, rarest, others, most):
        """From an index that has the newest first. Where there are other words as well, not of the oldest of so many:
        such a beginning has more names than anybody reads through, and more letters find the one that is meant.
        """
        found = self._by_index(rarest)
        oldest = None
        if others:
            # PostgreSQL takes them for a fiftieth of what they are, and would sort them all.
            with without("sort"):
                oldest = found.order_by("-statement").values_list("statement", flat=True)[MOST_WALKED:].first()
        is_among_them = Q(statement__gte=oldest) if oldest else Q()
        found = found.filter(is_among_them)
        for word in others:
            found = found.filter(statement__in=self._by_index(word).filter(is_among_them).values("statement"))
        return list(found.order_by("-statement").values_list("statement", flat=True).distinct()[:most])

    def _by_index(self, word):
        found, begin = self.beginning_with(word), word.encode()[:2]
        return found.alias(begin=first_bytes("word")).filter(begin=begin) if len(begin) == 2 else found

    def follow(self, statement, *, is_new=False):
        """The words of the name as it is now, and none of what it was: an erased name leaves nothing here."""
        if not is_new:
            self.filter(statement=statement).delete()
        self.bulk_create(NameWord(statement=statement, word=word.encode()) for word in words_of(statement.full_name))


class NameWord(models.Model):
    """One word of a patient's name as it is looked for, in UTF-8: written and erased with the statement."""

    PERSONAL_FIELDS = ("word",)

    statement = models.ForeignKey(PatientStatement, on_delete=models.CASCADE, related_name="name_words")
    word = models.BinaryField()

    objects = NameWordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["word", "statement"], name="name_word_is_kept_once_for_each_name"),
        ]
        indexes = [
            models.Index(first_bytes("word"), models.F("statement").desc(), "word", name="name_word_newest_first"),
        ]

    def __str__(self):
        return self.statement.consultation.reference
