"""読書記録: what a patron has borrowed, if that is to be kept; a year's goal; and a notebook to print."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from functools import wraps
from itertools import groupby

from flask import Blueprint, Response, g, request, session

import chart
import ndc
import reading
import rules
import spreadsheet
import terminal
from circulation import NotThere
from forms import GoalForm, ReadingNoteForm
from models import Patron, ReadingRecord
from opening import next_month
from rules import READING_NOTE_AT_MOST, Reason
from views import answers
from views.answers import patron_only

pages = Blueprint("reading", __name__)

_FILE_COLUMNS = ("lent_on", "title", "volume", "creators", "publisher", "isbn", "ndc", "material", "note")


def shown_here(view: Callable) -> Callable:
    """The view of a patron is given the record, or None, where the rules let it be shown at this place."""

    @wraps(view)
    def guarded(patron: Patron, **values):
        record = reading.record_of(patron.id)
        decision = rules.decide_record(g.policy, record is not None, terminal.channel())
        if Reason.NO_READING_RECORD in decision.reasons:
            return answers.error(404)
        if not decision.allowed:
            return answers.page("reading/not_here.html", 403, refusals=decision.refusals)
        return view(patron, record, **values)

    return guarded


def kept_only(view: Callable) -> Callable:
    """The same, for what is there only where a record is kept."""

    @shown_here
    @wraps(view)
    def guarded(patron: Patron, record: ReadingRecord | None, **values):
        if record is None:
            raise NotThere
        return view(patron, record, **values)

    return guarded


@pages.get("/my/reading")
@patron_only(page="reading.index")
@shown_here
def index(patron: Patron, record: ReadingRecord | None) -> Response:
    kept = answers.kept_form("reading.index")
    entry = answers.number(next(iter(kept.get("entry", [])), None))
    if record is None or entry is None:
        return _show(patron, record)
    note = ReadingNoteForm(data={"note": next(iter(kept.get("note", [])), "")})
    return _show(patron, record, typed=(entry, note))


@pages.get("/my/reading/setting")
@patron_only(page="reading.setting")
@shown_here
def setting(_patron: Patron, record: ReadingRecord | None) -> Response:
    return answers.page("reading/setting.html", record=record, agreement=_agreement(), problem=None)


@pages.post("/my/reading/setting")
@patron_only(page="reading.setting", keep_form=False)
@shown_here
def change(patron: Patron, record: ReadingRecord | None) -> Response:
    """Keep a record from now on, or go to the page that says what keeping none would mean."""
    asked = request.form.get("keep")
    if asked == "no":
        return answers.go("reading.confirm_end" if record else "reading.index")
    if asked != "yes":
        return answers.page(
            "reading/setting.html",
            422,
            record=record,
            agreement=_agreement(),
            problem="reading.choose_one",
        )
    agreed_to = g.wording.t(_agreement())
    decision = reading.turn_on(g.policy, patron.id, agreed_to, terminal.channel(), g.now)
    if decision.allowed and record is None:
        session["reading_done"] = ("reading.done.on", {})
    return answers.go("reading.index") if decision.allowed else answers.error(404)


@pages.get("/my/reading/off")
@patron_only(page="reading.index")
@shown_here
def confirm_end(patron: Patron, record: ReadingRecord | None) -> Response:
    if record is None:
        return answers.go("reading.index")
    goals = reading.goals_of(patron.id)
    return answers.page("reading/off.html", n=sum(reading.by_month(patron.id).values()), goals=len(goals))


@pages.post("/my/reading/off")
@patron_only(page="reading.index", keep_form=False)
@shown_here
def end(patron: Patron, record: ReadingRecord | None) -> Response:
    gone = reading.turn_off(patron.id, g.now)
    if record is not None:  # else it was sent twice, and what the first one did is still to be said
        session["reading_done"] = ("reading.done.off" if gone else "reading.done.off_empty", {"n": gone})
    return answers.go("reading.index")


@pages.post("/my/reading/goal")
@patron_only(page="reading.index", keep_form=False)
@kept_only
def set_goal(patron: Patron, record: ReadingRecord) -> Response:
    form, year = GoalForm(request.form), answers.number(request.form.get("year"))
    if not form.validate():
        return _show(patron, record, 422, goal_form=form)
    decision = reading.set_goal(g.policy, patron.id, year or 0, form.wanted(), g.now)
    if not decision.allowed:
        form.goal.errors = decision.refusals
        return _show(patron, record, 409, goal_form=form)
    session["reading_done"] = ("reading.done.goal" if form.wanted() else "reading.done.no_goal", {})
    return answers.go("reading.index", year=year)


@pages.post("/my/reading/<number:entry_id>/note")
@patron_only(page="reading.index")
@shown_here
def write_note(patron: Patron, record: ReadingRecord | None, entry_id: int) -> Response:
    form, entry = ReadingNoteForm(request.form), reading.entry_of(patron.id, entry_id)
    if not form.validate():
        return _show(patron, record, 422, typed=(entry_id, form))
    reading.write_note(patron.id, entry_id, form.note.data)
    session["reading_done"] = ("reading.done.noted", {})
    return answers.go("reading.index", month=f"{entry.lent_on:%Y-%m}", _anchor=f"entry-{entry_id}")


@pages.get("/my/reading/delete")
@patron_only(page="reading.index")
@kept_only
def confirm_deletion(patron: Patron, record: ReadingRecord) -> Response:
    """What was deleted cannot be had back: say what it is before."""
    everything = "all" in request.args
    entries = reading.entries_of(patron.id) if everything else _asked(patron, request.args)
    if not entries:
        return _show(patron, record, 422, problem="reading.choose_entries")
    return answers.page("reading/delete.html", entries=entries, everything=everything)


@pages.post("/my/reading/delete")
@patron_only(page="reading.index", keep_form=False)
@shown_here
def delete(patron: Patron, _record: ReadingRecord | None) -> Response:
    numbers = [answers.number(text) for text in request.form.getlist("entry")]
    gone = reading.delete(patron.id, [number for number in numbers if number is not None], g.now)
    if gone:
        session["reading_done"] = ("reading.done.deleted", {"n": gone})
    return answers.go("reading.index")


@pages.get("/my/reading/notebook")
@patron_only(page="reading.notebook")
@kept_only
def notebook(patron: Patron, _record: ReadingRecord) -> Response:
    """読書通帳: a year's entries in their order, to be printed."""
    year, _ = _asked_time()
    months = rules.reading_months(g.policy, year)
    entries = reading.entries_of(patron.id, months[0], _last_day(months[-1]))
    return answers.page(
        "reading/notebook.html",
        year=year,
        year_key=_year_key(),
        entries=entries[::-1],
        goal=reading.goals_of(patron.id).get(year),
    )


