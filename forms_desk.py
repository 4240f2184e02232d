"""The forms of the desk, but for titles and pieces.  As in ``forms.py``."""

import unicodedata
from datetime import date, timedelta

from wtforms import Form, RadioField, StringField, TextAreaField
from wtforms.validators import (
    AnyOf,
    DataRequired,
    InputRequired,
    Length,
    Optional,
    Regexp,
    ValidationError,
)

import rules
from folding import isbn13
from forms import Day, password_field, without_controls
from requested import RequestEntry
from staffing import LONGEST_NAME, staff_name

LONGEST_LINE, LONGEST_NOTICE = 60, 1000


def _line(typed: str | None) -> str:
    return rules.one_line(typed or "")


def _paragraphs(value: str | None) -> str | None:
    """A text with its lines and indents, and without what nobody sees."""
    lines = (value or "").replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").split("\n")
    seen = ["".join(sign for sign in line if unicodedata.category(sign)[0] != "C") for line in lines]
    return "\n".join(line.rstrip() for line in seen).strip("\n")


class StaffLoginForm(Form):
    """Who works, and at which branch.  Which branches there are, the policy says."""

    name = StringField(
        filters=[lambda typed: staff_name(typed) if typed else typed],
        validators=[
            DataRequired("form.name_required"),
            Length(max=LONGEST_NAME, message="form.name_required"),
        ],
    )
    password = password_field()
    branch = StringField()

    @classmethod
    def of(cls, policy: rules.Policy, filled=None, branch: str | None = None) -> "StaffLoginForm":
        """With what was filled in, else with this branch chosen."""
        form = cls(filled, branch=branch)
        known = [branch.id for branch in policy.branches]
        form.branch.validators = [AnyOf(known, "form.branch_required")]
        return form


class CardForm(Form):
    """The number of a card that somebody is given."""

    card = StringField(
        filters=[without_controls],
        validators=[DataRequired("form.card_required"), Length(max=40, message="form.card_long")],
    )


class PatronForm(Form):
    """What the desk writes down of a patron; most of it may be left empty."""

    kana_name = StringField(
        filters=[lambda typed: rules.plain_line(typed) if typed else typed],
        validators=[DataRequired("form.kana_name_required")],
    )
    category = StringField()
    born_on = Day(validators=[Optional()])
    phone = StringField(filters=[without_controls])
    mail = StringField(filters=[without_controls])
    postal_address = StringField(filters=[without_controls])
    household = StringField(
        filters=[without_controls], validators=[Length(max=40, message="form.household_long")]
    )

    def __init__(self, policy: rules.Policy, today: date, filled=None, **kept):
        super().__init__(filled, **kept)
        self.policy, self.today = policy, today
        known = [category.id for category in policy.patron_categories]
        self.category.validators = [AnyOf(known, "form.category_required")]

    @property
    def entry(self) -> rules.PatronEntry:
        """What was filled in, as it is kept."""
        typed = {name: self[name].data for name in _OF_ENTRY}
        return rules.as_kept(self.policy, rules.PatronEntry(**typed))

    def validate(self, extra_validators=None) -> bool:
        """With the rules' own refusals at the fields that they are about."""
        if not super().validate(extra_validators):
            return False
        for refusal in rules.decide_entry(self.policy, self.entry, self.today).refusals:
            self[_FIELD_OF[refusal.reason]].errors = [refusal]
        return not self.errors


class RemarkForm(Form):
    """Why an exception is made, on one line; ``unclear``: what the rules say against it."""

    unclear: tuple[rules.Refusal, ...] = ()
    remark = StringField(filters=[lambda typed: rules.plain_line(typed) if typed else typed])

    def validate(self, extra_validators=None) -> bool:
        self.unclear = rules.decide_remark(self.remark.data or "").refusals
        return not self.unclear


class NewPatronForm(PatronForm, CardForm):
    """A patron with the first card."""


class StopForm(Form):
    """Why the desk stops a patron, and until when."""

    why = StringField(filters=[lambda typed: rules.plain_line(typed) if typed else typed])
    until = Day(validators=[Optional()])

    def __init__(self, today: date, filled=None, **kept):
        super().__init__(filled, **kept)
        self.today = today

    def validate(self, extra_validators=None) -> bool:
        fits = super().validate(extra_validators)
        for refusal in rules.decide_stop(self.why.data or "", self.until.data, self.today).refusals:
            field = self.until if refusal.reason is rules.Reason.STOP_OVER else self.why
            field.errors = [refusal]
            fits = False
        return fits


