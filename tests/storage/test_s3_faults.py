"""A bucket that is slow, full, away, forbidden or forgetful: in time, in words, nothing lost or doubled."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from certsvc.errors import RecordDamagedError, StorageFullError, UnavailableError
from certsvc.storage.bucket import BucketPlace
from certsvc.storage.listing import Kind
from certsvc.storage.naming import place_of
from certsvc.storage.s3 import S3Storage
from certsvc.storage.s3_listing import listed_in_bucket
from tests.s3_proxy import Proxy
from tests.s3_server import ACCESS, PAGE, SECRET, Moto, running_moto

NAME = "0123456789abcdef00000001.pdf"
FILES = {NAME: b"sealed pdf" * 20_000, NAME.replace(".pdf", ".ofd"): b"sealed ofd" * 20_000}
OTHER = {name: content[::-1] for name, content in FILES.items()}


@pytest.fixture
def prefix() -> str:
    """Name a place of this test alone."""
    return f"faults/{secrets.token_hex(8)}"


def test_a_lost_answer_is_a_success_when_the_object_is_there(
    s3_server: Moto, proxy: Proxy, prefix: str
) -> None:
    """The first attempt stored it; the second meets it, and it is what was to be stored."""
    proxy.first(1, "lost")
    s3_server.store(prefix, endpoint=proxy.endpoint).put(FILES)

    assert [method for method, path in proxy.asked if ".pack" in path] == ["PUT", "PUT", "GET"]
    assert {name: s3_server.store(prefix).get(name) for name in FILES} == FILES


def test_a_lost_answer_over_other_bytes_is_a_conflict(s3_server: Moto, proxy: Proxy, prefix: str) -> None:
    """A rival was quicker; who asks again must not take its object for one's own."""
    s3_server.store(prefix).put(OTHER)
    proxy.first(1, "lost")
    with pytest.raises(UnavailableError, match="taken by other bytes"):
        s3_server.store(prefix, endpoint=proxy.endpoint).put(FILES)
    assert s3_server.store(prefix).get(NAME) == OTHER[NAME]


@pytest.mark.parametrize("manners", ["cut", "503 SlowDown", "500 InternalError", "slow"])
def test_what_passes_is_waited_for(s3_server: Moto, proxy: Proxy, prefix: str, manners: str) -> None:
    """A store that is busy for a moment costs nobody a certificate."""
    store = s3_server.store(prefix, endpoint=proxy.endpoint)
    proxy.first(2, manners)
    store.put(FILES)
    proxy.first(1, manners, "GET")
    assert store.get(NAME) == FILES[NAME]


@pytest.mark.parametrize("manners", ["hang", "503 SlowDown"])
def test_no_call_waits_longer_than_said(s3_server: Moto, proxy: Proxy, prefix: str, manners: str) -> None:
    """A store that hangs must not hang a server's threads: three times the setting to put, else less."""
    s3_server.store(prefix).put(FILES)
    store = s3_server.store(prefix, endpoint=proxy.endpoint, timeout_s=0.5)
    store.check()
    proxy.rule = lambda method, path: manners
    calls: dict[Callable[[], object], float] = {
        lambda: store.put(FILES): 3,
        lambda: store.get(NAME): 2,
        lambda: store.exists(NAME): 2,
        lambda: store.sync(NAME): 2,
        lambda: store.remove([NAME]): 2,
        lambda: list(listed_in_bucket(store.bucket)): 2,
        # The probe, and its removal.
        store.check: 3,
    }
    for call, times in calls.items():
        begun = time.monotonic()
        with pytest.raises(UnavailableError) as caught:
            call()
        # A second for a machine that is busy.
        assert time.monotonic() - begun < times * 0.5 + 1
        assert not isinstance(caught.value, RecordDamagedError | StorageFullError)
    proxy.let_go.set()
    assert s3_server.store(prefix).get(NAME) == FILES[NAME]


@pytest.mark.parametrize("manners", ["507 InsufficientStorage", "403 QuotaExceeded", "400 XMinioStorageFull"])
def test_a_full_store_says_so(s3_server: Moto, proxy: Proxy, prefix: str, manners: str) -> None:
    """Nothing is left behind, and what is there is still read."""
    store = s3_server.store(prefix, endpoint=proxy.endpoint)
    store.check()
    proxy.rule = lambda method, path: manners if method == "PUT" else "pass"
    for call in (lambda: store.put(FILES), store.check):
        with pytest.raises(StorageFullError):
            call()
    assert s3_server.objects(prefix) == {}


@pytest.mark.parametrize(
    ("manners", "remedy"),
    [
        ("403 AccessDenied", "ListBucket"),
        ("403 SignatureDoesNotMatch", "SECRET_KEY"),
        ("403 RequestTimeTooSkewed", "clock"),
        ("429 TooManyRequests", "asked too often"),
        ("404 Weird", "CERTSVC_S3"),
    ],
)
def test_a_refusal_names_what_to_do_and_counts_nothing_as_missing(
    s3_server: Moto, proxy: Proxy, prefix: str, manners: str, remedy: str
) -> None:
    """Recovery removes a copy whose files are missing: a wrong key must not look like that."""
    s3_server.store(prefix).put(FILES)
    store = s3_server.store(prefix, endpoint=proxy.endpoint)
    proxy.rule = lambda method, path: manners
    for call in (
        lambda: store.exists(NAME),
        lambda: store.get(NAME),
        lambda: store.remove([NAME]),
        store.check,
    ):
        with pytest.raises(UnavailableError, match=remedy) as caught:
            call()
        assert "http" not in str(caught.value) and NAME[:16] not in str(caught.value)


