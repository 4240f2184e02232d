"""Whatever is done at the desk and on the web, in whatever order: what must hold after each of them."""

import itertools
import shutil
from collections import Counter
from contextlib import contextmanager
from datetime import datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from peewee import fn

import calendar_changes
import circulation
import hold_shelf
import jobs
import lending
import models
from circulation import NotThere
from lending import Returned
from models import CalendarEntry, DayCount, Event, Hold, Item, Loan, Outbox, Patron, Tally, db
from opening import Calendar
from rules import (
    CLOSED_HOLD_STATES,
    JAPAN,
    QUEUED_HOLD_STATES,
    CalendarPlan,
    Channel,
    DayKind,
    HoldState,
    library_day,
    shelf_is_over,
)
from standing import holds_of
from tallies import KINDS
from tests.conftest import TODAY

CLERK = "1"
WHO = ("sato", "tanaka", "suzuki", "mori")  # Mori may borrow but not hold
BRANCHES = ("main", "east")
STRIKES = (time(8, 30), time(18))
CONTACT = 'contact = ["mail"]'
EXPIRED = 'when = { card = "expired" }\nstops = ["loan", "hold", "renewal"]'
SHELF = "[hold.shelf]                              # 取り置き\n"
# A sheet on which all of this can happen: applications, extensions, a limit on loans, a price for lateness.
EVENTFUL = (
    (CONTACT, f'{CONTACT}\nregistered_at = ["8:30", "18:00"]'),
    (SHELF, f"{SHELF}extend = {{ times = 1, by = {{ days = 3 }} }}\n"),
    ('most = "unlimited" ', "most = 3 "),
    (
        EXPIRED,
        f"{EXPIRED}\n[[block]]\nwhen = {{ returned_late = {{ days = 1 }} }}\n"
        'stops = ["loan"]\nlasts = { per_day_late = { days = 1 } }',
    ),
    ("[password]", "[privacy]\nended_holds = { years = 1 }\n\n[password]"),  # longer than any story
)

# What no row of the database may ever say.
NEVER = {
    "a piece is lent twice": """
        SELECT item_id FROM loan WHERE returned_at IS NULL GROUP BY item_id HAVING count(*) > 1""",
    "a piece is kept for two": """
        SELECT item_id FROM hold WHERE item_id IS NOT NULL GROUP BY item_id HAVING count(*) > 1""",
    "a piece is out and set aside": """
        SELECT loan.id FROM loan JOIN hold ON hold.item_id = loan.item_id WHERE loan.returned_at IS NULL""",
    "somebody holds a title twice": """
        SELECT bib_id FROM hold WHERE closed_at IS NULL GROUP BY patron_id, bib_id HAVING count(*) > 1""",
    "a piece is kept for a hold of another title": """
        SELECT hold.id FROM hold JOIN item ON item.id = hold.item_id WHERE item.bib_id <> hold.bib_id""",
    "a hold is served without a piece, or has one before": """
        SELECT id FROM hold WHERE (item_id IS NULL) = (state IN ('ready', 'in_transit'))""",
    "more holds are served than there are copies": """
        SELECT bib_id FROM hold WHERE state IN ('ready', 'in_transit') GROUP BY bib_id
        HAVING count(*) > (SELECT count(*) FROM item WHERE item.bib_id = hold.bib_id)""",
    "a piece is to be shelved and out, or kept for somebody": """
        SELECT item.id FROM item WHERE to_shelve_at IS NOT NULL AND (
          EXISTS (SELECT 1 FROM loan WHERE item_id = item.id AND returned_at IS NULL)
          OR EXISTS (SELECT 1 FROM hold WHERE item_id = item.id AND closed_at IS NULL))""",
    "a slip is to be changed in a piece that is not there": """
        SELECT id FROM hold WHERE slip_due AND item_id IS NULL""",
    "a piece is sent from somewhere and not on its way": """
        SELECT id FROM hold WHERE (sent_from IS NOT NULL) <> (state = 'in_transit')""",
    "a last day is named before the piece is ready": """
        SELECT id FROM hold WHERE collect_by IS NOT NULL AND closed_at IS NULL AND state <> 'ready'""",
    "a collected hold says who wanted what": """
        SELECT id FROM hold WHERE state = 'collected' AND coalesce(patron_id, bib_id, item_id) IS NOT NULL""",
    "a hold that has ended says half of who wanted what": """
        SELECT id FROM hold WHERE closed_at IS NOT NULL AND (patron_id IS NULL) <> (bib_id IS NULL)""",
    "a returned loan says whose it was": """
        SELECT id FROM loan WHERE returned_at IS NOT NULL AND patron_id IS NOT NULL""",
}

