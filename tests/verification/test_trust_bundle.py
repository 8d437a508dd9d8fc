"""The bundle: read only when every signature in it holds, by a trust key that was good at the time."""

from __future__ import annotations

import copy
import json
import shutil
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsvc.domain.status_list import LIST_SIZE, StatusValue, pack
from certsvc.sealing.dev_keys import init_dev_keys, rotate_dev_key
from certsvc.sealing.jws import flattened, sign_jws
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.port import Signer
from certsvc.sealing.trust import mark_compromised
from certsvc.verification.trust_bundle import STATUS_TYP, TRUST_TYP, BundleError, read_bundle
from certsvc.verification.trust_material import TrustMaterial
from certsvc.wiring import Services
from tests.conftest import ROOT
from tests.factories import NOW, FixedClock
from tests.world import World, settings_in

JSON = dict[str, Any]
Spoil = Callable[[JSON, Services], JSON]
"""Returns a bundle with one defect."""
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path) -> World:
    """A world with one endorsed copy, which no test changes."""
    data = tmp_path_factory.mktemp("standing")
    (data / "cache").symlink_to(font_cache)
    world = World(settings_in(data, dev_keys), FixedClock())
    world.initial()
    world.endorse()
    return world


@pytest.fixture(scope="module")
def bundle(standing: World) -> JSON:
    """What it publishes."""
    return dict(json.loads(standing.services.trust_material.bundle().body))


def raw(document: Mapping[str, object]) -> bytes:
    """Write a bundle down."""
    return json.dumps(document).encode()


def said(document: Mapping[str, str]) -> JSON:
    """Return what a flattened statement says."""
    text = document["payload"]
    return dict(json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4))))


def signed(payload: Mapping[str, object], signer: Signer, typ: str) -> JSON:
    """Sign a payload as the service would."""
    return dict(flattened(sign_jws(payload, signer, typ=typ)))


def test_a_bundle_holds_all_that_checking_without_us_needs(standing: World, bundle: JSON) -> None:
    """Keys and seals as the checkers pin them, the keys of each use, and the copy's value with its day."""
    keystore, found = standing.services.keystore, read_bundle(raw(bundle))

    assert found.pinned == keystore.pinned
    assert found.pinned_seals == keystore.pinned_seals
    assert found.keys_for("offline") == keystore.service_keys("offline")
    assert found.keys_for("receipt") == keystore.service_keys("receipt")
    assert found.status_of(0) is StatusValue.USABLE
    assert found.status_of(1) is None, "no such copy when the list was made"
    assert found.status_of(LIST_SIZE) is None
    assert found.status_issued_at == standing.clock.now()
    assert (found.public_url, found.issuer) == (standing.settings.public_url, standing.settings.issuer_name)
    assert all(key.development for key in found.keys)


def test_the_trust_key_can_be_named_by_its_fingerprint(standing: World, bundle: JSON) -> None:
    """Who has it written down needs not trust the way the file came."""
    own = read_bundle(raw(bundle)).trust_key

    assert read_bundle(raw(bundle), trust_key=own).trust_key == own
    spelled = ":".join(own.upper()[n : n + 2] for n in range(0, 64, 2))
    assert read_bundle(raw(bundle), trust_key=spelled).trust_key == own
    with pytest.raises(BundleError, match="another trust key"):
        read_bundle(raw(bundle), trust_key="0" * 64)


def test_a_strangers_bundle_falls_only_to_the_fingerprint(
    standing: World, bundle: JSON, tmp_path: Path
) -> None:
    """Said plainly in the documents: a bundle from a file is as good as the way it came."""
    init_dev_keys(tmp_path / "strange", ROOT / "keys" / "pki.toml", NOW)
    strange = TrustMaterial(
        registry=standing.services.registry,
        kinds=standing.services.kinds,
        keystore=Keystore.open(tmp_path / "strange"),
        clock=standing.clock,
        issuer_name=standing.settings.issuer_name,
        public_url=standing.settings.public_url,
    )
    forged = strange.bundle().body

    assert read_bundle(forged)
    with pytest.raises(BundleError):
        read_bundle(forged, trust_key=read_bundle(raw(bundle)).trust_key)
    mixed = {**bundle, "status": json.loads(forged)["status"]}
    with pytest.raises(BundleError):
        read_bundle(raw(mixed))


