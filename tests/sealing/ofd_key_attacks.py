"""Files signed anew: by our own key for what we never issue, and by strangers with what they can copy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from certsvc.gm.seal_signature import make_seal_signature, read_seal_signature
from certsvc.gm.sm3 import sm3
from certsvc.ofd.names import OFD, PAGE, SEAL, SIGNATURE, SIGNATURES, SIGNED_VALUE
from certsvc.ofd.read_container import read_container
from tests.sealing.ofd_attacks import (
    Attack,
    Change,
    adding,
    edited,
    naming,
    packed,
    replacing,
    second_page,
    with_references,
)
from tests.sealing.ofd_samples import DAY, FROM, TO, SealKeys, a_seal, a_stranger_with_seal, our_keys


def resealed(
    keys: SealKeys,
    *changes: Change,
    seal: bytes | None = None,
    certificate: bytes | None = None,
    at: datetime | None = None,
    place: str = f"/{SIGNATURE}",
) -> Attack:
    """Change the files and sign them anew, every digest right: by a stranger, or by our own key misused."""

    def attack(sealed: bytes) -> bytes:
        files = dict(read_container(sealed))
        then = read_seal_signature(files.pop(SIGNED_VALUE)).at
        signature = files.pop(SIGNATURE)
        files[SEAL] = seal or keys.seal
        for change in changes:
            change(files)
        signature = with_references(signature, files)
        value = make_seal_signature(
            seal=seal or keys.seal,
            certificate=certificate or keys.certificate,
            at=at or then,
            digest=sm3(signature),
            property_info=place,
            sign=keys.sign,
        )
        return packed({**files, SIGNATURE: signature, SIGNED_VALUE: value})

    return attack


def _move_list(files: dict[str, bytes]) -> None:
    other = SIGNATURES.replace("Signatures", "Others")
    replacing(OFD, SIGNATURES, other)(files)
    files[other] = files.pop(SIGNATURES)


def misused() -> Mapping[str, Attack]:
    """Return what our own key could be made to sign, and this service never does."""
    ours, stranger = our_keys(), a_stranger_with_seal()
    short = (FROM, FROM + 30 * DAY)
    return {
        "annotation": resealed(ours, naming("Annotations", "Doc_0/Annotations.xml")),
        "attachment": resealed(ours, naming("Attachments", "Doc_0/Attachments.xml")),
        "second_page": resealed(ours, second_page),
        "action": resealed(ours, replacing(PAGE, "</ofd:Layer>", "<ofd:Actions/></ofd:Layer>")),
        "unused_file": resealed(ours, adding("Doc_0/Res/extra.bin", b"x")),
        "other_prefix": resealed(
            ours, replacing(PAGE, "<ofd:Content>", '<x:Annot xmlns:x="y"/><ofd:Content>')
        ),
        "list_elsewhere": resealed(ours, _move_list),
        "other_place": resealed(ours, place="/Doc_1/Signs/Sign_0/Signature.xml"),
        "expired_seal": resealed(ours, seal=a_seal(ours, valid=short)),
        "before_validity": resealed(ours, at=FROM - DAY),
        "after_validity": resealed(ours, at=TO + DAY),
        "strangers_seal": resealed(ours, seal=stranger.seal),
        "foreign_maker": resealed(ours, seal=a_seal(stranger, certificates=[ours.certificate])),
        "seal_without_signer": resealed(ours, seal=a_seal(ours, certificates=[stranger.certificate])),
    }


def foreign() -> Mapping[str, Attack]:
    """Return the same page sealed by somebody else, with as much of ours as anybody can copy."""
    ours, stranger = our_keys(), a_stranger_with_seal()
    return {
        "strangers_seal": resealed(stranger),
        "our_seal_borrowed": resealed(stranger, seal=ours.seal),
        "our_seal_edited": resealed(stranger, seal=ours.seal[:-1] + bytes([ours.seal[-1] ^ 1])),
        "our_seal_file_borrowed": resealed(stranger, adding(SEAL, ours.seal)),
        "strangers_seal_page_edited": edited_after(resealed(stranger), replacing(PAGE, "张", "李")),
        "signer_added_to_a_copy_of_our_seal": resealed(
            stranger, seal=a_seal(stranger, certificates=[ours.certificate, stranger.certificate])
        ),
        "our_certificate_borrowed": resealed(stranger, certificate=ours.certificate),
        "everything_borrowed": resealed(stranger, seal=ours.seal, certificate=ours.certificate),
    }


def edited_after(first: Attack, *changes: Change) -> Attack:
    """Make one attack and edit its outcome."""
    return lambda sealed: edited(*changes)(first(sealed))