_ANY_OF_THESE = " UNION ALL ".join(f"SELECT '{what}' FROM ({sql})" for what, sql in NEVER.items())  # noqa: S608
# Fixed SQL: after every step all of this is asked, and building a query costs more than running it.
_COUNTS = """
SELECT 'hold', state, count(*) FROM hold GROUP BY state
UNION ALL SELECT 'owed', kind, count(*) FROM outbox GROUP BY kind
UNION ALL SELECT 'tally', kind, sum(n) FROM tally GROUP BY kind
UNION ALL SELECT 'day', kind, sum(n) FROM day_count GROUP BY kind
UNION ALL SELECT 'open', 'loan', count(*) FROM loan WHERE returned_at IS NULL
UNION ALL SELECT 'event', kind, count(*) FROM event JOIN hold ON hold.id = event.number
  WHERE kind = 'hold_expired' OR (kind = 'hold_ready' AND hold.closed_at IS NULL) GROUP BY kind
"""

some = st.integers(0, 59)  # one of a list, whichever it is
patrons = st.sampled_from(WHO)
branches = st.sampled_from(BRANCHES)
channels = st.sampled_from([Channel.WEB, Channel.DESK])


def one_of(things, which):
    return things[which % len(things)]


def rows(sql):
    return list(db.execute_sql(sql))


def some_hold_is(such):
    return rows(f"SELECT 1 FROM hold WHERE {such} LIMIT 1")  # noqa: S608 - constants


