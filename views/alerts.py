"""新着資料案内: what a patron wants to be told of when it comes in, and the link in a mail that stops it."""

from flask import Blueprint, Response, current_app, g, request, session

import alerts
import ndc
from forms import AlertForm
from models import Patron
from rules import ALERT_WORD_AT_MOST, Refusal, decide_alert, decide_alerts, is_told_of_arrivals
from views import answers
from views.answers import patron_only

pages = Blueprint("alerts", __name__)

_SHOWN = 20  # of the titles that an alert would have told of
_SHOWN_ABOVE_THE_FORM = 5  # which is to stay in reach


@pages.before_request
def offered() -> Response | None:
    return None if g.policy.alerts.offered else answers.error(404)


@pages.get("/my/alerts")
@patron_only(page="alerts.index")
def index(patron: Patron) -> Response:
    own = alerts.alerts_of(patron.id)
    told = is_told_of_arrivals(g.policy, patron.mail, patron.card_expires_on, g.today)
    return answers.page(
        "alerts/index.html",
        genre=alerts.genre,
        own=own,
        one_more=decide_alerts(len(own), patron.mail),
        expired=bool(patron.mail) and not told,
        sends=answers.sends_mail(),
        done=session.pop("alerts_done", None),
    )


@pages.get("/my/alerts/new")
@patron_only(page="alerts.new")
def new(patron: Patron) -> Response:
    kept = answers.kept_form("alerts.new")
    form = AlertForm(g.policy)
    for name, values in kept.items():
        if name in form:
            form[name].data = values[0]
    changed = answers.number(next(iter(kept.get("alert", [])), None))
    if changed:
        alerts.alert_of(patron.id, changed)
    return _show(patron, form, changed=changed)


@pages.post("/my/alerts/new")
@patron_only(page="alerts.new")
def register(patron: Patron) -> Response:
    form = AlertForm(g.policy, request.form)
    if refused := _not_understood(patron, form):
        return refused
    decision = alerts.register(patron.id, form.terms, g.now)
    return _done("registered") if decision.allowed else _show(patron, form, 409, decision.refusals)


@pages.post("/my/alerts/preview")
@patron_only(page="alerts.new")
def preview(patron: Patron) -> Response:
    """Nothing is changed; a POST, since what somebody is curious about stands in no address."""
    changed = answers.number(request.form.get("alert"))
    if changed:
        alerts.alert_of(patron.id, changed)
    form = AlertForm(g.policy, request.form)
    if refused := _not_understood(patron, form, changed):
        return refused
    return _show(
        patron, form, changed=changed, lately=alerts.lately(form.terms, g.today, _SHOWN_ABOVE_THE_FORM)
    )


@pages.get("/my/alerts/<number:alert_id>")
@patron_only(page="alerts.index")
def found(patron: Patron, alert_id: int) -> Response:
    alert = alerts.alert_of(patron.id, alert_id)
    return answers.page(
        "alerts/found.html",
        alert=alert,
        lately=alerts.lately(alert.terms, g.today, _SHOWN),
        genre=alerts.genre,
    )


@pages.get("/my/alerts/<number:alert_id>/edit")
@patron_only(page="alerts.index")
def edit(patron: Patron, alert_id: int) -> Response:
    alert = alerts.alert_of(patron.id, alert_id)
    return _show(patron, AlertForm(g.policy, terms=alert.terms), changed=alert_id)


@pages.post("/my/alerts/<number:alert_id>/edit")
@patron_only(page="alerts.new")
def change(patron: Patron, alert_id: int) -> Response:
    alerts.alert_of(patron.id, alert_id)
    form = AlertForm(g.policy, request.form)
    if refused := _not_understood(patron, form, alert_id):
        return refused
    decision = alerts.change(patron.id, alert_id, form.terms)
    return _done("changed") if decision.allowed else _show(patron, form, 409, decision.refusals, alert_id)


@pages.post("/my/alerts/<number:alert_id>/remove")
@patron_only(page="alerts.index", keep_form=False)
def remove(patron: Patron, alert_id: int) -> Response:
    alerts.remove(patron.id, alert_id)
    return _done("removed")


@pages.get("/alerts/stop/<token>")
def stop_link(token: str) -> Response:
    """The link of a mail only asks: programs that look into mails open links too."""
    number = alerts.alert_in_link(current_app.secret_key, token)
    return _show_stop(number, alerts.terms_of(number) if number else None)


@pages.post("/alerts/stop/<token>")
def stop(token: str) -> Response:
    number = alerts.alert_in_link(current_app.secret_key, token)
    if number:
        alerts.stop(number)
    return _show_stop(number, None)


def _show_stop(number: int | None, terms) -> Response:
    """Whose link is not ours is told nothing; of an alert that is gone, that it is stopped."""
    return answers.page(
        "alerts/stop.html", 200 if number else 404, known=bool(number), terms=terms, genre=alerts.genre
    )


def _done(what: str) -> Response:
    session["alerts_done"] = what
    return answers.go("alerts.index")


def _not_understood(patron: Patron, form: AlertForm, changed: int | None = None) -> Response | None:
    """The form again, with what is wrong with it: nothing at all was filled in, or a field."""
    refusals = decide_alert(form.terms).refusals
    if form.validate() and not refusals:
        return None
    return _show(patron, form, 422, refusals, changed)


def _show(
    patron: Patron,
    form: AlertForm,
    status: int = 200,
    refusals: tuple[Refusal, ...] = (),
    changed: int | None = None,
    lately: alerts.Lately | None = None,
) -> Response:
    own = len(alerts.alerts_of(patron.id))
    return answers.page(
        "alerts/form.html",
        status,
        form=form,
        changed=changed,
        # Said before anything is typed in vain.
        one_more=() if changed else decide_alerts(own, patron.mail).refusals,
        refusals=refusals,
        lately=lately,
        classes=ndc.tree(),
        most=ALERT_WORD_AT_MOST,
    )
