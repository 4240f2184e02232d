"""新着資料案内: the verbs of what a patron is told of when it comes in, and telling it.

As in ``shelf.py``: one verb a function, one transaction each, decided by ``rules.py``, and no event: what
somebody is curious about is their own business.  What an alert found is kept nowhere: a message is owed with
two numbers of pieces only, between which everything is new, and its text is made when it is sent.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime

from itsdangerous import BadSignature, URLSafeSerializer

import arrivals
import catalogue
import mail
import ndc
from arrivals import Arrival
from catalogue import Title
from circulation import NotThere, existing_patron
from folding import fold
from models import Alert, Meta, Outbox, Patron, db
from rules import (
    ALERT_LOOKS_BACK,
    ARRIVALS_TOLD_AT_MOST,
    AlertTerms,
    Decision,
    Policy,
    decide_alert,
    decide_alert_change,
    decide_alert_word,
    decide_alerts,
    is_told_of_arrivals,
    library_day,
    one_line,
)

KIND = "new_arrivals"  # of the message
_TOLD = "arrivals_told"  # in Meta: the day of the last round, and the newest piece that there was then
_TERMS = (Alert.author, Alert.ndc, Alert.keyword, Alert.series, Alert.branch)
_ALL_SQL = "SELECT patron_id, author, ndc, keyword, series, branch FROM alert ORDER BY patron_id"


@dataclass(frozen=True, slots=True)
class OwnAlert:
    """An alert as its patron sees it."""

    id: int
    terms: AlertTerms


@dataclass(frozen=True, slots=True)
class Lately:
    """What an alert would have told: since when, how many titles, and the newest of them."""

    since: date
    n: int
    newest: list[Title]


# ---- reading


def alerts_of(patron_id: int) -> list[OwnAlert]:
    """A patron's alerts, as they were registered."""
    rows = Alert.select(Alert.id, *_TERMS).where(Alert.patron == patron_id).order_by(Alert.id).tuples()
    return [OwnAlert(number, AlertTerms(*terms)) for number, *terms in rows]


def alert_of(patron_id: int, alert_id: int) -> OwnAlert:
    """One of them.  Raises NotThere where it is not, or another's."""
    found = next((alert for alert in alerts_of(patron_id) if alert.id == alert_id), None)
    if found is None:
        raise NotThere
    return found


def lately(terms: AlertTerms, today: date, most: int) -> Lately:
    """What these terms would have told over the last days."""
    came = arrivals.since(today - ALERT_LOOKS_BACK)
    since = today - ALERT_LOOKS_BACK if len(came) < arrivals.LOOKED_AT else came[-1].added_on
    found = arrivals.fitting(terms, came)
    return Lately(since, len(found), catalogue.titles([title.id for title in found[:most]]))


# ---- the verbs of the patron


def register(patron_id: int, terms: AlertTerms, now: datetime) -> Decision:
    """Register an alert; one that says the same is there already, and stays as it is.  Raises NotThere."""
    with db.atomic():
        patron, own = existing_patron(patron_id), alerts_of(patron_id)
        if any(_alike(alert.terms, terms) for alert in own):
            return Decision()
        decision = Decision(_against(terms) + decide_alerts(len(own), patron.mail).refusals)
        if decision.allowed:
            Alert.insert(patron=patron_id, added_at=now, **asdict(terms)).execute()
        return decision


def change(patron_id: int, alert_id: int, terms: AlertTerms) -> Decision:
    """Let an alert ask for something else.  Raises NotThere."""
    with db.atomic():
        alert_of(patron_id, alert_id)
        others = [alert.terms for alert in alerts_of(patron_id) if alert.id != alert_id]
        twice = any(_alike(other, terms) for other in others)
        decision = Decision(_against(terms) + decide_alert_change(twice).refusals)
        if decision.allowed:
            Alert.update(asdict(terms)).where(Alert.id == alert_id).execute()
        return decision


def remove(patron_id: int, alert_id: int) -> None:
    """Delete an alert; what is gone stays gone.  Raises NotThere where it is another's."""
    with db.atomic():
        found = Alert.get_or_none(Alert.id == alert_id)
        if found is not None and found.patron_id != patron_id:
            raise NotThere
        Alert.delete().where(Alert.id == alert_id).execute()


def _against(terms: AlertTerms) -> tuple:
    words = (terms.author, terms.keyword, terms.series)
    long = [refusal for word in words for refusal in decide_alert_word(word).refusals]
    return (*decide_alert(terms).refusals, *long)


def _alike(one: AlertTerms, other: AlertTerms) -> bool:
    return one == other or _folded(one) == _folded(other)


def _folded(terms: AlertTerms) -> tuple:
    """夏目漱石 and 夏目 漱石 are one; the words of a keyword are not run together."""
    keyword = tuple(fold(word) for word in terms.keyword.split())
    return fold(terms.author), terms.ndc, keyword, fold(terms.series), terms.branch


# ---- the link that stops one


def stop_token(secret: bytes, alert_id: int) -> str:
    """What the link in a mail says instead of the number, so that nobody makes one up."""
    return _signer(secret).dumps(alert_id)


def alert_in_link(secret: bytes, token: str) -> int | None:
    """The number of the alert in a link; None for one that is not ours."""
    try:
        read = _signer(secret).loads(token)
    except BadSignature:
        return None
    return read if type(read) is int else None


