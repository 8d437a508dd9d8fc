"""Client certificates behind a proxy: who is believed, what is read, whose key counts."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from werkzeug.test import TestResponse

from certsvc.errors import MalformedError, SettingsError
from certsvc.issuing.client_certificate import ClientCertificate, from_pem
from certsvc.web.client_cert import from_field
from tests.certificates import Made, a_certificate
from tests.factories import NOW, FixedClock
from tests.web.site import Site, path_of
from tests.world import NUMBER, World, settings_in

PROXY, STRANGER = "127.0.0.1", "203.0.113.7"
OURS, OTHER = a_certificate("ours"), a_certificate("other")
OVER = a_certificate("over", begins=NOW - timedelta(days=9), ends=NOW - timedelta(seconds=1))
COMING = a_certificate("coming", begins=NOW + timedelta(seconds=1), ends=NOW + timedelta(days=9))


def open_site(folder: Path, keys: Path, fonts: Path, **settings: str) -> Site:
    """Make a site that is told of certificates by 127.0.0.1."""
    (folder / "cache").symlink_to(fonts)
    given = {"client_cert": "optional", "trusted_proxies": PROXY} | settings
    return Site(World(settings_in(folder, keys, **given), FixedClock()))


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path) -> Site:
    """Make one site, CERTSVC_CLIENT_CERT=optional, for all tests; each adds clients of its own."""
    return open_site(tmp_path_factory.mktemp("asking"), dev_keys, font_cache)


def bound(site: Site, *certificates: Made) -> str:
    """Add a client with these certificates; returns its key."""
    client, key = site.world.services.clients.add("bound", ["read"])
    for one in certificates:
        site.world.services.clients.bind(client.client_id, one_of(one))
    return key


def one_of(made: Made) -> ClientCertificate:
    """Read it as the command line does."""
    return from_pem(made.certificate.public_bytes(Encoding.PEM))


def ask(site: Site, key: str | None, field: str | None, remote: str = PROXY) -> tuple[int, str, str]:
    """Ask for a registration nobody has: 404 is past the door. Returns status, code and words."""
    headers = {"Accept-Language": "en"}
    headers |= {} if key is None else {"X-API-Key": key}
    headers |= {} if field is None else {"Client-Cert": field}
    answer: TestResponse = site.client.get(
        path_of(NUMBER), headers=headers, environ_base={"REMOTE_ADDR": remote}
    )
    body = answer.get_json()
    return answer.status_code, body["code"], " ".join(one["detail"] for one in body["errors"])


def test_bound_key_counts_with_its_certificate_only(asking: Site) -> None:
    """Any of those bound; another's, an old one, one of tomorrow and none are refused in words."""
    key = bound(asking, OURS, OVER, COMING)

    assert ask(asking, key, OURS.field)[:2] == (404, "NOT_FOUND")
    for field, words in (
        (None, "none was shown"),
        ("", "none was shown"),
        (OTHER.field, "not one of this caller's"),
        (OVER.field, "expired or is not valid yet"),
        (COMING.field, "expired or is not valid yet"),
    ):
        status, code, told = ask(asking, key, field)
        assert (status, code) == (401, "UNAUTHENTICATED")
        assert words in told, field


def test_certificate_alone_opens_nothing(asking: Site) -> None:
    """It is asked for beside the key; strangers are told nothing about it."""
    bound(asking, OURS)

    assert ask(asking, None, OURS.field) == (401, "UNAUTHENTICATED", "")
    assert ask(asking, "cs_nobody", OURS.field) == (401, "UNAUTHENTICATED", "")


def test_optional_leaves_other_keys_as_they_are(asking: Site) -> None:
    """With a certificate bound to somebody else too: it is none of theirs to show."""
    assert ask(asking, asking.key, None)[0] == 404
    assert ask(asking, asking.key, OTHER.field)[0] == 404


def test_nobody_but_the_proxy_is_believed(asking: Site) -> None:
    """Also not about a right certificate, and not with the proxy's address in X-Forwarded-For."""
    key = bound(asking, OURS)

    for field in (OURS.field, "", "anything"):
        status, code, told = ask(asking, key, field, STRANGER)
        assert (status, code) == (400, "MALFORMED")
        assert "no trusted proxy" in told
    forwarded = asking.client.get(
        path_of(NUMBER),
        headers={"X-API-Key": key, "Client-Cert": OURS.field, "X-Forwarded-For": PROXY},
        environ_base={"REMOTE_ADDR": STRANGER},
    )
    assert forwarded.status_code == 400
    assert ask(asking, key, None, STRANGER)[0] == 401


_B64 = OURS.field[1:-1]


@pytest.mark.parametrize(
    "field",
    [
        _B64,
        f":{_B64}",
        f"{_B64}:",
        f":{_B64}:;a=1",
        f":{_B64}:, :{_B64}:",
        f":{_B64[:40]} {_B64[40:]}:",
        f":{_B64[:-4]}:",
        "::",
        ":AB==:",
        f":{base64.b64encode(OURS.der + b'0').decode()}:",
        f":{base64.b64encode(OURS.der[:-1]).decode()}:",
        f":{base64.urlsafe_b64encode(b'~' * 60 + OURS.der).decode()}:",
        f":{base64.b64encode(b'-----BEGIN CERTIFICATE-----').decode()}:",
        ":" + "A" * 20_000 + ":",
        ":too long:",
        f'"{_B64}"',
    ],
)
def test_anything_but_one_byte_sequence_of_one_certificate_is_malformed(asking: Site, field: str) -> None:
    """RFC 9440 has one spelling of one certificate."""
    with pytest.raises(MalformedError):
        from_field(field)
    assert ask(asking, bound(asking, OURS), field)[:2] == (400, "MALFORMED")


def test_required_means_everybody(tmp_path: Path, dev_keys: Path, font_cache: Path) -> None:
    """A client nobody bound a certificate to comes in no more; whose row was deleted neither."""
    site = open_site(tmp_path, dev_keys, font_cache, client_cert="required")

    assert ask(site, site.key, None)[:2] == (401, "UNAUTHENTICATED")
    assert ask(site, site.key, OURS.field)[:2] == (401, "UNAUTHENTICATED")
    assert ask(site, bound(site, OURS), OURS.field)[0] == 404


def test_server_that_takes_none_refuses_bound_keys(tmp_path: Path, dev_keys: Path, font_cache: Path) -> None:
    """One of two servers without the setting must not open to the key alone; the header is not looked at."""
    site = open_site(tmp_path, dev_keys, font_cache, client_cert="off")
    key = bound(site, OURS)

    for field in (None, OURS.field, "anything"):
        status, code, told = ask(site, key, field)
        assert (status, code) == (401, "UNAUTHENTICATED")
        assert "CERTSVC_CLIENT_CERT" in told
    assert ask(site, site.key, "anything", STRANGER)[0] == 404


def test_setting_without_a_proxy_is_refused(tmp_path: Path) -> None:
    """Nobody would ever be believed."""
    with pytest.raises(SettingsError, match="TRUSTED_PROXIES"):
        settings_in(tmp_path, tmp_path, client_cert="optional")