@pages.get("/my/reading.csv")
@patron_only(page="reading.index")
@kept_only
def as_csv(patron: Patron, _record: ReadingRecord) -> Response:
    lines = [[g.wording.t(f"reading.file.{column}") for column in _FILE_COLUMNS]]
    for entry in reversed(reading.entries_of(patron.id)):
        lines.append([_cell(entry, column) for column in _FILE_COLUMNS])
    return answers.download(spreadsheet.csv_file(lines), "text/csv", "my-reading.csv")


def _show(
    patron: Patron,
    record: ReadingRecord | None,
    status: int = 200,
    typed: tuple[int, ReadingNoteForm] | None = None,
    goal_form: GoalForm | None = None,
    problem: str | None = None,
) -> Response:
    """The record's page: a year in numbers, and one of its months with each entry."""
    done = session.pop("reading_done", None)
    if record is None:
        return answers.page("reading/start.html", status, done=done, agreement=_agreement())
    counts, goals = reading.by_month(patron.id), reading.goals_of(patron.id)
    year, month = _asked_time()
    if typed:
        month = reading.entry_of(patron.id, typed[0]).lent_on.replace(day=1)
        year = rules.reading_year(g.policy, month)
    if goal_form and (sent := answers.number(request.form.get("year"))) in rules.goal_years(
        g.policy, g.today
    ):
        year = sent
    months = rules.reading_months(g.policy, year)
    entries = reading.entries_of(patron.id, months[0], _last_day(months[-1]))
    by_month = {
        first: list(some) for first, some in groupby(entries, key=lambda one: one.lent_on.replace(day=1))
    }
    month = month or next(iter(by_month), None)
    goal, of_year = goals.get(year), Counter()
    for text, n in counts.items():
        of_year[rules.reading_year(g.policy, date.fromisoformat(f"{text}-01"))] += n
    now, before = (_counts(counts, rules.reading_months(g.policy, one)) for one in (year, year - 1))
    return answers.page(
        "reading/index.html",
        status,
        record=record,
        year=year,
        year_key=_year_key(),
        months=list(zip(months, now, before, strict=True)),
        chart=chart.of_two_years(now, before, (goal or 0) / len(months)),
        goal=goal,
        goals=goals,
        may_set_goal=rules.decide_goal(g.policy, year, None, g.today).allowed,
        goal_form=goal_form or GoalForm(data={"goal": str(goal or "")}),
        of_year=of_year,
        years=sorted({*of_year, *goals, *rules.goal_years(g.policy, g.today)[:1]}, reverse=True),
        classes=_by_class(entries),
        month=month,
        entries=by_month.get(month, []),
        typed=dict([typed]) if typed else {},
        done=done,
        problem=problem,
        most=READING_NOTE_AT_MOST,
    )


def _asked_time() -> tuple[int, date | None]:
    """The year that the address names, or that of the month that it names; else the present one."""
    try:
        month = date.fromisoformat(f"{request.args.get('month', '')}-01")
        return rules.reading_year(g.policy, month), month
    except ValueError:
        year = answers.number(request.args.get("year"))
        return year if year and 1900 <= year <= 9000 else rules.reading_year(g.policy, g.today), None


def _asked(patron: Patron, sent) -> list:
    """The entries that were ticked.  Raises NotThere where one is not, or another's."""
    numbers = [answers.number(text) for text in sent.getlist("entry")]
    return [reading.entry_of(patron.id, number) for number in dict.fromkeys(numbers) if number is not None]


def _counts(counts: dict[str, int], months: list[date]) -> list[int]:
    return [counts.get(rules.month_of(month), 0) for month in months]


def _by_class(entries) -> list[tuple[str, int]]:
    """How many of each of the ten classes, the most read first; those without one last."""
    counted = Counter(entry.ndc[:1] if entry.ndc[:1].isdecimal() else "" for entry in entries)
    order = sorted(counted.items(), key=lambda part: (part[0] == "", -part[1], part[0]))
    return [
        (f"{figure} {ndc.label(figure)}" if figure else g.wording.t("reading.no_class"), n)
        for figure, n in order
    ]


def _last_day(month: date) -> date:
    return date.fromordinal(next_month(month).toordinal() - 1)


def _cell(entry, column: str) -> str:
    if column == "material":
        return g.policy.names([entry.material])[0]
    return str(getattr(entry, column) or "")


def _agreement() -> str:
    """The sentences to which somebody agrees who turns the record on."""
    return "reading.agreement.open_loans" if rules.begins_with_open_loans(g.policy) else "reading.agreement"


def _year_key() -> str:
    """How a year is called: 2026年度, or 2026年 where it begins in January."""
    return f"reading.year.{g.policy.reading_record.goal_year}"
