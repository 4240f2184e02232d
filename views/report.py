"""The counts of the library's own work: the day sheet, the statistics of a fiscal year, and their file."""

from datetime import date, timedelta
from itertools import groupby

from flask import Blueprint, Response, g, request

import chart
import ndc
import report
import rules
import spreadsheet
from staff_accounts import AtDesk
from tallies import KINDS, OF_TITLES
from views import answers
from views.answers import staff_only

pages = Blueprint("report", __name__)

_COLUMNS = (
    "report.month",
    "report.branch",
    "report.kind",
    "report.material",
    "report.class",
    "report.class_name",
    "report.n",
)
_DAY_YEARS = 100  # back; nothing was counted before


@pages.get("/desk/day")
@staff_only()
def day(_here: AtDesk) -> Response:
    branches = report.branches(g.policy)
    on, branch = _asked_day(), _asked("branch", branches)
    counts = report.on(on)
    shown = [branch] if branch else branches
    return answers.page(
        "desk/day.html",
        on=on,
        earlier=on - timedelta(days=1),
        later=on + timedelta(days=1) if on < g.today else None,
        branch=branch,
        branches=branches,
        shown=shown,
        rows=[(kind, [counts.get((id_, kind), 0) for id_ in shown]) for kind in KINDS],
    )


@pages.get("/desk/statistics")
@staff_only()
def year(_here: AtDesk) -> Response:
    years, branches = report.years(g.today), report.branches(g.policy)
    asked, branch = _asked_year(years), _asked("branch", branches)
    kind = _asked("kind", OF_TITLES) or OF_TITLES[0]
    months, months_before = report.months(asked), report.months(asked - 1)
    counts = report.by_month(asked, branch)

    def of(months: list[date], kind: str) -> list[int]:
        return [counts.get((month, kind), 0) for month in months]

    lent, lent_before = of(months, "loan"), of(months_before, "loan")
    held = report.holdings(g.policy, asked, branch)
    return answers.page(
        "desk/statistics.html",
        year=asked,
        is_running=asked == rules.fiscal_year(g.today),
        years=years,
        branch=branch,
        branches=branches,
        kind=kind,
        kinds=KINDS,
        kinds_of_titles=OF_TITLES,
        months=months,
        lent=lent,
        lent_before=lent_before,
        chart=chart.of_two_years(lent, lent_before),
        by_month=[(month, [counts.get((month, kind), 0) for kind in KINDS]) for month in months],
        total=[sum(of(months, kind)) for kind in KINDS],
        total_before=[sum(of(months_before, kind)) for kind in KINDS],
        materials=[
            (_material(part.what), part) for part in report.by_material(g.policy, kind, asked, branch)
        ],
        classes=[(_ndc_class(part.what), part) for part in report.by_class(kind, asked, branch)],
        holdings=[
            (id_, [(_material(row.material), row) for row in rows])
            for id_, rows in groupby(held, lambda row: row.branch)
        ],
        holdings_total=[
            sum(row.held for row in held),
            sum(row.added for row in held),
            sum(row.withdrawn for row in held),
        ],
    )


@pages.get("/desk/statistics.csv")
@staff_only()
def year_as_csv(_here: AtDesk) -> Response:
    """Everything that was counted in a fiscal year, a line each month, branch, kind, material and class."""
    asked, t = _asked_year(report.years(g.today)), g.wording.t
    rows = [[t(column) for column in _COLUMNS]]
    for line in report.lines(asked):
        rows.append(
            [
                t("date.month", year=line.month.year, month=line.month.month),
                answers.branch_name(line.branch),
                t(f"report.kind.{line.kind}"),
                _material(line.material),
                line.ndc,
                (ndc.label(line.ndc) or t("report.no_class")) if line.kind in OF_TITLES else "",
                line.n,
            ]
        )
    return answers.download(spreadsheet.csv_file(rows), "text/csv", f"statistics-{asked}.csv")


def _material(id_: str) -> str:
    """A material by its name; one that the policy no longer names by its id."""
    material = g.policy.material(id_)
    return material.name if material else id_


def _ndc_class(figure: str) -> str:
    return f"{figure} {ndc.label(figure)}" if figure else g.wording.t("report.no_class")


def _asked(name: str, known) -> str | None:
    """What an address asks for, if that is there; else all of it."""
    asked = request.args.get(name)
    return asked if asked in known else None


def _asked_year(years: list[int]) -> int:
    asked = answers.number(request.args.get("year"))
    return asked if asked in years else rules.fiscal_year(g.today)


def _asked_day() -> date:
    """The day of the address; today for what is no day, and for one that is yet to come."""
    try:
        asked = date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return g.today
    return asked if g.today.year - _DAY_YEARS <= asked.year and asked <= g.today else g.today
