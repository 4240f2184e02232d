"""Who may enter where: each cell of ``addresses.txt`` is tried, and who may not changes nothing."""

import re

import pytest

from tests.addresses import CHANGE_NOTHING_STORED, LINES, LOGINS, PEOPLE, POSTS, REFUSALS
from tests.one_of_each import OF_TANAKA, READ_BY_TANAKA, TITLES_OF_TANAKA, WISH_OF_TANAKA, dump

every_line = pytest.mark.parametrize("line", LINES, ids=str)
every_post = pytest.mark.parametrize("line", POSTS, ids=str)


def cell(answer) -> str | int:
    """An answer as the table writes it."""
    way, _, destination = answer.headers.get("Location", "").partition("?next=/")
    names = [name for name, address in LOGINS.items() if address == way and destination]
    return names[0] if names and answer.status_code == 303 else answer.status_code


def test_every_route_has_its_line_and_every_line_its_route(square):
    routes = {
        f"{method} {rule.rule}"
        for rule in square.app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    assert sorted(map(str, LINES)) == sorted(routes)


@every_line
@pytest.mark.parametrize("who", PEOPLE)
def test_each_is_answered_as_the_table_says_and_who_may_not_changes_nothing(square, line, who):
    expected = line.answers[who]
    before = dump("attempt")

    answer = square.ask(line, who)

    said = answer.get_data(as_text=True)
    assert cell(answer) == expected, said[:2000]
    if expected in REFUSALS or line.method == "GET":
        assert dump("attempt") == before
    elif (
        line.rule.startswith(("/my", "/desk", "/register", "/contact", "/alerts"))
        and str(line) not in CHANGE_NOTHING_STORED
    ):
        assert dump("attempt") != before, "this line tries nothing"
    if who != "owner":
        assert WISH_OF_TANAKA not in said and READ_BY_TANAKA not in said
    if who in ("stranger", "other"):
        titles = TITLES_OF_TANAKA if line.rule.startswith("/my") else ()
        plain = re.sub("専門|石門", "", said)  # names of classes
        assert [word for word in (*OF_TANAKA, *titles) if word in plain] == []


@every_line
def test_a_part_for_a_stranger_leads_the_whole_page_to_the_login(square, line):
    way = LOGINS.get(line.answers["stranger"])
    before = dump("attempt")

    answer = square.ask(line, "stranger", part=True)

    if way:
        assert answer.status_code == 401 and answer.get_data() == b""
        assert answer.headers["HX-Redirect"].startswith(f"{way}?next=/")
        assert dump("attempt") == before
    else:
        assert answer.status_code in (200, 303) and "HX-Redirect" not in answer.headers


@every_post
def test_without_its_token_a_form_is_stale_for_everybody_and_changes_nothing(square, line):
    before = dump()

    for who in PEOPLE:
        answer = square.ask(line, who, token=False)
        assert answer.status_code == 400, who
        assert dump() == before


@every_line
def test_by_no_other_method_does_anything_happen(square, line):
    before = dump()
    address = line.address(square.known)
    methods = {"PUT", "PATCH", "DELETE", "TRACE"} - {of.method for of in LINES if of.rule == line.rule}

    for who in PEOPLE:
        client = square.app.test_client()
        client.set_cookie("shiori", square.browsers[who].cookie)
        for method in methods:
            sent = {**line.fields(square.known), "csrf_token": square.browsers[who].token}
            assert client.open(address, method=method, data=sent).status_code == 405, method
    assert dump() == before
