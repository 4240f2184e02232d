"""The forms of patrons.  An error is the key of its sentence, or a refusal; templates say it at the field."""

from wtforms import BooleanField, DateField, Form, PasswordField, RadioField, StringField
from wtforms.validators import (
    AnyOf,
    DataRequired,
    EqualTo,
    InputRequired,
    Length,
    Optional,
)

import rules
from models import Patron
from staffing import LONGEST_PASSWORD


def without_controls(value: str | None) -> str | None:
    """What was typed, without blanks at its ends and without characters that nobody types."""
    return "".join(character for character in value if character.isprintable()).strip() if value else value


def password_field(*more) -> PasswordField:
    length = Length(max=LONGEST_PASSWORD, message="form.password_long")
    return PasswordField(validators=[InputRequired("form.password_required"), length, *more])


class LoginForm(Form):
    card = StringField(
        filters=[without_controls],
        validators=[DataRequired("form.card_required"), Length(max=40, message="form.card_required")],
    )
    password = password_field()


class _ByTheRules:
    """A form with a new password, to which it tells everything that the rules have against it."""

    def refused(self) -> tuple[rules.Refusal, ...]:
        return rules.decide_password(self.policy, self.password.data or "").refusals

    def validate(self, extra_validators=None) -> bool:
        fits = super().validate(extra_validators)
        refusals = self.refused()
        if refusals and not self.password.errors:
            self.password.errors = list(refusals)
            return False
        return fits


def again_field() -> PasswordField:
    return PasswordField(
        validators=[InputRequired("form.again_required"), EqualTo("password", "form.again_differs")]
    )


class PasswordForm(_ByTheRules, Form):
    """A patron's new password, twice, with the code that allows it."""

    card = StringField(
        filters=[without_controls],
        validators=[DataRequired("form.card_required"), Length(max=40, message="form.card_required")],
    )
    code = StringField(
        filters=[without_controls],
        validators=[DataRequired("form.code_required"), Length(max=40, message="form.code_required")],
    )
    password = password_field()
    again = again_field()

    def __init__(self, policy: rules.Policy, filled=None):
        super().__init__(filled)
        self.policy = policy


class PasswordChangeForm(_ByTheRules, Form):
    """A patron's new password, twice, with the old one that allows it."""

    old = password_field()
    password = password_field()
    again = again_field()

    def __init__(self, policy: rules.Policy, own: rules.OwnNumbers, filled=None):
        super().__init__(filled)
        self.policy, self.own = policy, own

    def refused(self) -> tuple[rules.Refusal, ...]:
        return rules.decide_password(
            self.policy, self.password.data or "", self.own, self.old.data or None
        ).refusals


class ContactForm(Form):
    mail = StringField(filters=[without_controls])
    remove = BooleanField()

    def validate(self, extra_validators=None) -> bool:
        if not self.mail.data and not self.remove.data:
            self.mail.errors = ["form.mail_required"]
            return False
        return super().validate(extra_validators)


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
        chosen = filled or {"pickup": [last], "contact": [policy.hold.contact[0].value]}
        form = cls(pickup=chosen.get("pickup", [""])[0], contact=chosen.get("contact", [""])[0])
        form.pickup.choices = branches
        form.contact.choices = {contact.value: contact.value for contact in policy.hold.contact}
        form.pickup.validators = [AnyOf(list(form.pickup.choices), "form.pickup_required")]
        form.contact.validators = [AnyOf(list(form.contact.choices), "form.contact_required")]
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
