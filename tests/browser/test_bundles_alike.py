"""Whatever stands in a bundle, the Python reader and the JavaScript one take the same and refuse the same."""

from __future__ import annotations

import copy
import json
import random
from datetime import datetime
from typing import Any, Final

from certsvc.verification.trust_bundle import STATUS_TYP, TRUST_TYP, Bundle, BundleError, read_bundle
from tests import drills
from tests.browser.desk import Desk
from tests.browser.node import ask_node
from tests.verification.test_trust_bundle import said, signed

JSON = dict[str, Any]
JUNK: Final[tuple[object, ...]] = (
    *(None, True, False, 0, 1, 2, -1, 1.0, 1.5, "", "x", [], {}, [1], 10**18, 131072, 131073),
    *("2026-02-30T00:00:00+00:00", "2026-01-01T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00"),
    *("2026-01-01 00:00:00+00:00", "20260101T000000Z", "2026-W05-1T00:00:00Z", "2026-01-01T24:00:00Z"),
    *("2026-01-01T00:00:60Z", "2026-01-01T00Z", "+002026-01-01T00:00:00Z", "2026-01-01T00:00:00+0000"),
    *(
        "2026-01-01T00:00:00.123456Z",
        "2026-01-01T00:00:00.1Z",
        "2026-01-01t00:00:00z",
        "9999-12-31T23:59:59Z",
    ),
    *("0001-01-01T00:00:00Z", "2026-01-01T08:00:00+08:00", "Thu, 01 Jan 2026 00:00:00 +00:00", "ftp://x"),
    *("https://certs.example.org/", "HTTPS://CERTS.EXAMPLE.ORG", "https://certs.example.org/x"),
    *(
        "https://certs..example.org",
        "https://certs.example.org:99999",
        "https://x.",
        "seal",
        "offline",
        "p256",
    ),
)
"""For a member of a bundle."""
NO_LISTS: Final[tuple[object, ...]] = ({}, "", None, [[]], ["x"])
NO_PAYLOADS: Final[tuple[object, ...]] = (1, "", "e30")
_READ: Final = """async text => {
  try {
    const read = await ours.readBundle(text);
    const keys = read.keys.map(key => [key.keyId, key.use, key.validFrom, key.validTo, key.compromisedSince]);
    const lists = [...read.lists.values()].map(list => [list.number, list.issuedAt, list.count]);
    return [read.issuer, read.publicUrl, read.issuedAt, read.trustKey, keys, lists];
  } catch (fault) {
    if (!(fault instanceof ours.BundleError)) throw fault;
    return null;
  }
}"""


def test_any_bundle_by_our_own_key_is_read_alike(desk: Desk) -> None:
    """Members of other types, other spellings of an instant, members gone or twice: 1,000 bundles."""
    rng = random.Random("bundles alike")
    document = json.loads(desk.bundle)
    signer = desk.world.services.keystore.service_signer("trust")
    trust, status = said(document["trust"]), said(document["status"][0])

    def spoilt(_: int) -> str:
        if rng.random() < 0.6:
            return json.dumps(document | {"trust": signed(_changed(rng, trust), signer, TRUST_TYP)})
        return json.dumps(document | {"status": [signed(_changed(rng, status), signer, STATUS_TYP)]})

    text = desk.bundle.decode()
    always = [
        *(text.replace('{"format":1', begin, 1) for begin in ('{"format":true', '{"format":1,"format":1')),
        *("\ufeff" + text, f" {text}\n", text[:-1] + ',"status":[]}', text[:-1] + ',"st\\u0061tus":[]}'),
        *(json.dumps(document | {"status": value}) for value in NO_LISTS),
        *(json.dumps(document | {"trust": document["trust"] | {"payload": value}}) for value in NO_PAYLOADS),
    ]
    texts = always + drills.some([*map(spoilt, range(1000))], "bundles alike")
    theirs = ask_node("offline.js", _READ, texts)

    ours = [*map(_read_by_us, texts)]
    assert ours == theirs
    taken = sum(one is not None for one in ours)
    assert 0 < taken < len(texts)
    drills.record("bundles by our own key, JavaScript", bundles=len(texts), taken=taken, agree=len(theirs))


def _changed(rng: random.Random, statement: JSON) -> JSON:
    """Change, drop, add or repeat one member, however deep."""
    changed = copy.deepcopy(statement)
    holder: Any = changed
    while True:
        name = rng.choice([*(holder if isinstance(holder, dict) else range(len(holder)))])
        if not isinstance(holder[name], dict | list) or not holder[name] or rng.random() < 0.2:
            break
        holder = holder[name]
    chance = rng.random()
    if chance < 0.75:
        holder[name] = rng.choice(JUNK)
    elif chance < 0.9:
        del holder[name]
    elif isinstance(holder, list):
        holder.append(copy.deepcopy(holder[name]))
    else:
        holder["more"] = 1
    return changed


def _read_by_us(text: str) -> list[object] | None:
    try:
        bundle: Bundle = read_bundle(text.encode())
    except BundleError:
        return None
    keys = [
        [key.key_id, key.use, _ms(key.valid_from), _ms(key.valid_to), _ms(key.compromised_since)]
        for key in bundle.keys
    ]
    lists = [[one.number, _ms(one.issued_at), one.count] for one in bundle.lists]
    return [bundle.issuer, bundle.public_url, _ms(bundle.issued_at), bundle.trust_key, keys, lists]


def _ms(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp() * 1000