class Library(RuleBasedStateMachine):
    """Three titles, five copies, two branches and four patrons; the books that a careful clerk would keep."""

    def __init__(self, policy, furnished, path, clock, town, titles):
        super().__init__()
        self.path = shutil.copy(furnished, path)
        models.open_database(path)
        db.execute_sql("PRAGMA synchronous = off")
        self.policy, self.clock, self.town, self.titles = policy, clock, town, titles
        clock.to(TODAY)
        self.codes = [code for (code,) in Item.select(Item.barcode).order_by(Item.id).tuples()]
        self.kept_at: dict[int, str] = {}  # at which branch the piece of a hold was put on the shelf
        self.holds: list[int] = []  # all that were ever placed
        self.loans: list[int] = []
        self.ended = Counter()  # holds, by what became of them
        self.counted = Counter()  # loans, renewals and returns
        self.closed = 0  # days
        self.idle = False  # since the jobs ran
        self.jobs_run = False  # while it is told what they will do

    def teardown(self):
        db.close()
        self.path.unlink()

    # -- what the clerk looks up ---------------------------------------------------------------------------

    @property
    def now(self):
        return self.clock()

    @property
    def today(self):
        return library_day(self.clock())

    @contextmanager
    def noted(self):
        """Collects what an answer says was changed: exactly these events are noted, in this order.  After
        that all books are looked through."""
        self.clock.forward(minutes=1)
        self.idle = False
        [(last,)] = rows("SELECT coalesce(max(id), 0) FROM event")
        expected = []
        yield expected
        noted = db.execute_sql("SELECT kind, number FROM event WHERE id > ? ORDER BY id", (last,))
        assert list(noted) == expected
        self.look_through_the_books()

    def a_hold(self, which):
        """A hold, mostly a ready or at least an open one, and whose it is; anybody's if it is closed."""
        ready = [hold for (hold,) in rows("SELECT id FROM hold WHERE state = 'ready'")]
        still_open = [hold for (hold,) in rows("SELECT id FROM hold WHERE closed_at IS NULL")]
        hold = Hold.get_by_id(one_of(ready * 5 + still_open * 2 + self.holds, which))
        return hold, hold.patron_id or self.town.patrons["sato"]

    def a_piece_to_scan(self, which):
        """A piece, mostly one that is out or set aside."""
        bound = Loan.select(Loan.item).where(Loan.returned_at.is_null())
        bound |= Hold.select(Hold.item).where(Hold.item.is_null(False))
        codes = Item.select(Item.barcode).where(Item.id.in_(bound)).order_by(Item.id).tuples()
        return one_of([code for (code,) in codes] * 5 + self.codes, which)

    def first_waiting(self, bib):
        return next(iter(self.waiting(bib)), None)

    def waiting(self, bib):
        """Who waits for a title, or will as soon as the applications that are due have been registered."""
        waits = Hold.state == HoldState.WAITING
        if self.jobs_run:
            waits |= Hold.id.in_(self.applications_due())
        query = Hold.select().where(Hold.bib == bib, waits)
        return list(query.order_by(Hold.requested_at, Hold.id))

    def passed_on(self, hold, before=()):
        """What is noted when the piece of a hold that ends goes to whoever waits next; ``before``: who has
        been served meanwhile."""
        bib = hold.item_id and Item.get_by_id(hold.item_id).bib_id
        waiting = [next_one for next_one in self.waiting(bib) if next_one.id not in before]
        if not waiting:
            return []
        at = hold.pickup_branch if hold.state is HoldState.READY else None
        ready = waiting[0].pickup_branch == at
        self.kept_at[waiting[0].id] = at
        return [(f"hold_{HoldState.READY if ready else HoldState.IN_TRANSIT}", waiting[0].id)]

    def not_collected(self):
        """The ready holds that end today, in the order in which they do."""
        ready = Hold.select().where(Hold.state == HoldState.READY).order_by(Hold.collect_by, Hold.id)
        calendar = Calendar(self.policy, self.today)
        return [
            hold
            for hold in ready
            if shelf_is_over(hold.collect_by, self.today)
            and calendar.of(hold.pickup_branch).is_open(self.today)
        ]

    def applications_due(self):
        """The applications since which the clock has struck half past eight or six in the evening."""
        applied = Hold.select().where(Hold.state == HoldState.APPLIED).order_by(Hold.requested_at, Hold.id)
        due = []
        for hold in applied:
            day = library_day(hold.requested_at)
            strikes = [datetime.combine(day + timedelta(days=n), at, JAPAN) for n in (0, 1) for at in STRIKES]
            if any(hold.requested_at < strike <= self.now + timedelta(minutes=1) for strike in strikes):
                due.append(hold.id)
        return due

    def all_rows(self):
        return [
            list(table.select().tuples()) for table in (Hold, Loan, Event, Outbox, Tally, DayCount, Patron)
        ]

    @initialize(
        lent=st.lists(st.tuples(patrons, some), min_size=3, max_size=5),
        asked=st.lists(st.tuples(patrons, some, branches, channels), min_size=4, max_size=8),
        registered=st.booleans(),
        back=st.lists(st.tuples(some, branches), min_size=2, max_size=4),
    )
    def yesterday_some_were_lent_and_asked_for_and_today_some_came_back(self, lent, asked, registered, back):
        for who, which in lent:
            self.lend(self.town.patrons[who], one_of(self.codes, which), "main")
        for who, which, pickup, channel in asked:
            self.ask(who, which, pickup, channel)
        self.go_on(1, 10)
        if registered:
            self.register()
        for which, branch in back:
            self.take_back(self.a_piece_to_scan(which), branch)

    # -- holds ---------------------------------------------------------------------------------------------

    @rule(who=patrons, which=some, pickup=branches, channel=channels)
    def somebody_asks_for_a_title(self, who, which, pickup, channel):
        self.ask(who, which, pickup, channel)

    def ask(self, who, which, pickup, channel):
        patron, bib = self.town.patrons[who], one_of(self.titles, which)
        with self.noted() as noted:
            answer = circulation.place_hold(
                self.policy, patron, bib, pickup, "mail", channel, self.now, actor=CLERK
            )
            if answer.decision.allowed:
                noted.append(("hold_placed", answer.hold))
                self.holds.append(answer.hold)

    @precondition(lambda self: self.holds)
    @rule(which=some, channel=channels)
    def somebody_cancels_a_hold(self, which, channel):
        hold, patron = self.a_hold(which)
        with self.noted() as noted:
            after = self.passed_on(hold)
            try:
                decision = circulation.cancel_hold(self.policy, patron, hold.id, channel, self.now)
            except NotThere:
                assert hold.closed_at
                return
            if decision.allowed:
                noted += [("hold_cancelled", hold.id), *after]
                self.ended[HoldState.CANCELLED] += 1

    @precondition(lambda self: self.holds)
    @rule(which=some, pickup=branches, channel=st.sampled_from([Channel.DESK, Channel.DESK, Channel.WEB]))
    def somebody_chooses_another_branch(self, which, pickup, channel):
        hold, patron = self.a_hold(which)
        with self.noted() as noted:
            try:
                decision = circulation.change_pickup(self.policy, patron, hold.id, pickup, channel, self.now)
            except NotThere:
                assert hold.closed_at
                return
            if decision.allowed and hold.pickup_branch != pickup:
                noted.append(("pickup_changed", hold.id))

    @precondition(lambda self: some_hold_is("collect_by IS NOT NULL AND closed_at IS NULL"))
    @rule(which=some, channel=channels)
    def somebody_asks_for_a_longer_shelf(self, which, channel):
        hold, patron = self.a_hold(which)
        with self.noted() as noted:
            try:
                decision = circulation.extend_hold(self.policy, patron, hold.id, channel, self.now)
            except NotThere:
                assert hold.closed_at
                return
            if decision.allowed:
                noted.append(("hold_extended", hold.id))
                assert Hold.get_by_id(hold.id).collect_by == decision.collect_by > hold.collect_by

    # -- the desk ------------------------------------------------------------------------------------------

    @rule(who=patrons, which=some, branch=branches)
    def a_piece_is_lent(self, who, which, branch):
        self.lend(self.town.patrons[who], one_of(self.codes, which), branch)

    @precondition(lambda self: some_hold_is("item_id IS NOT NULL"))
    @rule(which=some, branch=branches)
    def somebody_comes_for_what_is_kept(self, which, branch):
        kept = Hold.select(Hold.patron, Item.barcode).join(Item).order_by(Hold.id).tuples()
        self.lend(*one_of(list(kept), which), branch)

    def lend(self, patron, code, branch):
        piece = lending.scanned(code)
        held = Hold.get_or_none(Hold.patron == patron, Hold.bib == piece.bib, Hold.closed_at.is_null())
        with self.noted() as noted:
            after = self.passed_on(held) if held else []
            answer = lending.check_out(self.policy, patron, code, branch, self.now, CLERK)
            assert answer.again == (piece.borrower == patron)
            if answer.decision.allowed and not answer.again:
                assert piece.borrower is None and piece.holder in (None, patron)
                loan = lending.scanned(code).loan
                noted.append(("loan_made", loan))
                self.loans.append(loan)
                self.counted["loan"] += 1
                released = held and held.item_id
                assert answer.released == (None if released == piece.item else released)
                if held is not None:
                    noted.append(("hold_collected", held.id))
                    self.ended[HoldState.COLLECTED] += 1
                    if answer.released is not None:
                        noted += after

    @rule(which=some, branch=branches)
    def a_piece_comes_back(self, which, branch):
        self.take_back(self.a_piece_to_scan(which), branch)

    @rule(who=patrons, which=some, branch=branches)
    def somebody_brings_all_back_takes_all_that_is_kept_and_one_thing_more(self, who, which, branch):
        patron = self.town.patrons[who]
        lent = Item.select(Item.barcode).join(Loan).where(Loan.patron == patron).order_by(Loan.id)
        for (code,) in list(lent.tuples()):
            self.take_back(code, branch)
        kept = Item.select(Item.barcode).join(Hold).where(Hold.patron == patron).order_by(Hold.id)
        for (code,) in [*kept.tuples(), (one_of(self.codes, which),)]:
            self.lend(patron, code, branch)

    def take_back(self, code, branch):
        piece = lending.scanned(code)
        over = piece.hold is not None and shelf_is_over(piece.collect_by, self.today)
        kept = None if piece.hold is None or over else Hold.get_by_id(piece.hold)
        served = kept or self.first_waiting(piece.bib)
        with self.noted() as noted:
            answer = lending.take_back(self.policy, code, branch, self.now, CLERK)
            assert (answer.was is Returned.OUT, answer.expired) == (piece.loan is not None, over)
            assert answer.hold == (served and served.id), (
                "the one that it is kept for, else who waits longest"
            )
            if answer.was is Returned.OUT:
                noted.append(("loan_returned", piece.loan))
                self.counted["return"] += 1
            if answer.penalty_until:
                assert Patron.get_by_id(piece.borrower).penalty_until == answer.penalty_until
            if answer.expired:
                noted.append(("hold_expired", piece.hold))
                self.ended[HoldState.EXPIRED] += 1
            if served is not None:
                here = served.pickup_branch == branch
                became = HoldState.READY if here or served.state is HoldState.READY else HoldState.IN_TRANSIT
                assert Hold.get_by_id(served.id).state is became
                if became is not served.state:
                    noted.append((f"hold_{became}", served.id))
                    self.kept_at[served.id] = branch

    @precondition(lambda self: some_hold_is("item_id IS NOT NULL"))
    @rule(which=some)
    def a_hold_is_put_back(self, which):
        hold, _ = self.a_hold(which)
        with self.noted() as noted:
            try:
                decision = hold_shelf.put_back(hold.id, self.now, CLERK)
            except NotThere:
                assert hold.closed_at
                return
            assert decision.allowed == (hold.state is not HoldState.APPLIED)
            if hold.item_id is not None:
                noted.append(("hold_put_back", hold.id))
                assert Item.get_by_id(hold.item_id).to_shelve_at == hold.pickup_branch

    @precondition(lambda self: some_hold_is("state = 'ready'"))
    @rule(which=some)
    def somebody_is_told(self, which):
        ready = [hold for (hold,) in rows("SELECT id FROM hold WHERE state = 'ready'")]
        self.tell(Hold.get_by_id(one_of(ready * 5 + self.holds, which)))

    @rule(days=st.sampled_from([1, 9]), branch=branches)
    def a_day_at_the_desk_begins_with_the_hold_shelf(self, days, branch):
        self.go_on(days, 10)
        on_shelf = Hold.select(Hold.id, Hold.collect_by, Item.barcode).join(Item).order_by(Hold.id)
        for hold, last, code in list(on_shelf.where(Hold.state == HoldState.READY).tuples()):
            if shelf_is_over(last, self.today):
                self.take_back(code, branch)
            else:
                self.tell(Hold.get_by_id(hold))

    def tell(self, hold):
        with self.noted() as noted:
            try:
                last = hold_shelf.mark_told(self.policy, hold.id, self.now, CLERK)
            except NotThere:
                assert hold.state is not HoldState.READY
                return
            if hold.collect_by is None:
                noted.append(("hold_told", hold.id))
            else:
                assert last == hold.collect_by, "once counted, it is not counted anew"
            assert last == Hold.get_by_id(hold.id).collect_by

    @precondition(lambda self: self.loans)
    @rule(which=some, channel=channels, seen=st.sampled_from([None, 0]))
    def somebody_renews(self, which, channel, seen):
        loan = Loan.get_by_id(one_of(self.loans, which))
        patron = loan.patron_id or self.town.patrons["sato"]
        with self.noted() as noted:
            try:
                answer = circulation.renew(self.policy, patron, loan.id, channel, self.now, seen)
            except NotThere:
                assert loan.returned_at
                return
            assert answer.already == (seen is not None and seen < loan.renewals)
            if answer.decision.allowed and not answer.already:
                noted.append(("loan_renewed", loan.id))
                self.counted["renewal"] += 1
            assert Loan.get_by_id(loan.id).due_on == answer.due_on >= loan.due_on

    # -- time ----------------------------------------------------------------------------------------------

    @rule(days=st.sampled_from([1, 0, 4, 9, 16]), hour=st.sampled_from([7, 12, 19]))
    def time_passes(self, days, hour):
        self.go_on(days, hour)

    def go_on(self, days, hour):
        day = self.today + timedelta(days=days)
        before, self.idle = self.now, False
        self.clock.to(day, hour)
        self.clock.now = max(self.clock.now, before)

    @precondition(lambda self: self.closed < 3)
    @rule(days=st.integers(1, 10), branch=st.sampled_from([*BRANCHES, None]))
    def a_day_is_closed(self, days, branch):
        day = self.today + timedelta(days=days)
        self.closed += 1
        with self.noted() as noted:
            plan = CalendarPlan(DayKind.CLOSED, day, day, branch, "停電")
            answer = calendar_changes.put_on_calendar(self.policy, plan, self.now, CLERK)
            moved = answer.followed.moved
            if answer.decision.allowed:  # it may be closed already
                noted.append(("calendar_closed", CalendarEntry.select(fn.MAX(CalendarEntry.id)).scalar()))
            noted += [(one.kind, one.number) for one in moved]
            assert all(one.before < one.after for one in moved)

    @precondition(lambda self: some_hold_is("state = 'applied'"))
    @rule()
    def applications_are_registered(self):
        self.register()

    def register(self):
        due = self.applications_due()
        with self.noted() as noted:
            assert circulation.register_applied(self.policy, self.now) == due
            noted += [("hold_registered", hold) for hold in due]
            assert {Hold.get_by_id(hold).state for hold in due} <= {HoldState.WAITING}

    @precondition(lambda self: some_hold_is("state = 'ready'"))
    @rule(days=st.sampled_from([9, 1, 9]))
    def all_are_told_and_nobody_comes(self, days):
        for (hold,) in rows("SELECT id FROM hold WHERE state = 'ready' ORDER BY id"):
            self.tell(Hold.get_by_id(hold))
        self.go_on(days, 0)
        self.the_jobs_run_twice()

    @precondition(lambda self: not self.idle)
    @rule()
    def the_jobs_run_twice(self):
        due, over = self.applications_due(), self.not_collected()
        with self.noted() as noted:
            noted += [("hold_registered", hold) for hold in due]
            self.jobs_run = True
            for hold in over:
                noted.append(("hold_expired", hold.id))
                noted += self.passed_on(hold, before={n for kind, n in noted if kind != "hold_registered"})
            self.jobs_run = False
            done = jobs.run(self.policy, self.now)
            counts = (done["registered"], done["moved"], done["ended"])
            assert counts == (len(due), 0, len(over)), "days were moved when closed"
            self.ended[HoldState.EXPIRED] += len(over)
            once = self.all_rows()
            assert not any(jobs.run(self.policy, self.now).counts.values()) and self.all_rows() == once
        self.idle = True

    # -- what holds after each of them ---------------------------------------------------------------------

    def look_through_the_books(self):
        assert rows(_ANY_OF_THESE) == []
        n = Counter({(what, kind): n for what, kind, n in rows(_COUNTS)})
        holds = {state: n["hold", state] for state in HoldState}
        assert sum(holds.values()) == len(self.holds), "every hold that was placed is somewhere"
        assert {state: holds[state] for state in CLOSED_HOLD_STATES} == {
            state: self.ended[state] for state in CLOSED_HOLD_STATES
        }
        books = self.counted + Counter(
            hold=len(self.holds),
            hold_collected=self.ended[HoldState.COLLECTED],
            hold_expired=self.ended[HoldState.EXPIRED],
        )
        for kind in KINDS:
            assert n["tally", kind] == n["day", kind] == books[kind], kind
        assert n["open", "loan"] == self.counted["loan"] - self.counted["return"]
        still_open = sum(holds[state] for state in HoldState if state not in CLOSED_HOLD_STATES)
        assert n["owed", "hold_registered"] == still_open, "no word is owed of what is over"
        for kind in ("hold_ready", "hold_expired"):
            assert n["owed", kind] == n["event", kind], "one message each time"
        for hold, pickup in rows("SELECT id, pickup_branch FROM hold WHERE state = 'ready'"):
            assert self.kept_at[hold] == pickup, "what is ready lies where it will be collected"
        self.a_queue_has_no_gap()

    def a_queue_has_no_gap(self):
        queues = {}
        for who in WHO:
            for row in holds_of(self.town.patrons[who]):
                if row.state in QUEUED_HOLD_STATES:
                    queues.setdefault(row.bib, []).append(row)
        for rows in queues.values():
            assert sorted(row.place for row in rows) == list(range(1, len(rows) + 1))
            assert {row.waiting for row in rows} == {len(rows)}


@pytest.mark.parametrize("changes", [EVENTFUL])
def test_whatever_is_done_in_whatever_order_the_books_are_right_after_every_step(
    town, database, policy, clock
):
    titles = [town.title(name, copies=0) for name in ("こころ", "三四郎", "門")]
    for bib, branch in zip([*titles, *titles[1:]], ["main", "main", "east", "east", "main"], strict=True):
        town.copy(bib, branch)
    db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()

    stories = itertools.count(1)
    run_state_machine_as_test(
        lambda: Library(policy, database, database.with_name(f"{next(stories)}.db"), clock, town, titles),
        settings=settings(
            max_examples=60,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
