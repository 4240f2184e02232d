"""The forms.  An error is the key of its sentence; templates say it at the field."""

from wtforms import BooleanField, Form, PasswordField, RadioField, StringField
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length

import rules
from models import Patron


def _without_controls(value: str | None) -> str | None:
    """What was typed, without blanks at its ends and without characters that nobody types."""
    return "".join(character for character in value if character.isprintable()).strip() if value else value


class LoginForm(Form):
    card = StringField(
        filters=[_without_controls],
        validators=[DataRequired("form.card_required"), Length(max=40, message="form.card_required")],
    )
    password = PasswordField(
        validators=[InputRequired("form.password_required"), Length(max=200, message="form.password_long")]
    )


class ContactForm(Form):
    mail = StringField(filters=[_without_controls])
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
