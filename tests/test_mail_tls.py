"""Mail over TLS, with the name and password of the library's account: from the first byte, or by STARTTLS."""

import smtplib
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult

import mail
import settings
from models import Outbox
from tests.post_office import URL, PostOffice

# What the server was wrapped in from the first byte it does not count as TLS.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
FOLDER = Path(__file__).parent / "tls"
USER, PASSWORD = "library@example.jp", "a word @ 50%"


def _identity(_server, _session, _envelope, _mechanism, login) -> AuthResult:
    known = (login.login.decode(), login.password.decode()) == (USER, PASSWORD)
    return AuthResult(success=known, handled=known)


@pytest.fixture
def trusted(monkeypatch):
    """This machine trusts the certificate of the tests."""
    monkeypatch.setenv("SSL_CERT_FILE", str(FOLDER / "server.pem"))


@pytest.fixture(params=["smtps", "starttls"])
def office(request):
    """A server that takes mail over TLS only, and only from the library."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(FOLDER / "server.pem", FOLDER / "server.key")
    tls = request.param == "smtps"
    how = {"ssl_context": context} if tls else {"tls_context": context, "require_starttls": True}
    office = PostOffice(
        authenticator=_identity,
        auth_required=True,
        auth_require_tls=not tls,
        **how,
    )
    office.smtp = replace(office.smtp, tls=tls, user=USER, password=PASSWORD)
    office.controller.start()
    yield office
    office.controller.stop()


@pytest.fixture
def owed(town, clock):
    """Sato is owed a word about a password."""
    mail.queue("password_set", town.patrons["sato"], [1], clock())


def test_a_letter_arrives_over_tls_with_the_librarys_name_and_password(office, trusted, owed, policy, clock):
    assert office.postman(policy).deliver(clock()) == 1

    assert office.recipients == ["sato@example.jp"] and not Outbox.select().exists()


def test_to_a_server_whose_certificate_nobody_vouches_for_nothing_is_said(office, owed, policy, clock):
    with pytest.raises(ssl.SSLCertVerificationError):
        office.postman(policy).deliver(clock())

    assert office.letters == [] and Outbox.get().tried_at is None, "it waits until that is mended"
    told = list(office.postman(policy).trial("sato@example.jp", clock()))
    assert told[-1].trouble == "certificate"


def test_a_wrong_password_keeps_the_letter_until_it_is_mended(office, trusted, owed, policy, clock, caplog):
    right, office.smtp = office.smtp, replace(office.smtp, password="another word")
    with pytest.raises(smtplib.SMTPAuthenticationError):
        office.postman(policy).deliver(clock())
    assert [heard.trouble for heard in office.postman(policy).trial("a@example.jp", clock())][
        -1
    ] == "password"
    assert "another word" not in caplog.text

    office.smtp = right
    assert office.postman(policy).deliver(clock()) == 1


def test_a_password_with_signs_of_an_address_is_written_with_percent(office, trusted, owed, policy, clock):
    written = "library%40example.jp:a%20word%20%40%2050%25"
    scheme = "smtps" if office.smtp.tls else "smtp"
    address = f"{scheme}://{written}@{office.smtp.host}:{office.smtp.port}"

    set_down = settings.from_environment({"SHIORI_SMTP": address, "SHIORI_URL": URL}, FOLDER)

    assert set_down.smtp == office.smtp
