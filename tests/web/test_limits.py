"""How often one caller may guess."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsvc.errors import RateLimitedError
from certsvc.registry.limits import LimitStore, open_limits
from certsvc.registry.sql import SQLRegistry, open_registry
from certsvc.web.caller import caller_network
from certsvc.web.limits import RATES, Limiter, Rate, _OwnBuckets
from tests.factories import FixedClock
from tests.sealing.samples import an_unsigned_pdf
from tests.web.site import HTML, Site, body_of

SECRET = bytes(32)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LimitStore]:
    """Keep buckets in a file; each test has callers of its own."""
    folder = tmp_path_factory.mktemp("limits")
    opened = open_limits(open_registry(f"sqlite:///{folder / 'registry.db'}", SECRET))
    yield opened
    opened.close()


def taken(limiter: Limiter, tries: int, caller: str) -> int:
    """Try so often and count what passes."""
    passed = 0
    for _ in range(tries):
        try:
            limiter.take("code", caller)
        except RateLimitedError:
            continue
        passed += 1
    return passed


@contextmanager
def buckets_away(site: Site) -> Iterator[None]:
    """Take the file of tries away, as a disk that fails does; the register stays."""
    registry = site.world.services.registry
    assert isinstance(registry, SQLRegistry) and registry.database.engine.url.database
    file = Path(registry.database.engine.url.database).with_name("registry.limits.db")
    file.mkdir()
    yield
    file.rmdir()


def test_burst_passes_and_the_next_try_waits(store: LimitStore) -> None:
    """Exactly the burst, then one per step."""
    clock = FixedClock()
    limiter = Limiter(store, clock, SECRET)

    assert taken(limiter, 50, "burst") == RATES["code"].burst
    with pytest.raises(RateLimitedError) as refused:
        limiter.take("code", "burst")
    clock.advance(timedelta(seconds=refused.value.retry_after_s))
    assert taken(limiter, 1, "burst") == 1


def test_one_caller_does_not_use_up_anothers_tries(store: LimitStore) -> None:
    """A guesser must not lock out everybody, nor use up the same caller's tries of another kind."""
    limiter = Limiter(store, FixedClock(), SECRET)
    taken(limiter, 50, "one")
    limiter.take("number", "one")

    assert taken(limiter, 1, "other") == 1


def test_workers_with_one_store_share_one_budget(store: LimitStore) -> None:
    """Else four workers give a guesser four times the tries."""
    clock = FixedClock()
    workers = [Limiter(store, clock, SECRET) for _ in range(4)]

    assert sum(taken(worker, 10, "shared") for worker in workers) == RATES["code"].burst


_callers = iter(range(10**6))


@given(st.lists(st.floats(0, 120), max_size=20))
def test_rate_is_never_exceeded_over_any_while(store: LimitStore, pauses: list[float]) -> None:
    """However the tries are spread, burst + rate x time bounds them."""
    clock, began = FixedClock(), FixedClock().now()
    limiter, caller, rate = Limiter(store, clock, SECRET), f"any {next(_callers)}", RATES["code"]
    passed = 0
    for pause in pauses:
        clock.advance(timedelta(seconds=pause))
        passed += taken(limiter, 3, caller)
    seconds = (clock.now() - began).total_seconds()

    assert passed <= rate.burst + rate.per_minute * seconds / 60 + 1e-6


def test_a_process_counts_alone_by_the_same_rule() -> None:
    """What goes on without the buckets is still bounded, and no longer locked out by a clock set back."""
    own, allowance = _OwnBuckets(), RATES["upload"].allowance
    passed = [own.take(b"a", allowance, 10**15) for _ in range(RATES["upload"].burst + 1)]
    back = own.take(b"a", allowance, 10**14)

    assert passed == [0] * RATES["upload"].burst + [allowance.step_us]
    assert 0 < back <= allowance.step_us
    assert own.take(b"a", allowance, 10**14 + allowance.step_us) == 0


def test_a_caller_leaves_no_address_behind(store: LimitStore, tmp_path: Path) -> None:
    """Who asked about whom when is nobody's business; a file that is copied must not tell."""
    opened = open_limits(open_registry(f"sqlite:///{tmp_path / 'registry.db'}", SECRET))
    Limiter(opened, FixedClock(datetime(2026, 1, 1, tzinfo=UTC)), SECRET).take("code", "203.0.113.77")
    opened.close()
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir())

    assert len(content) > 0 and b"203.0.113.77" not in content


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ({"code": "0000-0000-0000"}, "code"),
        ({"number": "京1112020202299999", "name": "样本"}, "number"),
    ],
)
def test_public_guessing_ends_in_429(site: Site, form: dict[str, str], kind: str) -> None:
    """With the seconds to wait, as a page and as a problem."""
    for _ in range(RATES[kind].burst):
        assert site.client.post("/verify", data=form, headers=HTML).status_code == 200

    page = site.client.post("/verify", data=form, headers=HTML)
    problem = site.client.post("/verify", data=form)

    assert page.status_code == problem.status_code == 429
    assert body_of(problem)["code"] == "RATE_LIMITED"
    assert int(page.headers["Retry-After"]) > 0