def _resign(change: Callable[[JSON], None], part: str, use: str = "trust") -> Spoil:
    """Return a defect: what a part says is changed and signed again by a key of the service."""

    def spoil(bundle: JSON, services: Services) -> JSON:
        signer = services.keystore.service_signer("receipt" if use == "receipt" else "trust")
        if part == "trust":
            payload = said(bundle["trust"])
            change(payload)
            return {**bundle, "trust": signed(payload, signer, TRUST_TYP)}
        payload = said(bundle["status"][0])
        change(payload)
        return {**bundle, "status": [signed(payload, signer, STATUS_TYP)]}

    return spoil


def _edit(change: Callable[[JSON], object]) -> Spoil:
    """Return a defect: the file itself is changed."""

    def spoil(bundle: JSON, _: Services) -> JSON:
        changed = copy.deepcopy(bundle)
        change(changed)
        return changed

    return spoil


def _of_key(field: str, value: object) -> Callable[[JSON], None]:
    return lambda payload: payload["keys"][0].update({field: value})


def _later(statement: JSON, by: timedelta) -> None:
    statement["issued_at"] = (datetime.fromisoformat(statement["issued_at"]) + by).isoformat()


def _for_offline(statement: JSON, algorithm: str) -> None:
    """Name the certificate of a key that cannot sign codes as one that does."""
    other = next(key for key in statement["keys"] if key["algorithm"].startswith(algorithm))
    for key in statement["keys"]:
        if key["use"] == "offline":
            key["certificate"] = other["certificate"]


def _list(values: Mapping[int, StatusValue], count: int) -> str:
    return urlsafe_b64encode(pack(values, count)).decode()


