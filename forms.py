"""The forms of patrons.  An error is the key of its sentence, or a refusal; templates say it at the field."""

import unicodedata

from wtforms import BooleanField, DateField, Form, PasswordField, RadioField, StringField
from wtforms.validators import (
    AnyOf,
    DataRequired,
    EqualTo,
    InputRequired,
    Length,
    Optional,
    Regexp,
    ValidationError,
)

import ndc
import passwords
import rules
from folding import fold
from models import Patron
from staffing import LONGEST_PASSWORD


def without_controls(value: str | None) -> str | None:
    """What was typed, without blanks at its ends and without characters that nobody types."""
    return "".join(character for character in value if character.isprintable()).strip() if value else value


def password_field(*more) -> PasswordField:
    length = Length(max=LONGEST_PASSWORD, message="form.password_long")
    return PasswordField(validators=[InputRequired("form.password_required"), length, *more])


def card_field() -> StringField:
    return StringField(
        filters=[without_controls],
        validators=[DataRequired("form.card_required"), Length(max=40, message="form.card_required")],
    )


class LoginForm(Form):
    card = card_field()
    password = password_field()


class _NoteForm(Form):
    """A patron's own words on something; ``decide`` says whether they can be kept."""

    note = StringField(filters=[lambda typed: rules.one_line(typed) if typed else ""])

    def validate(self, extra_validators=None) -> bool:
        understood = super().validate(extra_validators)
        refusals = self.decide(self.note.data).refusals
        self.note.errors = [*self.note.errors, *refusals]
        return understood and not refusals


class ShelfForm(_NoteForm):
    """A patron's note on a title to be read some day."""

    decide = staticmethod(rules.decide_shelf_note)


class ReadingNoteForm(_NoteForm):
    """A patron's note on something that was read."""

    decide = staticmethod(rules.decide_reading_note)


class GoalForm(Form):
    """How many a patron wants to read in a year; left empty, there is no goal."""

    goal = StringField(
        filters=[lambda typed: unicodedata.normalize("NFKC", typed or "").strip().removesuffix("冊").strip()],
        validators=[Regexp(r"[0-9]{0,6}\Z", message="form.goal_number")],
    )

    def wanted(self) -> int | None:
        return int(self.goal.data) if self.goal.data else None


def alert_field() -> StringField:
    return StringField(filters=[lambda typed: rules.one_line(typed) if typed else ""])


class AlertForm(Form):
    """What a new title has to be for a patron to be told of it; what is left empty may be anything."""

    author, keyword, series = alert_field(), alert_field(), alert_field()
    ndc = StringField(default="")
    branch = StringField(default="")

    def __init__(self, policy: rules.Policy, filled=None, terms: rules.AlertTerms | None = None):
        super().__init__(filled, obj=terms)
        self.policy = policy

    def validate(self, extra_validators=None) -> bool:
        understood = super().validate(extra_validators)
        for field in (self.author, self.keyword, self.series):
            errors = list(rules.decide_alert_word(field.data).refusals)
            if field.data and not fold(field.data):
                errors.append("form.alert_no_word")
            field.errors = [*field.errors, *errors]
            understood = understood and not errors
        return understood

    def validate_ndc(self, field) -> None:
        if field.data and not ndc.is_class(field.data):
            raise ValidationError("form.alert_genre")

    def validate_branch(self, field) -> None:
        if field.data and self.policy.branch(field.data) is None:
            raise ValidationError("form.alert_branch")

    @property
    def terms(self) -> rules.AlertTerms:
        """What was typed; a field that was not sent is empty."""
        names = ("author", "ndc", "keyword", "series", "branch")
        return rules.AlertTerms(**{name: self[name].data or "" for name in names})


class ProofForm(Form):
    """The facts with which somebody proves to be a patron: those that the policy asks for."""

    card = card_field()
    kana_name = StringField(
        filters=[without_controls],
        validators=[DataRequired("form.kana_name_required"), Length(max=120, message="form.line_long")],
    )
    birth_date = StringField(
        filters=[without_controls],
        validators=[DataRequired("form.birth_date_required"), Length(max=40, message="form.line_long")],
    )
    phone = StringField(
        filters=[without_controls],
        validators=[DataRequired("form.phone_required"), Length(max=40, message="form.line_long")],
    )

    def __init__(self, policy: rules.Policy, filled=None):
        super().__init__(filled)
        for fact, name in FIELD_OF_FACT.items():
            if fact not in policy.registration.asked:
                del self[name]

    def validate_birth_date(self, field) -> None:
        if rules.birth_date(field.data) is None:
            raise ValidationError("form.birth_date_form")

    @property
    def typed(self) -> rules.ProvenBy:
        return rules.ProvenBy(**{name: self[name].data for name in FIELD_OF_FACT.values() if name in self})


FIELD_OF_FACT = {
    rules.Fact.KANA_NAME: "kana_name",
    rules.Fact.BIRTH_DATE: "birth_date",
    rules.Fact.PHONE: "phone",
}


class _ByTheRules:
    """A form with a new password, to which it tells everything that the rules have against it."""

    own, before, judge = rules.OwnNumbers(), None, staticmethod(passwords.decide)

    def validate(self, extra_validators=None) -> bool:
        fits = super().validate(extra_validators)
        if not self.password.errors:
            judged = self.judge(self.policy, self.password.data, self.own, self.before)
            self.password.errors = list(judged.refusals)
        return fits and not self.password.errors


def again_field() -> PasswordField:
    return PasswordField(
        validators=[InputRequired("form.again_required"), EqualTo("password", "form.again_differs")]
    )


