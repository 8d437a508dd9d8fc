"""Assertions of the upstream portal: believed once, in time, for us, by the portal's own key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from certsvc.access.portal_keys import read_portal_keys
from certsvc.errors import SettingsError
from tests.factories import FixedClock
from tests.web.my.guest import Guest
from tests.web.site import Site, body_of
from tests.world import NUMBER, World, settings_in

ISSUER = "https://portal.example.cn"
KEYS: dict[str, tuple[str, Any]] = {
    "ec": ("ES256", ec.generate_private_key(ec.SECP256R1())),
    "rsa": ("RS256", rsa.generate_private_key(65537, 2048)),
    "ed": ("EdDSA", ed25519.Ed25519PrivateKey.generate()),
}
STRANGER = ec.generate_private_key(ec.SECP256R1())
_WRITERS: dict[str, Any] = {"ec": ECAlgorithm, "rsa": RSAAlgorithm, "ed": OKPAlgorithm}


def jwks() -> list[dict[str, Any]]:
    """Describe the portal's public keys."""
    return [
        {**_WRITERS[kid].to_jwk(key.public_key(), as_dict=True), "kid": kid, "alg": algorithm}
        for kid, (algorithm, key) in KEYS.items()
    ]


@pytest.fixture
def portal(tmp_path: Path, dev_keys: Path, font_cache: Path) -> Site:
    """Make a site that believes one portal, with somebody registered."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    file = tmp_path / "portal.json"
    file.write_text(json.dumps({"keys": jwks()}), encoding="utf-8")
    settings = settings_in(tmp_path / "var", dev_keys, portal_jwks=str(file), portal_issuer=ISSUER)
    site = Site(World(settings, FixedClock()))
    site.world.initial()
    return site


def claims(site: Site, **changes: Any) -> dict[str, Any]:
    """Write what a good assertion says; None leaves a claim out."""
    now = int(site.world.clock.now().timestamp())
    said = {
        "iss": ISSUER,
        "aud": site.world.settings.public_url,
        "iat": now,
        "exp": now + 300,
        "jti": "once-1",
        "sub": NUMBER,
        **changes,
    }
    return {name: value for name, value in said.items() if value is not None}


def signed(site: Site, kid: str = "ec", **changes: Any) -> str:
    """Sign an assertion as the portal does."""
    algorithm, key = KEYS[kid]
    return jwt.encode(claims(site, **changes), key, algorithm=algorithm, headers={"kid": kid})


def by_hand(header: object, said: object, signature: bytes = b"") -> str:
    """Write a token that no library would."""
    parts = (json.dumps(header).encode(), json.dumps(said).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@pytest.mark.parametrize("kid", list(KEYS))
def test_the_portal_hands_somebody_over(portal: Site, kid: str) -> None:
    """Its page sends a form from another site; the person is in, by each of the three algorithms."""
    guest = Guest(portal)
    answer = guest.post(
        "/my/assertion",
        {"assertion": signed(portal, kid)},
        **{"Sec-Fetch-Site": "cross-site", "Origin": ISSUER},
    )
    assert answer.status_code == 303
    assert "样本甲" in guest.get("/my").text


def test_the_number_may_stand_in_a_claim_of_its_own(portal: Site) -> None:
    """A portal whose sub is its own account says registration_number beside it."""
    guest = Guest(portal)
    token = signed(portal, sub="account-17", registration_number=NUMBER)
    assert guest.post("/my/assertion", {"assertion": token}).status_code == 303


def _hs256_with_the_public_key(site: Site) -> str:
    """The classic confusion: the public key is used as a shared secret."""
    public = (
        KEYS["rsa"][1]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    head = by_hand({"alg": "HS256", "kid": "rsa"}, claims(site)).rpartition(".")[0]
    proof = base64.urlsafe_b64encode(hmac.digest(public, head.encode(), hashlib.sha256)).rstrip(b"=").decode()
    return f"{head}.{proof}"


def _changed(site: Site) -> str:
    head, _, signature = signed(site).split(".")
    return f"{head}.{by_hand({}, claims(site, sub='京1112020202200002')).split('.')[1]}.{signature}"


def _with_its_own_key(site: Site) -> str:
    own = ECAlgorithm.to_jwk(STRANGER.public_key(), as_dict=True)
    return jwt.encode(claims(site), STRANGER, algorithm="ES256", headers={"kid": "ec", "jwk": own})


def _soon(site: Site, seconds: int) -> int:
    return int(site.world.clock.now().timestamp()) + seconds


ATTACKS: dict[str, tuple[str, Callable[[Site], str]]] = {
    "empty": ("form", lambda site: ""),
    "text": ("form", lambda site: "not a token"),
    "huge": ("form", lambda site: "a" * 9000),
    "alg none": ("alg", lambda site: by_hand({"alg": "none", "kid": "ec"}, claims(site))),
    "alg none, no kid": ("kid", lambda site: by_hand({"alg": "none"}, claims(site))),
    "HS256 with the public key": ("alg", _hs256_with_the_public_key),
    "another algorithm of the same key": (
        "alg",
        lambda site: jwt.encode(claims(site), KEYS["rsa"][1], algorithm="RS512", headers={"kid": "rsa"}),
    ),
    "a stranger's key under a known kid": (
        "signature",
        lambda site: jwt.encode(claims(site), STRANGER, algorithm="ES256", headers={"kid": "ec"}),
    ),
    "its own key in the header": ("header", _with_its_own_key),
    "crit": (
        "form",
        lambda site: jwt.encode(
            claims(site), KEYS["ec"][1], algorithm="ES256", headers={"kid": "ec", "crit": ["x"], "x": 1}
        ),
    ),
    "unknown kid": (
        "kid",
        lambda site: jwt.encode(claims(site), KEYS["ec"][1], algorithm="ES256", headers={"kid": "old"}),
    ),
    "kid that is a number": (
        "form",
        lambda site: by_hand({"alg": "ES256", "kid": 1}, claims(site), b"x"),
    ),
    "changed": ("signature", _changed),
    "signature cut": ("form", lambda site: signed(site)[:-8]),
    "another issuer": ("iss", lambda site: signed(site, iss="https://elsewhere.example.cn")),
    "no issuer": ("iss", lambda site: signed(site, iss=None)),
    "another service": ("aud", lambda site: signed(site, aud="https://other.example.cn")),
    "two services": ("aud", lambda site: signed(site, aud=[site.world.settings.public_url, "https://b.cn"])),
    "no service": ("aud", lambda site: signed(site, aud=None)),
    "expired": ("exp", lambda site: signed(site, iat=_soon(site, -300), exp=_soon(site, 0))),
    "good for too long": ("exp", lambda site: signed(site, exp=_soon(site, 301))),
    "no end": ("exp", lambda site: signed(site, exp=None)),
    "end as text": ("exp", lambda site: signed(site, exp=str(_soon(site, 60)))),
    "end beyond all time": ("exp", lambda site: signed(site, exp=10**18)),
    "true as end": ("exp", lambda site: signed(site, exp=True)),
    "from the future": ("iat", lambda site: signed(site, iat=_soon(site, 31), exp=_soon(site, 60))),
    "no beginning": ("iat", lambda site: signed(site, iat=None)),
    "not yet good": ("nbf", lambda site: signed(site, nbf=_soon(site, 31))),
    "no jti": ("jti", lambda site: signed(site, jti=None)),
    "long jti": ("jti", lambda site: signed(site, jti="x" * 201)),
    "nobody's number": ("registration_number", lambda site: signed(site, sub="沪1312020202200001")),
    "number with NUL": ("registration_number", lambda site: signed(site, sub="京\x00")),
    "no number": ("registration_number", lambda site: signed(site, sub=None)),
}


@pytest.mark.parametrize("attack", list(ATTACKS))
def test_whatever_is_not_right_is_refused(portal: Site, attack: str) -> None:
    """With its code, what is wrong, and nobody let in; the right one is still good afterwards."""
    reason, make = ATTACKS[attack]
    answer = portal.client.post("/my/assertion", data={"assertion": make(portal)})

    assert answer.status_code == 403, answer.text
    body = body_of(answer)
    assert body["code"] == "ASSERTION_REFUSED"
    assert [fault["pointer"] for fault in body["errors"]] == [f"/assertion/{reason}"]
    assert "Set-Cookie" not in answer.headers
    guest = Guest(portal)
    assert guest.post("/my/assertion", {"assertion": signed(portal)}).status_code == 303


def test_an_assertion_counts_once(portal: Site) -> None:
    """Sent again, and under another key with the same jti, it is a replay: also in another process.

    What is forgotten when a link is made are others: those that have expired.
    """
    token = signed(portal)
    assert Guest(portal).post("/my/assertion", {"assertion": token}).status_code == 303
    assert Guest(portal).link()
    other = Site(World(portal.world.settings, portal.world.clock))
    for site, again in ((portal, token), (other, token), (portal, signed(portal, "ed"))):
        answer = site.client.post("/my/assertion", data={"assertion": again})
        assert body_of(answer)["errors"][0]["pointer"] == "/assertion/replay"
    portal.world.jump(seconds=290)
    assert portal.client.post("/my/assertion", data={"assertion": token}).status_code == 403


def test_guessing_is_slowed_down(portal: Site) -> None:
    """Checking a signature costs us more than sending one costs a stranger."""
    told = [portal.client.post("/my/assertion", data={"assertion": "x"}).status_code for _ in range(21)]
    assert told == [403] * 20 + [429]


@pytest.mark.parametrize(
    "changes",
    [{"iat": 30, "exp": 330}, {"iat": -299, "exp": 1}, {"nbf": 30}, {"nbf": 0}],
    ids=["ahead", "last second", "nbf ahead", "nbf now"],
)
def test_what_is_just_right_is_taken(portal: Site, changes: dict[str, int]) -> None:
    """The other side of each border; a portal's clock may go 30 seconds ahead."""
    said: dict[str, Any] = {name: _soon(portal, seconds) for name, seconds in changes.items()}
    assert Guest(portal).post("/my/assertion", {"assertion": signed(portal, **said)}).status_code == 303