def terms_of(alert_id: int) -> AlertTerms | None:
    """What an alert asks for, while it is there: for who has its link."""
    row = Alert.select(*_TERMS).where(Alert.id == alert_id).tuples().first()
    return AlertTerms(*row) if row else None


def stop(alert_id: int) -> None:
    """Delete the alert of a link; what is gone stays gone.  No number is ever another's."""
    with db.atomic():
        Alert.delete().where(Alert.id == alert_id).execute()


def _signer(secret: bytes) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="alert")


# ---- telling


def announce(policy: Policy, now: datetime) -> int:
    """Owe each patron of whose alerts one fits something new one message, once a day.  Returns how many.

    The first time there is nothing that was told before: only the newest piece is noted, so that a library
    that begins does not tell everybody of all it has.
    """
    today = library_day(now)
    told = Meta.get_or_none(Meta.key == _TOLD)
    day, after = told.value.split() if told else ("", "")
    if day >= today.isoformat():
        return 0
    last = arrivals.last_piece()
    # Finding takes a second or two, in which nobody else is kept from writing.
    fitting = _who_is_told(int(after), last) if told and policy.alerts.offered else []
    with db.atomic():
        if told is None:
            Meta.insert(key=_TOLD, value=f"{today} {last}").on_conflict_ignore().execute()
            return 0
        # The newest piece may be gone by now; where it was, nothing new can come.
        value = f"{today} {max(last, int(after))}"
        ours = Meta.update(value=value).where(Meta.key == _TOLD, Meta.value == told.value).execute()
        if not ours:
            return 0  # another process was faster, and owes all of them
        owed = 0
        for number, address, expires_on in _patrons(fitting):
            if is_told_of_arrivals(policy, address, expires_on, today):
                mail.queue(KIND, number, (int(after), last), now, each_patron=True)
                owed += 1
        return owed


def _who_is_told(after: int, upto: int) -> list[int]:
    """The patrons of whose alerts one fits a title that is new."""
    index, found = arrivals.Index(arrivals.between(after, upto)), []
    if not index.titles:
        return []
    for patron, *terms in db.execute_sql(_ALL_SQL):
        if found[-1:] != [patron] and index.fitting(AlertTerms(*terms)):
            found.append(patron)
    return found


def _patrons(numbers: list[int]) -> Iterator[tuple]:
    """Of each who is still there the address and the end of the card."""
    columns = (Patron.id, Patron.mail, Patron.card_expires_on)
    for number in numbers:
        yield from Patron.select(*columns).where(Patron.id == number).tuples()


def told(policy: Policy, url: str, secret: bytes, owed: Outbox, today: date) -> dict[str, object] | None:
    """What the message says: each alert of this moment with what it found; None where that is nothing.

    Those that found least come first, so that one that asks for all novels leaves room for the others.
    """
    patron = owed.patron
    if not is_told_of_arrivals(policy, patron.mail, patron.card_expires_on, today):
        return None
    came = arrivals.between(*(int(number) for number in owed.numbers.split(",")))
    found = [(alert, arrivals.fitting(alert.terms, came)) for alert in alerts_of(patron.id)]
    found = sorted(((alert, titles) for alert, titles in found if titles), key=lambda one: len(one[1]))
    if not found:
        return None
    room, told = ARRIVALS_TOLD_AT_MOST, []
    for alert, titles in found:
        shown, room = titles[:room], max(0, room - len(titles))
        link = f"{url}/alerts/stop/{stop_token(secret, alert.id)}"
        told.append(_in_mail(policy, alert.terms, shown) | {"more": len(titles) - len(shown), "stop": link})
    return {"n": len({title.id for _, titles in found for title in titles}), "alerts": told}


def examples(url: str, branch: str) -> Iterator[dict[str, object]]:
    """The same as it might be, for whoever tries a text: all that can be said, and as little as can be."""
    terms = AlertTerms(author="夏目漱石", ndc="913", keyword="こころ", series="漱石全集", branch=branch)
    title = {"title": "こころ", "creators": "夏目漱石", "publisher": "栞書房", "year": 2026}
    untold = dict.fromkeys(("creators", "publisher"), "") | {"year": None}
    link = {"stop": f"{url}/alerts/stop/MTIzNDU2Nzg5MA.example"}
    full = asdict(terms) | {"genre": genre(terms.ndc), "titles": [title], "more": 3}
    bare = asdict(AlertTerms(keyword="こころ")) | {"genre": "", "titles": [title | untold], "more": 0}
    yield {"n": 4, "alerts": [full | link]}
    yield {"n": 1, "alerts": [bare | link]}


def _in_mail(policy: Policy, terms: AlertTerms, shown: list[Arrival]) -> dict[str, object]:
    """An alert and its titles, each fact on one line: a mail is lines."""
    branch = policy.branch(terms.branch)
    facts = asdict(terms) | {"genre": genre(terms.ndc), "branch": branch.name if branch else terms.branch}
    titles = [
        {
            "title": one_line(f"{title.title} {title.volume}"),
            "creators": one_line(title.creators),
            "publisher": one_line(title.publisher),
            "year": title.pub_year,
        }
        for title in catalogue.titles([title.id for title in shown])
    ]
    return {name: one_line(fact) for name, fact in facts.items()} | {"titles": titles}


def genre(number: str) -> str:
    """A class by number and name: 913 小説．物語"""
    return f"{number} {ndc.label(number) or ''}".strip()
