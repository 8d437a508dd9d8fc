"""Time stamps in the issuing cycle: what each policy hands out, and what it does without the authority."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from certsvc.domain.report import Result, Status
from certsvc.domain.timestamps import TimestampLevel
from certsvc.errors import (
    KeyMaterialError,
    NoTimestampError,
    TimestampUnavailableError,
)
from certsvc.issuing.orders import Operation, Order
from certsvc.sealing.check_pdf import check_pdf
from certsvc.verification.offline import OfflineVerifier
from certsvc.verification.question import Question
from certsvc.verification.trust_bundle import read_bundle
from certsvc.wiring import build
from certsvc.wiring.loading import open_readers
from tests.flows.press_room import reserved, sealed, stored
from tests.flows.stamped_world import Make, StampedWorld, stamp_of
from tests.packs import unpacked
from tests.tsa import a_list, an_authority
from tests.tsa_server import running
from tests.world import JSON, NUMBER

INSIDE = {"b-t": TimestampLevel.B_T, "b-lta": TimestampLevel.B_LTA}


@pytest.fixture(params=["b-t", "b-lta"])
def inside(request: pytest.FixtureRequest, make: Make) -> Iterator[StampedWorld]:
    """An instance that stamps before a copy is handed out."""
    with make(request.param) as stamped:
        yield stamped


def roots(stamped: StampedWorld) -> list[bytes]:
    """Those that are pinned."""
    return [stamped.desk.authority.root_der]


def an_order(number: str) -> Order:
    """Ask for one endorsed copy."""
    return Order(
        op=Operation.ENDORSE,
        registration_number=number,
        body={"purpose": "投标使用"},
        client_id="tests",
        key=number[-1],
    )


def test_a_copy_has_its_level_before_it_is_handed_out(inside: StampedWorld) -> None:
    """In the PDF; beside the OFD; on record, and in the report."""
    world, policy = inside.world, inside.world.settings.timestamp
    copy = world.endorse()
    check = check_pdf(world.file(copy), world.services.keystore.pinned, roots(inside))

    assert check.timestamp is INSIDE[policy]
    assert inside.desk.asked == {"b-t": 2, "b-lta": 3}[policy]
    for fmt, told in (("pdf", policy.upper()), ("ofd", "RFC 3161")):
        finding = stamp_of(world.verify(file=world.file(copy, fmt)))
        assert (finding.result, finding.code) == (Result.PASS, "TIMESTAMP_VALID")
        assert finding.detail == f"{told} {world.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    assert world.verify(file=world.file(copy)).status is Status.VALID
    with pytest.raises(NoTimestampError):
        world.services.enquiry.endorsement_timestamp(str(copy["endorsement_id"]), "pdf")


def test_the_original_is_stamped_too(inside: StampedWorld) -> None:
    """Both kinds go through one cycle."""
    world = inside.world
    world.original()
    content = world.services.enquiry.original_file(NUMBER, "pdf").content

    assert check_pdf(content, world.services.keystore.pinned, roots(inside)).timestamp is not None
    assert world.services.enquiry.original_timestamp(NUMBER, "ofd").content


@pytest.mark.parametrize("manners", ["reset", "wrong nonce", "slow clock"])
def test_without_a_token_nothing_is_issued_and_the_day_is_free(inside: StampedWorld, manners: str) -> None:
    """No file stays, no level is claimed, and the same request succeeds once the authority is back."""
    world = inside.world
    inside.desk.manners = manners
    with pytest.raises(TimestampUnavailableError):
        world.endorse(key="again")
    assert stored(world) == []

    inside.desk.manners = ""
    copy = world.endorse(key="again")
    assert world.verify(file=world.file(copy)).status is Status.VALID


@pytest.mark.parametrize("nth", [2, 3])
def test_an_authority_that_goes_away_half_way_leaves_no_half_stamped_file(make: Make, nth: int) -> None:
    """After the signature's token the document's, or the OFD's, does not come."""
    with make("b-lta") as stamped:
        stamped.desk.manners, stamped.desk.from_then = "reset", nth
        with pytest.raises(TimestampUnavailableError):
            stamped.world.endorse()
        assert stored(stamped.world) == []