def test_keys_change_without_a_restart(portal: Site) -> None:
    """The portal takes a key back: from then on it lets nobody in."""
    file = portal.world.settings.portal_jwks
    assert file is not None
    file.write_text(json.dumps({"keys": [key for key in jwks() if key["kid"] != "ec"]}), encoding="utf-8")
    assert portal.client.post("/my/assertion", data={"assertion": signed(portal)}).status_code == 403
    assert portal.client.post("/my/assertion", data={"assertion": signed(portal, "ed")}).status_code == 303


def test_without_a_portal_this_way_is_off_and_says_so(site: Site) -> None:
    """404, its own code, and the other way named."""
    site.world.initial()
    answer = site.client.post("/my/assertion", data={"assertion": signed(site)})
    assert answer.status_code == 404
    assert body_of(answer)["code"] == "ASSERTIONS_OFF"
    assert "一次性链接" in Guest(site).post("/my/assertion", {"assertion": "x"}).text


_BAD: dict[str, object] = {
    "no set": [],
    "no keys": {"keys": []},
    "a shared secret": {"keys": [{"kty": "oct", "kid": "a", "k": "c2VjcmV0"}]},
    "a private key": {
        "keys": [{**ECAlgorithm.to_jwk(STRANGER, as_dict=True), "kid": "a"}],
    },
    "no kid": {"keys": [ECAlgorithm.to_jwk(STRANGER.public_key(), as_dict=True)]},
    "one kid twice": {"keys": [jwks()[0], jwks()[0]]},
    "short RSA": {
        "keys": [
            {
                **RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 1024).public_key(), as_dict=True),
                "kid": "a",
            }
        ]
    },
    "for another algorithm": {"keys": [{**jwks()[1], "alg": "RS512"}]},
    "for encryption": {"keys": [{**jwks()[0], "use": "enc"}]},
    "a point off the curve": {"keys": [{**jwks()[0], "x": "AAAA"}]},
}


@pytest.mark.parametrize("fault", list(_BAD))
def test_keys_that_are_none_are_refused(tmp_path: Path, fault: str) -> None:
    """Rather than let a portal in on half of them."""
    file = tmp_path / "portal.json"
    file.write_text(json.dumps(_BAD[fault]), encoding="utf-8")
    with pytest.raises(SettingsError):
        read_portal_keys(file)


def test_a_damaged_set_stops_the_start(tmp_path: Path, dev_keys: Path, font_cache: Path) -> None:
    """Not the first holder who comes."""
    del font_cache
    file = tmp_path / "portal.json"
    file.write_text("{}", encoding="utf-8")
    settings = settings_in(tmp_path / "var", dev_keys, portal_jwks=str(file), portal_issuer=ISSUER)
    with pytest.raises(SettingsError):
        World(settings, FixedClock())


def test_both_settings_or_neither(tmp_path: Path, dev_keys: Path) -> None:
    """Keys without a name would believe anybody they signed for."""
    with pytest.raises(SettingsError):
        settings_in(tmp_path, dev_keys, portal_jwks="portal.json")
    with pytest.raises(SettingsError):
        settings_in(tmp_path, dev_keys, portal_issuer=ISSUER)