DEFECTS: dict[str, Spoil] = {
    "another_format": _edit(lambda b: b.update(format=2)),
    "a_member_more": _edit(lambda b: b.update(note="x")),
    "a_member_less": _edit(lambda b: b.pop("status")),
    "no_trust": _edit(lambda b: b.update(trust=None)),
    "status_no_list": _edit(lambda b: b.update(status={})),
    "trust_in_the_place_of_a_list": _edit(lambda b: b.update(status=[b["trust"]])),
    "a_list_in_the_place_of_trust": _edit(lambda b: b.update(trust=b["status"][0])),
    "a_list_twice": _edit(lambda b: b.update(status=b["status"] * 2)),
    "signature_of_another": _edit(lambda b: b["status"][0].update(signature=b["trust"]["signature"])),
    "unprotected_header": _edit(lambda b: b["trust"].update(header={})),
    "trust_signed_for_receipts": _resign(lambda _: None, "trust", "receipt"),
    "list_signed_for_receipts": _resign(lambda _: None, "status", "receipt"),
    "trust_of_another_format": _resign(lambda p: p.update(format=2), "trust"),
    "key_for_an_unknown_use": _resign(_of_key("use", "other"), "trust"),
    "key_twice": _resign(lambda p: p.update(keys=p["keys"] * 2), "trust"),
    "no_keys": _resign(lambda p: p.update(keys=[]), "trust"),
    "keys_no_list": _resign(lambda p: p.update(keys={}), "trust"),
    "certificate_no_base64": _resign(_of_key("certificate", "!"), "trust"),
    "instant_without_offset": _resign(_of_key("valid_from", "2026-01-01T00:00:00"), "trust"),
    "development_no_truth": _resign(_of_key("development", "no"), "trust"),
    "member_missing": _resign(lambda p: p.pop("issuer"), "trust"),
    "issued_at_no_instant": _resign(lambda p: p.update(issued_at=1), "trust"),
    "before_the_key": _resign(lambda p: p.update(issued_at=(NOW - 48 * HOUR).isoformat()), "trust"),
    "list_before_the_key": _resign(lambda p: p.update(issued_at=(NOW - 48 * HOUR).isoformat()), "status"),
    "keys_older_than_lists": _resign(lambda p: _later(p, HOUR + SECOND), "status"),
    "public_url_with_a_path": _resign(lambda p: p.update(public_url="https://certs.example.org/x"), "trust"),
    "format_true": _edit(lambda b: b.update(format=True)),
    "instant_of_another_place": _resign(_of_key("valid_from", "2026-01-01T08:00:00+08:00"), "trust"),
    "offline_key_of_another_kind": _resign(lambda p: _for_offline(p, "rsa"), "trust"),
    "list_shorter_than_it_says": _resign(lambda p: p.update(count=9), "status"),
    "list_longer_than_it_says": _resign(lambda p: p.update(data=_list({}, 9)), "status"),
    "count_negative": _resign(lambda p: p.update(count=-1), "status"),
    "count_true": _resign(lambda p: p.update(count=True), "status"),
    "bits_four": _resign(lambda p: p.update(bits=4), "status"),
    "data_no_base64": _resign(lambda p: p.update(data="签"), "status"),
    "number_no_number": _resign(lambda p: p.update(list="0"), "status"),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_bundle_with_a_defect_is_refused_whole(defect: str, standing: World, bundle: JSON) -> None:
    """No part of it is used: what is wrong with one part says something of the rest."""
    with pytest.raises(BundleError):
        read_bundle(raw(DEFECTS[defect](bundle, standing.services)))


def test_what_the_defects_are_made_with_is_good_without_one(standing: World, bundle: JSON) -> None:
    """Else each of them would be refused for another reason."""
    for part in ("trust", "status"):
        assert read_bundle(raw(_resign(lambda _: None, part)(bundle, standing.services)))


def test_keys_may_be_an_hour_older_than_lists_and_lists_older_than_keys(
    standing: World, bundle: JSON
) -> None:
    """Else somebody whose key leaked would hand out the old list of keys with the new lists."""
    for apart in (HOUR, -HOUR):
        spoil = _resign(partial(_later, by=apart), "status")
        assert read_bundle(raw(spoil(bundle, standing.services)))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_the_same_way(content: bytes) -> None:
    """Files come from mail and memory sticks."""
    with pytest.raises(BundleError):
        read_bundle(content)


def test_a_member_written_twice_is_refused(bundle: JSON) -> None:
    """Two readers would read two files."""
    text = raw(bundle)
    with pytest.raises(BundleError, match="twice"):
        read_bundle(b'{"format":1,' + text[1:])


def test_a_trust_key_acts_by_time(tmp_path: Path, dev_keys: Path, font_cache: Path) -> None:
    """Lists it signed before the theft stay good; one that claims a later day is refused."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    keys = Path(shutil.copytree(dev_keys, tmp_path / "keys"))
    world = World(settings_in(tmp_path / "var", keys), FixedClock())
    world.initial()
    world.endorse()
    material, keystore = world.services.trust_material, world.services.keystore
    stolen = keystore.service_signer("trust")
    before = json.loads(material.bundle().body)
    world.jump(days=1)
    theft = world.clock.now()
    world.jump(seconds=60)
    late = json.loads(material.bundle().body)

    rotate_dev_key(keys, ROOT / "keys" / "pki.toml", "trust", world.clock.now())
    mark_compromised(keys, stolen.key_id, theft)

    now = json.loads(material.bundle().body)
    found = read_bundle(raw(now))
    assert found.trust_key != read_bundle(raw(before)).trust_key
    assert _instants(found.keys, stolen.key_id) == theft
    assert read_bundle(raw({**now, "status": before["status"]})).status_of(0) is StatusValue.USABLE
    for forged in ({**now, "status": late["status"]}, {**now, "trust": _claimed(now, stolen)}):
        with pytest.raises(BundleError, match="KEY_COMPROMISED"):
            read_bundle(raw(forged))


def _claimed(bundle: JSON, signer: Signer) -> JSON:
    """Return the present list of keys, signed with a stolen key."""
    return signed(said(bundle["trust"]), signer, TRUST_TYP)


def _instants(keys: object, key_id: str) -> datetime | None:
    assert isinstance(keys, tuple)
    found = next(key for key in keys if key.key_id == key_id)
    assert found.compromised_since is None or isinstance(found.compromised_since, datetime)
    return found.compromised_since
