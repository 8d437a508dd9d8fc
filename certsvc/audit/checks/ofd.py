"""OFD files, opened by zipfile and expat, judged by libcrypto: every part sealed, by the right seal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from certsvc.audit.defect import Defect, joined, plain
from certsvc.audit.exhibit import Exhibit
from certsvc.audit.judges import ofd, openssl, sm2
from certsvc.audit.judges.broken import JudgeError
from certsvc.audit.judges.ses import Signed, read_signed


def check_ofd(exhibit: Exhibit) -> Iterator[Defect]:
    """Judge the seal, the metadata, the page's text and its glyphs."""
    if exhibit.key is None:
        return
    try:
        package = ofd.unpack(exhibit.content)
        listings = list(ofd.signatures_of(package))
        text = "".join(text for _, text in ofd.texts_of(package))
        blank = ofd.missing_glyphs(package)
    except JudgeError as error:
        yield exhibit.defect("FILE_UNREADABLE", error.why)
        return
    if not listings:
        yield exhibit.defect("UNSIGNED")
    elif len(listings) > 1:
        yield exhibit.defect("MANY_SIGNATURES", str(len(listings)))
    for listing in listings[:1]:
        yield from _parts(exhibit, package, listing)
        yield from _seal(exhibit, package, listing)
    yield from exhibit.compare_metadata(package.metadata)
    yield from exhibit.compare_text(text)
    if blank:
        yield exhibit.defect("GLYPH_MISSING")


def check_ofd_by_program(exhibit: Exhibit) -> Iterator[Defect]:
    """Give the signature to the openssl program."""
    try:
        package = ofd.unpack(exhibit.content)
        found = [read_signed(package.parts[one.value_path]) for one in ofd.signatures_of(package)]
    except (JudgeError, KeyError):
        # Told by check_ofd, which opens every file this one does.
        return
    for signed in found[:1]:
        if not openssl.accepts_sm2(signed.certificate, signed.to_sign, signed.signature):
            yield exhibit.defect("JUDGE_REFUSES", "openssl dgst -sm3 -verify")


def _parts(exhibit: Exhibit, package: ofd.Package, listing: ofd.Listing) -> Iterator[Defect]:
    """The list is every file but the two a seal cannot list, and each is what was sealed."""
    covered = set(package.parts) - {listing.path, listing.value_path}
    if strange := sorted(covered ^ set(listing.digests)):
        yield exhibit.defect("PART_UNLISTED", joined([plain(name) for name in strange]))
    if sm2.is_here():
        changed = [
            name
            for name, digest in listing.digests.items()
            if name in package.parts and sm2.sm3(package.parts[name]) != digest
        ]
        if changed:
            yield exhibit.defect("PART_DIFFERS", joined([plain(name) for name in sorted(changed)]))


def _seal(exhibit: Exhibit, package: ofd.Package, listing: ofd.Listing) -> Iterator[Defect]:
    key = exhibit.key
    assert key is not None
    try:
        signed = read_signed(package.parts.get(listing.value_path, b""))
        broken = list(_broken(package, listing, signed))
    except JudgeError as error:
        yield exhibit.defect("SIGNATURE_BROKEN", error.why)
        return
    if broken:
        yield exhibit.defect("SIGNATURE_BROKEN", joined(broken))
    strange = [
        name
        for name, found, due in (
            ("signer", signed.certificate, key.certificate),
            ("seal", signed.seal, key.seal),
            ("Seal.esl", package.parts.get(listing.seal_path), key.seal),
        )
        if found != due
    ]
    if strange:
        yield exhibit.defect("SIGNER_WRONG", f"{joined(strange)}: not {key.key_id}")
    if signed.at.astimezone(UTC) != exhibit.copy.reserved_at.replace(microsecond=0):
        yield exhibit.defect("SIGNING_TIME_WRONG")


def _broken(package: ofd.Package, listing: ofd.Listing, signed: Signed) -> Iterator[str]:
    if signed.property_info != f"/{listing.path}":
        yield "property info"
    if not sm2.is_here():
        return
    if sm2.sm3(package.parts[listing.path]) != signed.data_hash:
        yield "data hash"
    if not sm2.verifies(signed.certificate, signed.to_sign, signed.signature):
        yield "signature"