def test_a_missing_bucket_is_no_missing_file(s3_server: Moto, prefix: str) -> None:
    """A setting that names another bucket would else fail every copy that is on its way."""
    store = s3_server.store(prefix, bucket="never-made")
    calls: tuple[Callable[[], object], ...] = (
        lambda: store.exists(NAME),
        lambda: store.get(NAME),
        lambda: store.remove([NAME]),
        lambda: store.put(FILES),
        lambda: list(listed_in_bucket(store.bucket)),
        store.check,
    )
    for call in calls:
        with pytest.raises(UnavailableError, match="make the bucket"):
            call()


def test_a_store_that_overwrites_is_refused_before_anything_is_stored(
    s3_server: Moto, proxy: Proxy, prefix: str
) -> None:
    """Some ignore If-None-Match: two workers would overwrite each other, and both hear of success."""
    proxy.rule = lambda method, path: "blind"
    store = s3_server.store(prefix, endpoint=proxy.endpoint)
    for call in (lambda: store.put(FILES), store.check):
        with pytest.raises(UnavailableError, match="If-None-Match"):
            call()
    assert s3_server.objects(prefix) == {}


def test_a_lost_answer_to_a_removal_is_settled_by_the_next(
    s3_server: Moto, proxy: Proxy, prefix: str
) -> None:
    """The pack was written anew all the same; doing it again finds nothing to do and harms nothing."""
    s3_server.store(prefix).put(FILES)
    store = s3_server.store(prefix, endpoint=proxy.endpoint)
    store.check()
    proxy.first(1, "lost")
    with pytest.raises(UnavailableError):
        store.remove([NAME])
    store.remove([NAME])
    (kept,) = set(FILES) - {NAME}
    assert not store.exists(NAME) and store.get(kept) == FILES[kept]


def test_listings_of_many_pages_are_whole(s3_server: Moto, prefix: str) -> None:
    """A store hands out so many objects at a time; what lies beside the prefix is nobody's business."""
    store = s3_server.store(prefix)
    store.put(FILES)
    s3_server.write(f"{prefix}-beside/{place_of(NAME)}", b"not ours")
    for number in range(2 * PAGE + 30):
        s3_server.write(f"{prefix}/stray/{number:04}", b"x")
    store.bucket.prove()
    s3_server.write(f"{prefix}/.tmp/check.{'0' * 16}.tmp", b"x")

    found = list(listed_in_bucket(store.bucket))
    kinds = [one.kind for one in found]
    assert (kinds.count(Kind.PACK), kinds.count(Kind.STRAY), kinds.count(Kind.TEMPORARY)) == (
        1,
        2 * PAGE + 30,
        1,
    )
    (pack,) = [one for one in found if one.kind is Kind.PACK]
    assert (pack.path, set(pack.names), pack.sound) == (place_of(NAME), set(FILES), True)


def test_a_server_killed_in_the_midst_comes_back(tmp_path: Path, prefix: str) -> None:
    """While it is away calls fail in words; afterwards the same store works on without a restart."""
    with running_moto(tmp_path) as server:
        store = server.store(prefix, timeout_s=1)
        store.put(FILES)
        server.kill()
        for call in (lambda: store.get(NAME), lambda: store.put(OTHER), store.check):
            with pytest.raises(UnavailableError, match="does not answer"):
                call()
        server.start()
        server.make_bucket()
        assert not store.exists(NAME)
        store.put(FILES)
        assert store.get(NAME) == FILES[NAME]


def test_kept_versions_are_noticed(s3_server: Moto) -> None:
    """What is removed from such a bucket is still there: an erasure would be none."""
    bucket = f"versions-{secrets.token_hex(4)}"
    s3_server.make_bucket(bucket)
    for told in (False, True):
        store = s3_server.store("x", bucket=bucket)
        store.check()
        assert store.bucket.keeps_versions is told
        s3_server.keep_versions(bucket)


def test_the_environment_of_other_programs_is_not_obeyed(
    s3_server: Moto, proxy: Proxy, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS_* may be set for a script beside us: neither place nor key nor signature is theirs to say."""
    for name, value in {
        "AWS_ENDPOINT": "http://127.0.0.1:1",
        "AWS_SESSION_TOKEN": "other",
        "AWS_ACCESS_KEY_ID": "other",
        "AWS_SKIP_SIGNATURE": "true",
        "AWS_CONDITIONAL_PUT": "disabled",
        "AWS_BUCKET": "other",
    }.items():
        monkeypatch.setenv(name, value)
    store = s3_server.store(prefix, endpoint=proxy.endpoint)
    store.put(FILES)
    assert store.get(NAME) == FILES[NAME]
    for headers in proxy.headers:
        assert f"Credential={ACCESS}/" in headers["authorization"]
        assert "x-amz-security-token" not in headers


def test_no_secret_is_shown(
    s3_server: Moto, proxy: Proxy, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not by a repr, not by an error, not by a log, and never on the wire."""
    place: BucketPlace = s3_server.place(prefix, endpoint=proxy.endpoint)
    store = S3Storage(place)
    with caplog.at_level(logging.DEBUG):
        proxy.rule = lambda method, path: "403 InvalidAccessKeyId"
        with pytest.raises(UnavailableError) as caught:
            store.put(FILES)
    for shown in (
        place,
        store,
        store.bucket,
        vars(store.bucket),
        caught.value,
        caplog.text,
        proxy.asked,
        proxy.headers,
    ):
        assert SECRET not in repr(shown)