class CodeForm(_ByTheRules, Form):
    """A patron's new password, twice, with the code that allows it.

    Everything that speaks against the password is told only to whoever has the code.
    """

    judge = staticmethod(rules.decide_password)
    card = card_field()
    code = StringField(
        filters=[without_controls],
        validators=[DataRequired("form.code_required"), Length(max=40, message="form.code_required")],
    )
    password = password_field()
    again = again_field()

    def __init__(self, policy: rules.Policy, filled=None):
        super().__init__(filled)
        self.policy = policy


class NewPasswordForm(_ByTheRules, Form):
    """A patron's new password, twice, and the mail address (document 2, 4. 利用者登録の流れ)."""

    password = password_field()
    again = again_field()
    mail = StringField(filters=[without_controls])
    for_contact = BooleanField()
    for_holds = BooleanField()

    def __init__(self, policy: rules.Policy, own: rules.OwnNumbers, filled=None):
        super().__init__(filled, **({} if filled else {"for_contact": True, "for_holds": True}))
        self.policy, self.own = policy, own

    def validate(self, extra_validators=None) -> bool:
        fits = super().validate(extra_validators)
        if self.mail.data:
            self.mail.errors = list(rules.decide_mail_address(self.policy, self.mail.data).refusals)
        return fits and not self.mail.errors


class PasswordChangeForm(_ByTheRules, Form):
    """A patron's new password, twice, with the old one that allows it."""

    old = password_field()
    password = password_field()
    again = again_field()

    def __init__(self, policy: rules.Policy, own: rules.OwnNumbers, filled=None):
        super().__init__(filled)
        self.policy, self.own = policy, own

    @property
    def before(self) -> str | None:
        return self.old.data or None


class OwnDeletionForm(Form):
    """The password again, by which a patron deletes the account."""

    password = password_field()


class AddressForm(Form):
    """One more mail address, and what it is for."""

    mail = StringField(filters=[without_controls], validators=[DataRequired("form.mail_required")])
    for_contact = BooleanField()
    for_holds = BooleanField()


class PhoneForm(Form):
    phone = StringField(
        filters=[without_controls],
        validators=[DataRequired("form.phone_required"), Length(max=40, message="form.line_long")],
    )


class RemindersForm(Form):
    """Which reminders a patron wants, of those that the library sends; a box that is not ticked says no."""

    due_soon = BooleanField()
    hold_last_day = BooleanField()
    card_expires = BooleanField()

    def __init__(self, policy: rules.Policy, filled=None, unwanted=frozenset()):
        offered = rules.optional_reminders(policy)
        super().__init__(filled, **{kind: kind not in unwanted for kind in offered})
        for kind in rules.OPTIONAL_REMINDERS:
            if kind not in offered:
                del self[kind]

    @property
    def wanted(self) -> set[str]:
        return {field.name for field in self if field.data}


class CartForm(Form):
    """Where and how the holds are picked up.  Which choices there are, the policy says."""

    pickup = RadioField(validate_choice=False, validators=[AnyOf([], "form.pickup_required")])
    contact = RadioField(validate_choice=False, validators=[AnyOf([], "form.contact_required")])

    @classmethod
    def of(cls, policy: rules.Policy, patron: Patron, filled: dict[str, list[str]]) -> "CartForm":
        """With what was filled in, else with what the patron chose last, else the main library."""
        branches = {branch.id: branch.name for branch in policy.branches}
        main = next(branch.id for branch in policy.branches if branch.main)
        last = patron.pickup_branch if patron.pickup_branch in branches else main
        ways = [contact.value for contact in policy.hold.contact]
        told = patron.contact if patron.contact in ways else ways[0]
        chosen = filled or {"pickup": [last], "contact": [told]}
        form = cls(pickup=chosen.get("pickup", [""])[0], contact=chosen.get("contact", [""])[0])
        form.pickup.choices = branches
        form.contact.choices = {way: way for way in ways}
        form.pickup.validators = [AnyOf(list(form.pickup.choices), "form.pickup_required")]
        form.contact.validators = [AnyOf(list(form.contact.choices), "form.contact_required")]
        return form


class LettersForm(Form):
    """How messages are written; of titles no more may be chosen than the policy lets be said."""

    language = RadioField(
        choices=list(rules.MailLanguage),
        validate_choice=False,
        validators=[AnyOf(list(rules.MailLanguage), "form.mail_language_required")],
    )
    titles = RadioField(validate_choice=False, validators=[AnyOf([], "form.mail_titles_required")])

    @classmethod
    def of(cls, policy: rules.Policy, patron: Patron, filled: dict[str, str]) -> "LettersForm":
        """With what was filled in, else with what the patron's messages are like."""
        titles = rules.title_choice(policy, patron.mail_titles)
        chosen = filled or {"language": patron.mail_language, "titles": titles}
        form = cls(language=chosen.get("language", ""), titles=chosen.get("titles", ""))
        form.titles.choices = rules.title_choices(policy)
        if len(form.titles.choices) == 1:  # nothing to choose, and nothing asked
            form.titles.data = titles
        form.titles.validators = [AnyOf(list(form.titles.choices), "form.mail_titles_required")]
        return form


class Day(DateField):
    """A day, whose error is one of our sentences."""

    def process_formdata(self, valuelist) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError("form.day_form") from error


class TimingForm(Form):
    """When a hold is wanted; a day that is left empty is taken back."""

    paused_until = Day(validators=[Optional()])
    needed_by = Day(validators=[Optional()])

    @property
    def asked(self) -> rules.HoldTiming:
        return rules.HoldTiming(self.paused_until.data, self.needed_by.data)