class RequestForm(Form):
    """What a patron knows of a title that the library does not own, and where and how they get it."""

    title = StringField(
        filters=[_line],
        validators=[DataRequired("form.title_required"), Length(max=200, message="form.title_long")],
    )
    creator = StringField(filters=[_line], validators=[Length(max=100, message="form.creator_long")])
    publisher = StringField(filters=[_line], validators=[Length(max=100, message="form.publisher_long")])
    pub_year = StringField(
        filters=[lambda typed: unicodedata.normalize("NFKC", typed or "").strip().removesuffix("年")],
        validators=[Optional(), Regexp("[12][0-9]{3}$", message="form.pub_year_form")],
    )
    isbn = StringField(filters=[without_controls], validators=[Length(max=40, message="form.isbn_form")])
    material = StringField()
    pickup = StringField()
    contact = StringField()
    at = StringField(validators=[AnyOf([rules.Channel.DESK, rules.Channel.PHONE], "form.way_required")])

    def __init__(self, policy: rules.Policy, filled=None, **chosen):
        super().__init__(filled, **chosen)
        known = {
            "material": [material.id for material in policy.materials],
            "pickup": [branch.id for branch in policy.branches],
            "contact": list(policy.hold.contact),
        }
        for name, choices in known.items():
            self[name].validators = [AnyOf(choices, f"form.{name}_required")]

    def validate_isbn(self, field) -> None:
        if field.data and isbn13(field.data) is None:
            raise ValidationError("form.isbn_form")

    @property
    def entry(self) -> RequestEntry:
        """What was filled in, as it is kept."""
        return RequestEntry(
            material=self.material.data,
            title=self.title.data,
            creator=self.creator.data or "",
            publisher=self.publisher.data or "",
            pub_year=int(self.pub_year.data) if self.pub_year.data else None,
            isbn=isbn13(self.isbn.data or ""),
        )


class BorrowForm(Form):
    """A piece of another library."""

    barcode = StringField(
        filters=[without_controls],
        validators=[DataRequired("form.barcode_required"), Length(max=40, message="form.barcode_required")],
    )
    library = StringField(
        filters=[_line],
        validators=[DataRequired("form.library_required"), Length(max=60, message="form.library_required")],
    )
    send_back_by = Day(validators=[InputRequired("form.send_back_required")])


class CalendarForm(Form):
    """What is to be written into the calendar.  The last day may be left empty: then it is the first."""

    kind = RadioField(
        validate_choice=False,
        validators=[AnyOf(list(rules.DayKind), "form.calendar_kind")],
        default=rules.DayKind.CLOSED.value,
    )
    first = Day(validators=[InputRequired("form.first_day_required")])
    last = Day(validators=[Optional()])
    branch = StringField()
    label = StringField(filters=[_line], validators=[Length(max=LONGEST_LINE, message="form.label_long")])

    def __init__(self, policy: rules.Policy, today: date, filled=None, **kept):
        super().__init__(filled, **kept)
        self.today = today
        self.kind.choices = [kind.value for kind in rules.DayKind]
        known = ["", *(branch.id for branch in policy.branches)]
        self.branch.validators = [AnyOf(known, "form.calendar_branch")]

    @property
    def plan(self) -> rules.CalendarPlan:
        first = self.first.data
        return rules.CalendarPlan(
            kind=rules.DayKind(self.kind.data),
            first=first,
            last=self.last.data or first,
            branch=self.branch.data or None,
            label=self.label.data,
        )

    def validate(self, extra_validators=None) -> bool:
        """With the rules' own refusals at the fields that they are about."""
        if not super().validate(extra_validators):
            return False
        for refusal in rules.decide_plan(self.plan, self.today).refusals:
            self[_FIELD_OF[refusal.reason]].errors = [refusal.reason.value]
        return not self.errors


class NoticeForm(Form):
    """A notice of the library, and the days on which the home page shows it."""

    title = StringField(
        filters=[_line],
        validators=[
            DataRequired("form.notice_title_required"),
            Length(max=LONGEST_LINE, message="form.notice_title_long"),
        ],
    )
    body = TextAreaField(
        filters=[_paragraphs],
        validators=[
            DataRequired("form.notice_body_required"),
            Length(max=LONGEST_NOTICE, message="form.notice_body_long"),
        ],
    )
    from_on = Day(validators=[InputRequired("form.first_day_required")])
    until_on = Day(validators=[InputRequired("form.last_day_required")])

    @classmethod
    def new(cls, today: date) -> "NoticeForm":
        """Empty, with two weeks from today."""
        return cls(from_on=today, until_on=today + timedelta(days=14))

    def validate(self, extra_validators=None) -> bool:
        if not super().validate(extra_validators):
            return False
        if self.until_on.data < self.from_on.data:
            self.until_on.errors = [rules.Reason.DAYS_REVERSED.value]
        return not self.errors


_OF_ENTRY = ("kana_name", "category", "born_on", "phone", "mail", "household", "postal_address")
_FIELD_OF = {
    rules.Reason.NAME_FORM: "kana_name",
    rules.Reason.UNKNOWN_CATEGORY: "category",
    rules.Reason.BIRTH_DATE: "born_on",
    rules.Reason.PHONE_FORM: "phone",
    rules.Reason.MAIL_FORM: "mail",
    rules.Reason.MAIL_AT: "mail",
    rules.Reason.MAIL_SIGNS: "mail",
    rules.Reason.MAIL_DOMAIN: "mail",
    rules.Reason.MAIL_DOTS: "mail",
    rules.Reason.POSTAL_ADDRESS_LONG: "postal_address",
    rules.Reason.DAYS_REVERSED: "last",
    rules.Reason.TOO_MANY_DAYS: "last",
    rules.Reason.DAYS_FAR_OFF: "first",
    rules.Reason.DAYS_PAST: "first",
    rules.Reason.EVENT_UNNAMED: "label",
}
