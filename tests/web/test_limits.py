"""How often one caller may guess."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsvc.errors import RateLimitedError
from certsvc.web.limits import RATES, Limiter
from tests.web.site import HTML, Site, body_of


class Stopwatch:
    """Seconds that tests move."""

    def __init__(self) -> None:
        """Stand at nought."""
        self.seconds = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.seconds


def taken(limiter: Limiter, tries: int, caller: str = "a") -> int:
    """Try so often and count what passes."""
    passed = 0
    for _ in range(tries):
        try:
            limiter.take("code", caller)
        except RateLimitedError:
            continue
        passed += 1
    return passed


def test_burst_passes_and_the_next_try_waits() -> None:
    """Exactly the burst, then one per step."""
    watch = Stopwatch()
    limiter = Limiter(watch)
    rate = RATES["code"]

    assert taken(limiter, 100) == rate.burst
    with pytest.raises(RateLimitedError) as refused:
        limiter.take("code", "a")
    watch.seconds += refused.value.retry_after_s
    assert taken(limiter, 1) == 1


def test_one_caller_does_not_use_up_anothers_tries() -> None:
    """A guesser must not lock out everybody."""
    limiter = Limiter(Stopwatch())
    taken(limiter, 100, "a")

    assert taken(limiter, 1, "b") == 1


@given(st.lists(st.floats(0, 120), max_size=60))
def test_rate_is_never_exceeded_over_any_while(pauses: list[float]) -> None:
    """However the tries are spread, burst + rate x time bounds them."""
    watch = Stopwatch()
    limiter = Limiter(watch)
    rate = RATES["code"]
    passed = 0
    for pause in pauses:
        watch.seconds += pause
        passed += taken(limiter, 3)

    assert passed <= rate.burst + rate.per_minute * watch.seconds / 60 + 1e-6


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


def test_names_cannot_be_guessed_on_a_page(site: Site) -> None:
    """Unmasking is a look-up too."""
    copy = site.issued()
    answers = [
        site.client.post(f"/v/{copy['token']}", data={"name": f"样本{n}"}, headers=HTML).status_code
        for n in range(RATES["name"].burst + 1)
    ]

    assert answers == [200] * RATES["name"].burst + [429]


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
