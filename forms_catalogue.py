"""The forms for titles, pieces and labels.  An error is the key of a sentence, or a refusal."""

import re
from datetime import date

from wtforms import (
    BooleanField,
    DateTimeLocalField,
    FieldList,
    Form,
    FormField,
    IntegerField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, Optional, ValidationError

import holdings
import rules
from folding import isbn13
from forms import Day
from models import Bib
from title_records import TitleRecord

# The fields of a title that are kept as they were typed.
_AS_TYPED = (
    "material",
    "title",
    "title_kana",
    "subtitle",
    "volume",
    "publisher",
    "series",
    "subjects",
    "extent",
    "new_serial",
)
_ALSO_KEPT = ("pub_year", "isbn", "ndc", "issued_on")
_ROWS_OF_CREATORS, _MOST_CREATORS = 3, 30
_MOST_TAGS = 20
MOST_LABELS, A_SHEET = 300, 30


def _line(most: int, *more, kept=rules.one_line) -> StringField:
    """A text of one line, as it was written unless it is ``kept`` otherwise."""
    return StringField(
        filters=[lambda typed: "" if typed is None else kept(str(typed))],
        validators=[*more, Length(max=most, message="form.line_long")],
    )


def _lines(typed: str | None) -> tuple[str, ...]:
    """What stands in a field of several lines, one each, without empty ones."""
    found = (rules.one_line(line) for line in (typed or "").splitlines())
    return tuple(dict.fromkeys(line for line in found if line))


class CreatorForm(Form):
    name = _line(100)
    reading = _line(100)
    role = _line(20)


class TitleForm(Form):
    """What the desk writes down of a title; all but kind and name may be left empty."""

    material = StringField()
    title = _line(300, DataRequired("form.title_required"))
    title_kana = _line(300)
    subtitle = _line(300)
    volume = _line(60)
    creators = FieldList(FormField(CreatorForm), min_entries=_ROWS_OF_CREATORS, max_entries=_MOST_CREATORS)
    publisher = _line(200)
    pub_year = _line(20)
    isbn = _line(40)
    ndc = _line(20, kept=rules.plain_line)
    series = _line(300)
    subjects = _line(500)
    extent = _line(100)
    serial = StringField()
    new_serial = _line(200)
    issued_on = Day(validators=[Optional()])
    holdable_from = DateTimeLocalField(format="%Y-%m-%dT%H:%M", validators=[Optional()])

    def __init__(self, policy: rules.Policy, today: date, filled=None, **kept):
        super().__init__(filled, **kept)
        self.policy, self.today = policy, today
        self.serials = holdings.serials()
        while filled is None and len(self.creators) < _MOST_CREATORS and self.creators[-1].data["name"]:
            self.creators.append_entry()

    @classmethod
    def of(cls, policy: rules.Policy, today: date, bib: Bib) -> "TitleForm":
        """With what is known of a title."""
        kept = {name: getattr(bib, name) for name in (*_AS_TYPED, *_ALSO_KEPT) if name != "new_serial"}
        kept["serial"] = "" if bib.serial_id is None else str(bib.serial_id)
        kept["holdable_from"] = bib.holdable_from and bib.holdable_from.astimezone(rules.JAPAN)
        kept["creators"] = [
            {"name": one.name, "reading": one.reading, "role": one.role} for one in holdings.creators(bib.id)
        ]
        return cls(policy, today, **kept)

    @classmethod
    def found(cls, policy: rules.Policy, today: date, title: TitleRecord) -> "TitleForm":
        """With what a service outside knows; whoever saves it has looked it through."""
        kept = {name: getattr(title, name) for name in (*_AS_TYPED, *_ALSO_KEPT) if hasattr(title, name)}
        if policy.material(title.material) is None:
            del kept["material"]
        kept["creators"] = [
            {"name": one.name, "reading": one.reading, "role": one.role}
            for one in title.creators[:_MOST_CREATORS]
        ]
        return cls(policy, today, **kept)

    @property
    def entry(self) -> rules.TitleEntry:
        """What was filled in, as it is kept."""
        typed = {name: self[name].data or "" for name in _AS_TYPED}
        from_at = self.holdable_from.data
        return rules.TitleEntry(
            **typed,
            creators=tuple(rules.CreatorEntry(**one) for one in self.creators.data if one["name"]),
            pub_year=rules.year_of(self.pub_year.data),
            isbn=isbn13(self.isbn.data),
            ndc=self.ndc.data,
            serial=next((number for number, _ in self.serials if str(number) == self.serial.data), None),
            issued_on=self.issued_on.data,
            holdable_from=from_at and from_at.replace(tzinfo=rules.JAPAN),
        )

    def validate_pub_year(self, field) -> None:
        if field.data and rules.year_of(field.data) is None:
            raise ValidationError("form.year_form")

    def validate_isbn(self, field) -> None:
        if field.data and isbn13(field.data) is None:
            raise ValidationError("form.isbn_form")

    def validate_creators(self, field) -> None:
        if any(one["reading"] and not one["name"] for one in field.data):
            raise ValidationError("form.creator_without_name")

    def validate_serial(self, field) -> None:
        if field.data and field.data not in {str(number) for number, _ in self.serials}:
            raise ValidationError("form.serial_unknown")

    def validate_new_serial(self, field) -> None:
        if field.data and self.serial.data:
            raise ValidationError("form.serial_twice")

    def validate(self, extra_validators=None) -> bool:
        """With the rules' own refusals at the fields that they are about."""
        super().validate(extra_validators)
        if self.holdable_from.errors:
            self.holdable_from.errors = ["form.day_form"]  # the field's own sentence is not one of ours
        for refusal in rules.decide_title(self.policy, self.entry, self.today).refusals:
            named = refusal.facts.get("serial")
            name = "issued_on" if named else _FIELD_OF[refusal.reason]
            self[name].errors = self[name].errors or [refusal]
        return not self.errors


class ItemForm(Form):
    """What the desk writes down of a piece."""

    barcode = StringField(
        filters=[lambda typed: rules.item_barcode(rules.one_line(typed)) if typed else ""],
        validators=[DataRequired("form.barcode_required"), Length(max=40, message="form.line_long")],
    )
    branch = StringField()
    call_number = _line(60)
    tags = SelectMultipleField(validate_choice=False)
    more_tags = TextAreaField(validators=[Length(max=500, message="form.line_long")])
    not_for_loan = BooleanField()
    interlibrary = BooleanField()
    volumes = IntegerField(default=1)

    def __init__(self, policy: rules.Policy, filled=None, **kept):
        super().__init__(filled, **kept)
        self.policy = policy
        self.known_tags = rules.tags_of(policy)

    @classmethod
    def of(cls, policy: rules.Policy, copy: holdings.Copy) -> "ItemForm":
        """With what is known of a piece."""
        known = rules.tags_of(policy)
        others = "\n".join(tag for tag in copy.tags if tag not in known)
        return cls(policy, obj=copy, more_tags=others)

    @property
    def entry(self) -> rules.ItemEntry:
        """What was filled in, as it is kept."""
        known = tuple(tag for tag in self.known_tags if tag in (self.tags.data or ()))
        return rules.ItemEntry(
            barcode=self.barcode.data,
            branch=self.branch.data or "",
            call_number=self.call_number.data,
            tags=(*known, *(tag for tag in _lines(self.more_tags.data) if tag not in known)),
            not_for_loan=self.not_for_loan.data,
            interlibrary=self.interlibrary.data,
            volumes=self.volumes.data or 0,
        )

    def validate_more_tags(self, field) -> None:
        tags = _lines(field.data)
        if len(tags) > _MOST_TAGS or any(len(tag) > 30 for tag in tags):
            raise ValidationError("form.tags_many")

    def validate(self, extra_validators=None) -> bool:
        """With the rules' own refusals at the fields that they are about."""
        super().validate(extra_validators)
        if self.volumes.errors:
            self.volumes.errors = ["form.volumes_form"]  # the field's own sentence is not one of ours
        for refusal in rules.decide_item(self.policy, self.entry).refusals:
            field = self[_FIELD_OF[refusal.reason]]
            field.errors = field.errors or [refusal]
        return not self.errors


class ListForm(Form):
    """What is chosen beside a list that is put in; nothing: as the list says."""

    branch = StringField()
    material = StringField()
    digits = StringField(filters=[lambda typed: rules.plain_line(str(typed or ""))])

    def __init__(self, policy: rules.Policy, filled=None, **kept):
        super().__init__(filled, **kept)
        self.policy = policy

    @property
    def length(self) -> int:
        """Of the number of a piece; 0: as it stands."""
        return int(self.digits.data or 0)

    def validate_branch(self, field) -> None:
        if field.data and self.policy.branch(field.data) is None:
            raise ValidationError(rules.Reason.UNKNOWN_BRANCH.value)

    def validate_material(self, field) -> None:
        if field.data and self.policy.material(field.data) is None:
            raise ValidationError(rules.Reason.UNKNOWN_MATERIAL.value)

    def validate_digits(self, field) -> None:
        if field.data and not (re.fullmatch("[0-9]{1,2}", field.data) and 1 <= int(field.data) <= 20):
            raise ValidationError("import.digits_form")


class LabelForm(Form):
    """Which labels, of which pieces, and how many places of the sheet are used up."""

    of = RadioField(choices=["codes", "range", "today"], default="codes", validate_choice=False)
    codes = TextAreaField(validators=[Length(max=40 * MOST_LABELS, message="form.line_long")])
    first = _line(40)
    last = _line(40)
    kind = RadioField(choices=["both", "barcode", "spine"], default="both", validate_choice=False)
    skip = IntegerField(default=0, validators=[Optional()])

    @property
    def barcodes(self) -> tuple[str, ...]:
        """The scanned barcodes, one a line."""
        return tuple(dict.fromkeys(rules.item_barcode(line) for line in _lines(self.codes.data)))

    @property
    def between(self) -> tuple[str, str]:
        """The first and the last barcode; one alone is both."""
        first, last = rules.item_barcode(self.first.data), rules.item_barcode(self.last.data)
        return first or last, last or first

    def validate(self, extra_validators=None) -> bool:
        if not super().validate(extra_validators) or not 0 <= (self.skip.data or 0) < A_SHEET:
            if not self.codes.errors:
                self.skip.errors = ["form.skip_form"]
            return False
        return True


_FIELD_OF = {
    rules.Reason.UNKNOWN_MATERIAL: "material",
    rules.Reason.NDC_FORM: "ndc",
    rules.Reason.PUB_YEAR: "pub_year",
    rules.Reason.ISSUE_IN_PART: "serial",
    rules.Reason.UNKNOWN_BRANCH: "branch",
    rules.Reason.VOLUMES: "volumes",
}