def test_one_that_is_away_holds_up_a_chunk_once(make: Make) -> None:
    """Each order of a chunk would wait as long to hear the same; all of them may be tried again."""
    with make("b-t") as stamped:
        world = stamped.world
        numbers = [NUMBER, *(f"京111202020220000{order}" for order in range(2, 6))]
        for order, number in enumerate(numbers[1:], start=2):
            world.initial(number, order=order)
        stamped.desk.manners = "error"
        orders = [an_order(number) for number in numbers]

        first = world.services.desk.take(orders)
        assert [type(one.error) for one in first] == [TimestampUnavailableError] * 5
        assert stamped.desk.asked == 1
        stamped.desk.manners = ""
        assert all(one.get().created for one in world.services.desk.take(orders))


def test_no_transaction_is_open_while_the_authority_is_awaited(make: Make) -> None:
    """Another desk records in the meantime, on a database with one writer."""
    with make("b-t") as stamped:
        world = stamped.world
        asked: list[JSON] = []
        answer = stamped.desk.now

        def meanwhile() -> datetime:
            if not asked:
                asked.append(world.initial("京1112020202200009", order=9))
            return answer()

        stamped.desk.now = meanwhile
        assert world.endorse()["endorsement_id"]
        assert len(asked) == 1


def test_a_slow_authority_does_not_cost_a_chunk_its_lease(make: Make) -> None:
    """Five copies whose tokens take five seconds each: the lease of a minute is renewed in time."""
    with make("b-lta") as stamped:
        world, answer = stamped.world, stamped.desk.now
        numbers = [NUMBER, *(f"京111202020220000{order}" for order in range(2, 6))]
        for order, number in enumerate(numbers[1:], start=2):
            world.initial(number, order=order)

        def slowly() -> datetime:
            world.jump(seconds=5)
            return answer()

        stamped.desk.now = slowly
        begun = world.clock.now()
        told = world.services.desk.take([an_order(number) for number in numbers])
        assert all(one.get().created for one in told)
        assert world.clock.now() - begun == timedelta(seconds=5 * 3 * 5)


@pytest.mark.parametrize("fault", ["none", "ended", "revoked"])
def test_a_lasting_file_needs_fresh_revocation_lists(make: Make, tmp_path: Path, fault: str) -> None:
    """Without them it would not last, so it is not called so."""
    with make("b-lta") as stamped:
        world, authority = stamped.world, stamped.desk.authority
        lists = tmp_path / "crls" / "1.crl"
        wanted: type[Exception] = TimestampUnavailableError
        if fault == "none":
            lists.unlink()
        elif fault == "ended":
            lists.write_bytes(a_list(authority.issuing, authority.issuing_key, world.clock.now(), days=1))
        else:
            revoked = [authority.certificate]
            lists.write_bytes(
                a_list(authority.issuing, authority.issuing_key, world.clock.now(), revoked=revoked)
            )
            wanted = KeyMaterialError
        with pytest.raises(wanted):
            world.endorse()
        assert stored(world) == []


def test_what_a_dead_worker_left_is_stamped_or_given_up(inside: StampedWorld) -> None:
    """His PDF carries its token; the OFD's died with him, and is asked for again."""
    world = inside.world
    press = world.services.desk._press
    copy, files = sealed(world, press, reserved(world, press))
    world.services.storage.put(files)
    world.jump(seconds=61)
    assert dict(world.services.desk.recover()) == {"finished": 1, "failed": 0}
    assert world.services.enquiry.endorsement_timestamp(copy.copy_id, "ofd").content
    report = world.verify(file=files[copy.file_name("pdf")])
    assert (report.status, stamp_of(report).code) == (Status.VALID, "TIMESTAMP_VALID")

    world.jump(days=1)
    copy, files = sealed(world, press, reserved(world, press))
    world.services.storage.put(files)
    world.jump(seconds=61)
    inside.desk.manners = "error"
    assert dict(world.services.desk.recover()) == {"finished": 0, "failed": 1}
    assert copy.file_name("pdf") not in unpacked(Path(world.settings.storage_url))[0]


def test_a_file_without_a_stamp_is_not_finished_under_a_policy_that_wants_one(make: Make) -> None:
    """Fail closed: the row may not become DONE under a level its file does not have."""
    with make("b-t") as stamped:
        world = stamped.world
        changed = world.settings.model_copy(update={"timestamp": "none"})
        press = build(changed, world.clock).desk._press
        _, files = sealed(world, press, reserved(world, press))
        world.services.storage.put(files)
        world.jump(seconds=61)

        assert dict(world.services.desk.recover()) == {"finished": 0, "failed": 1}


