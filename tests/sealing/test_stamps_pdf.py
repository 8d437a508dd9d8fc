"""PDFs of level B-T and B-LTA: what the strict checker accepts, and everything one step away from it."""

from __future__ import annotations

import hashlib
import random
import re
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from certsvc.domain.report import Check, FileCheck, FileOutcome, Result
from certsvc.domain.timestamps import TimestampLevel
from certsvc.errors import KeyMaterialError, TimestampUnavailableError
from certsvc.pdf.update import Evidence, hollow_update, read_update
from certsvc.sealing.check_pdf import check_pdf
from certsvc.sealing.cms import read_cms
from certsvc.sealing.cms_token import TOKEN_ROOM, with_token, without_token
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.lint_pdf import lint_pdf
from certsvc.sealing.revocation import lists_for
from certsvc.sealing.stamps_pdf import add_document_stamp
from tests import drills
from tests.sealing.any_pdf import check_any_pdf
from tests.sealing.compiled import a_compiled_pdf
from tests.sealing.samples import AT
from tests.sealing.stamped import Stamped, a_b_t, evidence_of, stamped
from tests.tsa import a_list, an_authority, with_same_names

ALTERED = FileOutcome.ALTERED
HOLE = re.compile(rb"/Contents <([0-9A-F]+)>")


@pytest.fixture(scope="module")
def files(keystore: Keystore) -> Stamped:
    """The small certificate at each level."""
    return stamped(keystore)


def judged(data: bytes, keystore: Keystore, roots: tuple[bytes, ...]) -> FileCheck:
    """Judge both ways, which must agree."""
    check = check_pdf(data, keystore.pinned, roots)
    assert check == check_any_pdf(data, keystore.pinned, roots)
    return check


def stamp_finding(check: FileCheck) -> tuple[Result, str]:
    """What is said of the time stamp."""
    (found,) = [one for one in check.findings if one.check is Check.TIMESTAMP]
    return found.result, found.code


@pytest.mark.parametrize("algorithm", ["p256", "rsa2048", "rsa3072"])
def test_each_level_is_intact_and_named(keystore: Keystore, algorithm: str) -> None:
    """For every kind of key; the finding tells level and instants."""
    made = stamped(keystore, algorithm=algorithm)

    for content, level in ((made.b_t, TimestampLevel.B_T), (made.b_lta, TimestampLevel.B_LTA)):
        check = judged(content, keystore, made.roots)
        assert (check.outcome, check.timestamp) == (FileOutcome.INTACT, level)
        assert stamp_finding(check) == (Result.PASS, "TIMESTAMP_VALID")
        assert lint_pdf(content) == ()
    assert made.b_lta.startswith(made.b_t)
    assert lint_pdf(made.b_lta + b"\n") != ()


def test_without_a_pinned_root_a_file_is_intact_and_nothing_is_said_for_its_stamp(
    keystore: Keystore, files: Stamped
) -> None:
    """It is not called stamped, and a broken one is broken for everybody."""
    for content in (files.b_t, files.b_lta):
        check = judged(content, keystore, ())
        assert (check.outcome, check.timestamp) == (FileOutcome.INTACT, None)
        assert stamp_finding(check) == (Result.SKIP, "TSA_NOT_PINNED")
    broken = a_b_t(keystore.signer("p256"), AT, an_authority(), twist="bad signature")
    assert judged(broken, keystore, ()).outcome is ALTERED


@pytest.mark.parametrize("twist", ["wrong imprint", "bad signature", "changed content", "two signers"])
def test_a_broken_token_in_a_file_is_altered(keystore: Keystore, files: Stamped, twist: str) -> None:
    """Of the signature, and of the document."""
    inside = a_b_t(keystore.signer("p256"), AT, an_authority(), twist=twist)
    behind = add_document_stamp(
        files.b_t, files.evidence, lambda digest: an_authority().token(digest, AT, twist=twist)
    )

    for forged in (inside, behind):
        check = judged(forged, keystore, files.roots)
        assert check.outcome is ALTERED
        assert stamp_finding(check) == (Result.FAIL, "TIMESTAMP_BROKEN")


def test_a_token_of_another_authority_is_altered(keystore: Keystore, files: Stamped) -> None:
    """One with all names of ours too."""
    for stranger in (an_authority("stranger"), with_same_names(an_authority())):
        inside = a_b_t(keystore.signer("p256"), AT, stranger)
        behind = add_document_stamp(
            files.b_t,
            files.evidence,
            lambda digest, one=stranger: one.token(digest, AT),  # type: ignore[misc]
        )
        for forged in (inside, behind):
            assert judged(forged, keystore, files.roots).outcome is ALTERED