@pytest.mark.parametrize("way", ["address", "symbol", "code", "scan"])
def test_names_cannot_be_guessed_on_a_page(site: Site, way: str) -> None:
    """Unmasking is a look-up too, whichever form the name comes in."""
    site.limit(name=Rate(3, 3), code=Rate(9, 9))
    copy = site.issued()
    ways: dict[str, tuple[str, dict[str, object]]] = {
        "address": (f"/v/{copy['token']}", {}),
        "symbol": ("/verify", {"qr": f"{site.world.settings.public_url}/V/{copy['token']}"}),
        "code": ("/verify", {"code": copy["code"]}),
        "scan": ("/verify", {}),
    }
    path, given = ways[way]
    answers = []
    for n in range(4):
        # Each time another name, beside the same record.
        name = {"name": f"样本{n}"}
        answer = (
            site.upload(path, an_unsigned_pdf(), HTML, **name)
            if way == "scan"
            else site.client.post(path, data={**given, **name}, headers=HTML)
        )
        answers.append(answer.status_code)

    assert answers == [200] * 3 + [429]


def test_neighbours_in_one_ipv6_network_share_a_bucket(site: Site) -> None:
    """One household has 2^64 addresses."""
    for n in range(RATES["code"].burst):
        site.client.post("/verify", data={"code": "0" * 12}, environ_base={"REMOTE_ADDR": f"2001:db8::{n:x}"})

    same = site.client.post(
        "/verify", data={"code": "0" * 12}, environ_base={"REMOTE_ADDR": "2001:db8::ffff:1"}
    )
    other = site.client.post(
        "/verify", data={"code": "0" * 12}, environ_base={"REMOTE_ADDR": "2001:db8:0:1::1"}
    )

    assert (same.status_code, other.status_code) == (429, 200)


def test_a_token_nobody_has_is_a_try_and_one_that_is_found_is_none(site: Site) -> None:
    """A queue at a counter scans one copy a hundred times; a machine that walks through tokens is slowed."""
    site.limit(token_miss=Rate(5, 5))
    token = site.issued()["token"]
    found = [site.client.get(f"/v/{token}").status_code for _ in range(10)]
    misses = [site.client.get(f"/v/{'0' * 26}").status_code for _ in range(6)]
    symbol = site.client.post("/verify", data={"qr": f"{site.world.settings.public_url}/V/{'1' * 26}"})

    assert found == [200] * 10
    assert misses == [404] * 5 + [429]
    assert symbol.status_code == 429
    assert site.client.get(f"/v/{token}").status_code == 200


def test_a_client_is_counted_by_its_key_and_not_by_its_address(site: Site) -> None:
    """What a platform may ask for is agreed with it; its misses are not those of the public beside it."""
    site.limit(token_miss=Rate(2, 2), client_miss=Rate(4, 4), client=Rate(3, 3), client_upload=Rate(2, 2))
    address = f"{site.world.settings.public_url}/V/{'0' * 26}"
    misses = [site.post("/api/v1/verifications", {"qr": address}).status_code for _ in range(5)]
    codes = [site.post("/api/v1/verifications", {"code": "0" * 12}).status_code for _ in range(4)]
    files = [site.upload("/api/v1/verifications", b"x").status_code for _ in range(3)]

    assert misses == [200] * 4 + [429]
    assert codes == [200] * 3 + [429]
    assert files == [200] * 2 + [429]
    assert site.client.get(f"/v/{'0' * 26}").status_code == 404


def test_without_the_buckets_nobody_guesses_and_tokens_and_files_go_on(site: Site) -> None:
    """Fail closed where somebody could try names for ever; but a holder at a counter is not turned away."""
    copy = site.issued()
    file = site.world.file(copy)
    with buckets_away(site):
        guesses = [
            site.client.post("/verify", data={"code": copy["code"]}),
            site.client.post("/verify", data={"number": "京1112020202200001", "name": "样本甲"}),
            site.client.post(f"/v/{copy['token']}", data={"name": "样本甲"}),
            site.client.get(f"/v/{'0' * 26}"),
            site.post("/api/v1/verifications", {"code": copy["code"]}),
        ]
        page = site.client.post("/verify", data={"code": copy["code"]}, headers=HTML)
        scanned = site.client.get(f"/v/{copy['token']}", headers={"Accept": "application/json"})
        uploaded = site.upload("/verify", file, {"Accept": "application/json"})
        by_client = site.upload("/api/v1/verifications", file)
    again = site.client.post("/verify", data={"code": copy["code"]}, headers={"Accept": "application/json"})

    assert [(one.status_code, body_of(one)["code"]) for one in guesses] == [(503, "UNAVAILABLE")] * 5
    assert {one.headers["Retry-After"] for one in (*guesses, page)} == {"30"}
    assert page.status_code == 503 and page.mimetype == "text/html"
    for answer in (scanned, uploaded, by_client, again):
        assert (answer.status_code, body_of(answer)["status"]) == (200, "VALID")


def test_uploads_are_bounded_without_the_buckets_too(site: Site) -> None:
    """Opening strangers' files is the dearest thing anybody may ask for."""
    with buckets_away(site):
        answers = [
            site.upload("/verify", b"not a certificate").status_code for _ in range(RATES["upload"].burst + 1)
        ]

    assert answers == [200] * RATES["upload"].burst + [429]


PROXIES = [ipaddress.ip_network(one) for one in ("10.0.0.0/8", "fd00::/8")]


@pytest.mark.parametrize(
    ("remote", "forwarded", "caller"),
    [
        ("203.0.113.5", "", "203.0.113.5"),
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1,198.51.100.1, 10.9.9.9", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1:4711", "10.0.0.1"),
        ("fd00::1", "2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("a socket", "198.51.100.1", "a socket"),
    ],
)
def test_a_caller_is_seen_through_our_proxies_and_nobody_elses(
    remote: str, forwarded: str, caller: str
) -> None:
    """Unseen, all the public would share one bucket; believed from anybody, each guess would have its own."""
    assert caller_network(remote, forwarded, PROXIES) == caller
