"""My loans: what is out, until when, and renewing one, some or all of it."""

from flask import Blueprint, Response, g, request, session

import circulation
import standing
import terminal
from circulation import RenewalAnswer
from models import Patron
from opening import Calendar
from rules import Occasion, RenewalDecision, decide_renewal
from standing import LoanRow
from views import answers
from views.answers import occasion, patron_only
from views.catalog import page_number

pages = Blueprint("loans", __name__)

PER_PAGE = 50


@pages.get("/my/loans")
@patron_only(page="loans.index")
def index(patron: Patron) -> Response:
    """The loans of this page, with check boxes; ``select`` is all, none or the numbers that were ticked."""
    return _show(patron)


@pages.get("/my/loans/renew")
@patron_only(page="loans.index")
def confirm(patron: Patron) -> Response:
    """What would be renewed, with the old and the new date, before anything is done."""
    rows = with_decisions(patron, occasion())
    chosen = set(request.args.getlist("loan"))
    if "all" in chosen:
        chosen = {str(loan.id) for loan, _ in rows}
    asked = [(loan, decision) for loan, decision in rows if str(loan.id) in chosen]
    if not asked:
        return _show(patron, 422, nothing_chosen=True)
    return answers.page("loans/confirm.html", rows=asked)


@pages.post("/my/loans/renew")
@patron_only(page="loans.index")
def renew_chosen(patron: Patron) -> Response:
    """Renew what was confirmed; each loan gets its own answer."""
    chosen = [answers.number(asked) for asked in request.form.getlist("loan")]
    if None in chosen:
        raise circulation.NotThere
    return _renew(patron, chosen) if chosen else _show(patron, 422, nothing_chosen=True)


@pages.post("/my/loans/<number:loan_id>/renew")
@patron_only(page="loans.index")
def renew(patron: Patron, loan_id: int) -> Response:
    return _renew(patron, [loan_id])


def _renew(patron: Patron, loan_ids: list[int]) -> Response:
    chosen = {loan_id: answers.number(request.form.get(f"seen-{loan_id}")) for loan_id in loan_ids}
    renewals, gone = circulation.renew_chosen(g.policy, patron.id, chosen, terminal.channel(), g.now)
    outcome = outcome_of(renewals, gone)
    if not outcome["done"]:
        return _show(patron, 409, outcome)
    if answers.wants_part():
        return _show(patron, outcome=outcome)
    session["renewal"] = outcome
    return answers.go("loans.index")


def outcome_of(renewals: list[RenewalAnswer], gone: int) -> dict:
    """What became of some loans, small enough for the session; ``gone``: returned meanwhile."""
    return {
        "done": [renewal.loan for renewal in renewals if renewal.decision.allowed],
        "refused": [renewal.loan for renewal in renewals if not renewal.decision.allowed],
        "gone": gone,
    }


def _show(
    patron: Patron, status: int = 200, outcome: dict | None = None, nothing_chosen: bool = False
) -> Response:
    rows = with_decisions(patron, occasion())
    last = max(1, -(-len(rows) // PER_PAGE))
    number = min(page_number(request.args.get("page")), last)
    here = rows[(number - 1) * PER_PAGE : number * PER_PAGE]
    return answers.page_or_part(
        "loans/index.html",
        "loans/_loans.html",
        status,
        rows=here,
        total=len(rows),
        renewable=sum(decision.allowed for _, decision in rows),
        ticked=_ticked(here),
        outcome=outcome or session.pop("renewal", None),
        nothing_chosen=nothing_chosen,
        number=number,
        last=last,
        per_page=PER_PAGE,
    )


def with_decisions(patron: Patron, occasion: Occasion) -> list[tuple[LoanRow, RenewalDecision]]:
    """Every open loan with what a renewal would be answered: the button and the answer to it."""
    facts = standing.patron_facts(patron)
    calendar = Calendar(g.policy, g.today)
    decisions = {
        loan.number: decide_renewal(g.policy, facts, loan, occasion, calendar.of(loan.branch))
        for loan in facts.loans
    }
    return [(loan, decisions[loan.id]) for loan in standing.loans_of(patron.id) if loan.id in decisions]


def _ticked(rows: list[tuple[LoanRow, RenewalDecision]]) -> set[int]:
    """Which boxes are ticked: those asked for by 全選択 / 全解除, or those of a form kept over a login."""
    kept = answers.kept_form("loans.index").get("loan", [])
    select = request.args.get("select", "")
    return {loan.id for loan, _ in rows if select == "all" or str(loan.id) in kept}