def test_a_token_swapped_between_files_is_altered(keystore: Keystore, files: Stamped) -> None:
    """Each is about one signature, or one file."""
    other = a_b_t(keystore.signer("p256"), AT, an_authority())
    first, second = (HOLE.search(content) for content in (files.b_t, other))
    assert first is not None and second is not None and first.span() == second.span()
    plain, _ = without_token(_container(files.b_t))
    _, token = without_token(_container(other))
    swapped = with_token(plain, token).hex().upper().encode().ljust(len(first[1]), b"0")
    forged = files.b_t[: first.start(1)] + swapped + files.b_t[first.end(1) :]
    assert judged(forged, keystore, files.roots).outcome is ALTERED

    # The document time stamp of one file behind the other.
    later = add_document_stamp(other, files.evidence, lambda digest: an_authority().token(digest, AT))
    moved = other + files.b_lta[len(files.b_t) :]
    assert judged(later, keystore, files.roots).outcome is FileOutcome.INTACT
    assert judged(moved, keystore, files.roots).outcome is ALTERED


def test_a_stamp_taken_out_leaves_a_seal_that_claims_no_level(keystore: Keystore, files: Stamped) -> None:
    """The bytes are not those that were issued: the register decides, and nothing calls it stamped."""
    hole = HOLE.search(files.b_t)
    assert hole is not None
    plain, _ = without_token(_container(files.b_t))
    stripped = (
        files.b_t[: hole.start(1)]
        + plain.hex().upper().encode().ljust(len(hole[1]), b"0")
        + files.b_t[hole.end(1) :]
    )
    check = judged(stripped, keystore, files.roots)

    assert (check.outcome, check.timestamp) == (FileOutcome.INTACT, None)
    assert judged(stripped + files.b_lta[len(files.b_t) :], keystore, files.roots).outcome is ALTERED


def _container(sealed: bytes) -> bytes:
    hole = HOLE.search(sealed)
    assert hole is not None
    raw = bytes.fromhex(hole[1].decode())
    return raw[: 4 + int.from_bytes(raw[2:4], "big")]


def test_what_follows_a_lasting_file_is_altered(keystore: Keystore, files: Stamped) -> None:
    """Bytes, a second update of the same shape, an update by a program, a certificate that never had one."""
    second = files.b_lta + files.b_lta[len(files.b_t) :]
    writer = IncrementalPdfFileWriter(BytesIO(files.b_lta))
    writer.root[pdf_name("/Lang")] = generic.TextStringObject("en")
    writer.update_root()  # type: ignore[no-untyped-call]
    out = BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]
    bare = a_compiled_pdf(keystore.signer("p256"))
    unstamped = add_document_stamp(bare, files.evidence, lambda digest: an_authority().token(digest, AT))
    trailing = [files.b_lta + tail for tail in (b"\n", b"\0", b"%%EOF\n", b" ", files.b_t)]

    for forged in (second, out.getvalue(), unstamped, *trailing):
        assert judged(forged, keystore, files.roots).outcome is ALTERED


def test_an_update_with_anything_else_in_it_is_altered(keystore: Keystore, files: Stamped) -> None:
    """The authority stamps whatever it is asked to: only the shape keeps a forger's update out."""
    plants = {
        b"/Rect [0 0 0 0]": b"/Rect [0 0 9 9]",
        b"/T (CertsvcTime)": b"/T (CertsvcMore)",
        b"/SigFlags 3": b"/SigFlags 1",
        b"/F 132": b"/F 128",
        b"/SubFilter /ETSI.RFC3161": b"/SubFilter /ETSI.CAdES.de",
        b"/Type /DSS ": b"/Type /DSX ",
        b"/MediaBox [0 0 ": b"/MediaBox [0 9 ",
    }
    for old, new in plants.items():
        forged = _restamped(files, lambda update, old=old, new=new: update.replace(old, new))
        assert judged(forged, keystore, files.roots).outcome is ALTERED, old
    grown = _restamped(files, lambda update: b"% a comment\n" + update)
    assert judged(grown, keystore, files.roots).outcome is ALTERED
    assert judged(_restamped(files, bytes), keystore, files.roots).outcome is FileOutcome.INTACT


def _restamped(files: Stamped, change: object) -> bytes:
    """A changed update with a true document time stamp over it, as a forger who asks the authority has it."""
    hollow = hollow_update(files.b_t, files.evidence, digits=2 * TOKEN_ROOM)
    update = b"".join(hollow.before)[len(files.b_t) :]
    changed = files.b_t + change(update)  # type: ignore[operator]
    place = len(changed)
    byte_range = b"/ByteRange [0 %d %d %d]" % (place, place + 2 * TOKEN_ROOM + 2, len(hollow.after))
    changed = re.sub(rb"/ByteRange \[0 \d+ \d+ \d+\](?=\s+/Contents \Z)", byte_range, changed)
    digest = hashlib.sha256(changed + hollow.after).digest()
    token = an_authority().token(digest, AT).hex().upper().encode().ljust(2 * TOKEN_ROOM, b"0")
    return changed + b"<" + token + b">" + hollow.after