def test_an_unknown_file_of_our_key_without_a_stamp_is_told(make: Make) -> None:
    """What a thief of the key makes without asking the authority: unknown, and the reason is named."""
    with make("b-t") as stamped:
        world = stamped.world
        thief = build(world.settings.model_copy(update={"timestamp": "none"}), world.clock).desk._press
        copy, files = sealed(world, thief, reserved(world, thief))
        report = world.verify(file=files[copy.file_name("pdf")])

        assert report.status is Status.UNKNOWN
        assert (stamp_of(report).result, stamp_of(report).code) == (Result.FAIL, "NO_TIMESTAMP")
        # A report of ours is no certificate, and wants no time stamp.
        page = world.services.report_press.make(report, Question(file=b"%PDF-"), lang="zh")
        assert stamp_of(world.verify(file=page)).code == "NOT_APPLICABLE"


def test_a_stamped_file_is_valid_after_its_signer_expired(inside: StampedWorld) -> None:
    """The instants that count are those on record, and the stamp, not the day of the question."""
    world = inside.world
    world.original()
    content = world.services.enquiry.original_file(NUMBER, "pdf").content
    (key,) = [one for one in world.services.keystore.pinned if one.key_id.startswith("p256")]
    asked_at = world.clock.now()
    world.clock.instant = key.valid_to.replace(year=key.valid_to.year + 1)
    report = world.verify(file=content, as_of=asked_at)

    assert world.clock.now() > key.valid_to
    assert report.status is Status.VALID
    assert stamp_of(report).code == "TIMESTAMP_VALID"
    assert check_pdf(content, world.services.keystore.pinned, roots(inside)).timestamp is not None


def test_a_stamped_file_is_checked_without_a_connection_as_ever(inside: StampedWorld) -> None:
    """A bundle names no authority: the stamp is neither believed nor held against the file."""
    world = inside.world
    content = world.file(world.endorse())
    bundle = read_bundle(world.services.trust_material.bundle().body)
    verifier = OfflineVerifier(bundle, open_readers(1))

    report = verifier.verify_file(content, now=world.clock.now()).report
    altered = verifier.verify_file(content + b" ", now=world.clock.now()).report

    assert (report.status, stamp_of(report).code) == (Status.VALID, "TSA_NOT_PINNED")
    assert altered.status is Status.ALTERED


def test_a_stranger_who_answers_in_the_authoritys_place_is_refused(make: Make) -> None:
    """The root is pinned, not the address."""
    with make("b-t") as stamped:
        stranger = an_authority("stranger")
        stamped.desk.authority = stranger
        with pytest.raises(TimestampUnavailableError, match="no pinned root"):
            stamped.world.endorse()


def test_a_trust_file_that_holds_no_certificate_stops_the_start(make: Make, tmp_path: Path) -> None:
    """Not the first copy."""
    with make("b-t") as stamped:
        for content in (b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
            (tmp_path / "tsa.pem").write_bytes(content)
            with pytest.raises(KeyMaterialError, match="TSA_TRUST"):
                build(stamped.world.settings, stamped.world.clock)


def test_a_changed_authority_leaves_old_files_as_they_were(make: Make, tmp_path: Path) -> None:
    """Its root stays in the trust file; without it nothing is held against a file that is on record."""
    with make("b-t") as stamped:
        world = stamped.world
        content = world.file(world.endorse())
        other = an_authority("next")
        with running(world.clock.now, other) as desk:
            changed = world.settings.model_copy(update={"tsa_url": desk.url})
            (tmp_path / "tsa.pem").write_bytes(other.root_pem + stamped.desk.authority.root_pem)
            both = build(changed, world.clock)
            (tmp_path / "tsa.pem").write_bytes(other.root_pem)
            only = build(changed, world.clock)
            world.services = both
            assert stamp_of(world.verify(file=content)).code == "TIMESTAMP_VALID"
            world.jump(days=1)
            assert stamp_of(world.verify(file=world.file(world.endorse()))).code == "TIMESTAMP_VALID"
            world.services = only
            assert world.verify(file=content).status is Status.VALID
