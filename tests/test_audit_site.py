"""What ``dev.py audit`` makes of what the scanner and pip-audit say, and the site that is scanned."""

import json
import re
import urllib.request
from pathlib import Path

import pytest

import audit_site
import dev
from audit_site import UNREACHED, Finding, explained, faults_in, read, unexplained, worst
from tests.test_dev import start

ROOT = Path(__file__).resolve().parent.parent
LDAP = {"method": "GET", "path": "/bibs/12", "info": "LDAP Injection via injection in the parameter q"}


def report(**parts) -> dict:
    """What the scanner writes."""
    empty = {"infos": {"crawled_pages_nbr": 5}, "vulnerabilities": {}, "anomalies": {}, "additionals": {}}
    return {**empty, **parts}


def package(name: str, **more) -> dict:
    return {"name": name, "version": "1.0", **more}


def asked(*packages) -> tuple[int, list[str]]:
    return faults_in(json.dumps({"dependencies": packages, "fixes": []}))


def test_a_finding_is_told_once_for_all_records_of_a_kind():
    found = {"LDAP Injection": [LDAP, {**LDAP, "path": "/bibs/13"}]}

    scan = read(report(vulnerabilities=found), {"200": 7, "404": 2}, ["sql"], "")

    assert [str(one) for one in scan.findings] == ["GET /bibs/N: LDAP Injection: LDAP Injection"]
    assert (scan.pages, scan.requests, scan.crashes, scan.stopped) == (5, 9, 0, ["sql"])


def test_an_answer_of_500_is_counted_also_where_the_scanner_overlooks_it_and_a_busy_database_is_none():
    assert read(report(), {"200": 7, "500": 2, "502": 1, "503": 4}, [], "").crashes == 3
    assert read(report(anomalies={"Internal Server Error": [LDAP]}), {}, [], "").findings


def test_what_docs_audit_explains_is_known_there_in_these_words_and_nowhere_else():
    known = explained("| `LDAP Injection` | `GET /search` | why |\n| `CSRF: not checked` | `*` | why |\ntext")
    findings = [
        Finding("LDAP Injection", "GET /search", "any"),
        Finding("LDAP Injection", "GET /my", "any"),
        Finding("CSRF", "POST /my", "not checked here"),
        Finding("CSRF", "POST /my", "no token"),
    ]

    assert unexplained(findings, known) == [findings[1], findings[3]]


def test_each_explanation_of_docs_audit_is_read():
    text = (ROOT / "docs/audit.md").read_text("utf-8")

    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert len(explained(text)) == len(rows) > 0
    assert all(len(row.split(" | ")[2]) > 20 for row in rows), "why each is none"


def test_packages_that_were_not_looked_up_are_no_clean_bill():
    left_out = package("flask", skip_reason="Dependency not found")

    assert asked(package("flask", vulns=[])) == (0, [])
    assert asked(left_out, package("peewee", vulns=[])) == (UNREACHED, ["not looked up: flask"])
    assert asked() == (UNREACHED, ["not looked up: "])
    assert faults_in("") == (UNREACHED, ["no answer"])


def test_a_known_fault_is_told_with_where_it_is_mended_and_weighs_more_than_what_was_not_looked_up():
    fault = {"id": "PYSEC-2026-1", "fix_versions": ["1.1", "2.0"]}

    status, lines = asked(package("flask", vulns=[fault]), package("peewee", skip_reason="no"))

    assert (status, lines) == (1, ["flask 1.0: PYSEC-2026-1, mended in 1.1, 2.0"])
    assert (worst(0, UNREACHED, 1), worst(0, UNREACHED), worst(0, 0)) == (1, UNREACHED, 0)


def test_it_takes_no_arguments_and_is_no_part_of_what_a_change_has_to_pass():
    assert start(ROOT / "audit_site.py", "--help").returncode == 2
    assert "audit" in dev.COMMANDS and "audit" not in re.findall(r"\w+", dev.ci.__doc__)
    assert "audit" not in (ROOT / ".ci/run").read_text()


def test_the_scanner_needs_no_other_host():
    assert not {"ssrf", "xxe", "log4shell", "nikto", "wapp", "cms", "takeover"} & {*audit_site.MODULES}
    given = audit_site.options("http://127.0.0.1:1", "/", "folder")
    assert not [word for word in given if word.startswith("http") and "127.0.0.1" not in word]
    assert "http://127.0.0.1:1/logout" in given and "--no-bugreport" in given


def test_everybody_is_logged_in_to_a_library_of_their_own_that_counts_its_answers():
    with audit_site.site() as (process, base):
        cookies = {who: audit_site.log_in(base, who) for who in audit_site.FIRST_PAGE}
        for who, page in audit_site.FIRST_PAGE.items():
            assert audit_site.still_in(base, page, cookies[who]), who
        assert not audit_site.still_in(base, "/my", cookies["stranger"])
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{base}/nowhere")  # noqa: S310
        process.terminate()
        answered = json.loads(process.stdout.read())

    assert answered["404"] == 1 and answered["200"] > 5 and not {"500", "503"} & answered.keys()