def test_evidence_of_somebody_else_is_altered(keystore: Keystore, files: Stamped) -> None:
    """Certificates and lists stand there because they belong to this file; twice is once too often."""
    stranger = an_authority("stranger")
    foreign = stranger.certificate.public_bytes(Encoding.DER)
    crl = a_list(stranger.root, stranger.root_key, AT)
    own = files.evidence
    wrong = [
        replace(own, certificates=(*own.certificates, foreign)),
        replace(own, certificates=(*own.certificates, own.certificates[0])),
        replace(own, certificates=(*own.certificates, b"no certificate")),
        replace(own, lists=(*own.lists, crl)),
        replace(own, lists=(*own.lists, own.lists[0])),
        replace(own, lists=(b"no list",)),
    ]
    for evidence in wrong:
        forged = add_document_stamp(files.b_t, evidence, lambda digest: an_authority().token(digest, AT))
        assert read_update(forged) is not None
        assert judged(forged, keystore, files.roots).outcome is ALTERED


def test_no_flipped_byte_is_intact_under_another_level(keystore: Keystore, files: Stamped) -> None:
    """But in a certificate's copy that a token carries unsigned: the file is then not one we issued."""
    rng = random.Random(7)
    content = files.b_lta
    update = range(len(files.b_t), len(content))
    places = [*rng.sample(range(len(files.b_t)), 400), *rng.sample(update, 800)]
    intact = 0
    for at in drills.some(places, "stamped files"):
        changed = bytearray(content)
        changed[at] ^= 1 << rng.randrange(8)
        check = check_pdf(bytes(changed), keystore.pinned, files.roots)
        if check.outcome is FileOutcome.INTACT:
            intact += 1
            assert b"0" <= content[at : at + 1] <= b"F", at
            assert check.timestamp is TimestampLevel.B_LTA
        else:
            assert check.outcome is ALTERED, at
    assert intact < 20


def test_cut_anywhere_a_lasting_file_is_what_is_left_of_it(keystore: Keystore, files: Stamped) -> None:
    """Cut to its seal it is a file of level B-T, anywhere else it is altered."""
    for size in range(len(files.b_t) - 40, len(files.b_lta), 577):
        assert check_pdf(files.b_lta[:size], keystore.pinned, files.roots).outcome is ALTERED, size
    assert judged(files.b_lta[: len(files.b_t)], keystore, files.roots).timestamp is TimestampLevel.B_T


def test_a_container_with_a_token_has_one_form(keystore: Keystore) -> None:
    """The token comes off and the container is the one that was sealed; nothing else comes off."""
    sealed = a_compiled_pdf(keystore.signer("p256"))
    plain = _container(sealed)
    token = an_authority().token(hashlib.sha256(read_cms(plain).signature).digest(), AT)

    assert without_token(with_token(plain, token)) == (plain, token)
    for other in (
        plain,
        with_token(plain, token) + b"\0",
        with_token(with_token(plain, token), token),
        with_token(plain, token + token),
        with_token(plain, token).replace(
            bytes.fromhex("2a864886f70d010910020e"), bytes.fromhex("2a864886f70d010910020f")
        ),
    ):
        with pytest.raises(ValueError):
            without_token(other)


def test_evidence_needs_a_list_in_force_for_every_certificate(keystore: Keystore) -> None:
    """An old one, one of another CA, and one that names the certificate do not do."""
    authority = an_authority()
    chain = [
        one.public_bytes(Encoding.DER) for one in (authority.certificate, authority.issuing, authority.root)
    ]
    root = a_list(authority.root, authority.root_key, AT)
    older = a_list(authority.issuing, authority.issuing_key, AT - timedelta(hours=1))
    newer = a_list(authority.issuing, authority.issuing_key, AT)
    naming = a_list(authority.issuing, authority.issuing_key, AT, revoked=[authority.certificate])
    ended = a_list(authority.issuing, authority.issuing_key, AT, days=1)

    assert lists_for(chain, [root, older, newer], AT) == (newer, root)
    for lists in ([root], [root, ended], [newer], []):
        with pytest.raises(TimestampUnavailableError, match="no revocation list"):
            lists_for(chain, lists, AT)
    with pytest.raises(KeyMaterialError, match="revoked"):
        lists_for(chain, [root, naming], AT)
    assert isinstance(evidence_of(keystore.signer("p256"), keystore.root_pem, authority, AT), Evidence)
