"""Where the key may go, and where it never shows."""

from __future__ import annotations

import logging
import pprint
import socket
import subprocess
import sys
import traceback

import pytest

from certsvc.client import Client, ClientError, UnreachableError
from tests.client.chaos import Chaos, Fault, Said, problem
from tests.client.service import Pauses, Service

KEY = "cs_canary-KEY-0123456789"


@pytest.mark.parametrize(
    "base_url",
    ["https://verify.example.cn", "https://verify.example.cn/", "https://[2001:db8::1]:8443"]
    + ["https://VERIFY.example.cn", "https://核验.example"]
    + [f"http://{host}" for host in ("127.0.0.1", "127.8.8.8:80", "localhost:8000", "[::1]:8000")],
)
def test_address_that_keeps_the_key_is_taken(base_url: str) -> None:
    """https, or no network at all."""
    with Client(base_url, api_key=KEY) as client:
        assert repr(client) == f"Client({base_url.rstrip('/').lower()!r})"


@pytest.mark.parametrize(
    "base_url",
    [
        "http://verify.example.cn",
        "http://127.0.0.1.example.cn",
        "http://localhost.example.cn",
        "http://10.0.0.1",
        "http://[::ffff:10.0.0.1]",
        "https://user:secret@verify.example.cn",
        "https://verify.example.cn@evil.example",
        "https://verify.example.cn/api",
        "https://verify.example.cn?x=secret",
        "https://verify.example.cn#x",
        "https://verify.example.cn:99999",
        "https://",
        "ftp://verify.example.cn",
        "file:///etc",
        "verify.example.cn",
        "https://verify.example.cn\\.evil.example",
        "https://verify example.cn",
        "https://ｖerify.example.cn",
        "https://verify.example.cn%2f.evil.example",
        "",
    ],
)
def test_address_that_would_show_the_key_is_refused(base_url: str) -> None:
    """Plain http shows it to the network, and what is odd leads elsewhere; none of it is repeated."""
    with pytest.raises(ValueError, match="base URL") as caught:
        Client(base_url, api_key=KEY)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("api_key", ["", "a b", "a\nX-Other: 1", "a\r", "键", "x" * 101, "a\x7f"])
def test_text_that_is_no_key_is_refused_without_being_repeated(api_key: str) -> None:
    """A line end would write another header; httpx would say the whole key in its refusal."""
    with pytest.raises(ValueError, match="API key") as caught:
        Client("https://verify.example.cn", api_key=api_key)
    assert not api_key or api_key not in str(caught.value)


@pytest.mark.parametrize("timeout_s", [0.0, -1.0])
def test_waiting_for_ever_is_not_to_be_had(timeout_s: float) -> None:
    """Nor the opposite."""
    with pytest.raises(ValueError, match="timeout_s"):
        Client("https://verify.example.cn", api_key=KEY, timeout_s=timeout_s)


def test_service_that_says_nothing_is_given_up() -> None:
    """A thread of the platform must not hang for ever."""
    with socket.create_server(("127.0.0.1", 0), backlog=1) as deaf:
        client = Client(
            f"http://127.0.0.1:{deaf.getsockname()[1]}", api_key=KEY, timeout_s=0.05, sleep=lambda _: None
        )
        with client, pytest.raises(UnreachableError, match="Timeout"):
            client.registration("x")


@pytest.mark.parametrize(
    "fault",
    [
        Fault.LOST_BEFORE,
        Fault.CUT_UNSEEN,
        problem(401, "UNAUTHENTICATED"),
        problem(503, "UNAVAILABLE"),
        Said(status=302),
    ],
    ids=str,
)
def test_key_shows_nowhere(
    chaos: Chaos, service: Service, caplog: pytest.LogCaptureFixture, fault: Fault | Said
) -> None:
    """Not in what is printed, logged at the lowest level, raised, or hung on what is raised."""
    caplog.set_level(logging.DEBUG)
    chaos.plan(*[fault] * 6)
    pauses = Pauses()
    with (
        Client(chaos.url, api_key=KEY, sleep=pauses.sleep, clock=pauses.clock) as client,
        pytest.raises(ClientError) as caught,
    ):
        client.endorse("x", "y")

    assert chaos.seen[0].headers["x-api-key"] == KEY
    error = caught.value
    whole = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    told = [
        str(error),
        repr(error),
        whole,
        pprint.pformat(vars(error)),
        repr(client),
        str(client),
        caplog.text,
    ]
    told += [str(record.__dict__) for record in caplog.records]
    assert [text for text in told if KEY in text] == []
    assert error.__cause__ is None and error.__context__ is None
    assert caplog.records, "nothing was logged, so nothing was looked at"


def test_key_does_not_go_to_public_addresses(chaos: Chaos, service: Service, behind: Client) -> None:
    """They need none, and caches keep what is public."""
    chaos.plan(Said(status=404))
    with pytest.raises(ClientError):
        behind.trust_bundle()

    assert "x-api-key" not in chaos.seen[0].headers


def test_proxy_of_the_environment_never_sees_plain_http(
    monkeypatch: pytest.MonkeyPatch, client: Client, service: Service
) -> None:
    """A key sent to this very machine would travel through the proxy in clear."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    with service.client() as direct:
        assert not direct.verify_code("0000-0000-0000").is_valid


@pytest.mark.parametrize("number", ["", ".", "..", "x" * 201, "\ud800"])
def test_number_that_would_lead_elsewhere_is_refused(behind: Client, chaos: Chaos, number: str) -> None:
    """Nothing is sent."""
    with pytest.raises(ValueError, match=r"registration number|surrogates"):
        behind.registration(number)
    assert chaos.seen == []


@pytest.mark.parametrize("number", ["../endorsements/x", "京/x", "a?as_of=1", "a#b", "%2e%2e", "a b"])
def test_number_stays_one_part_of_its_path(behind: Client, chaos: Chaos, number: str) -> None:
    """Whatever a bidder typed into the field."""
    with pytest.raises(ClientError):
        behind.registration(number)

    path = chaos.seen[0].path
    assert path.startswith("/api/v1/registrations/") and path.count("/") == 4
    assert not set(path) & set("?# ")


@pytest.mark.parametrize("key", ["", " k", "k ", "k\n", "键", "k" * 201])
def test_idempotency_key_that_cannot_be_sent_is_refused(behind: Client, chaos: Chaos, key: str) -> None:
    """Before anything is done with it."""
    with pytest.raises(ValueError, match="idempotency"):
        behind.endorse("x", "y", idempotency_key=key)
    assert chaos.seen == []


def test_package_stands_alone() -> None:
    """A platform takes it without the service."""
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, certsvc.client\nprint([n for n in sys.modules if n.startswith('certsvc.')"
            " and not n.startswith('certsvc.client')], 'sqlalchemy' in sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split("\n")[0] == "[] False"
