"""Attacks on the files inside a sealed OFD and on its signature; others are in ofd_zip_ and ofd_key_attacks.

Each builder is given a genuine file and answers with a forged one. What the checker has to say of each stands
in test_ofd_attacks.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Final

from certsvc.gm import der
from certsvc.gm.certificate import SM2_WITH_SM3
from certsvc.gm.seal_signature import read_seal_signature
from certsvc.gm.sm3 import sm3
from certsvc.ofd.container import write_container
from certsvc.ofd.names import DOCUMENT, OFD, PAGE, SEAL, SIGNATURE, SIGNATURES, SIGNED_VALUE, TEMPLATE
from certsvc.ofd.parts import make_part
from certsvc.ofd.read_container import read_container
from tests.sealing.ofd_samples import FONT, a_stranger_with_seal

Attack = Callable[[bytes], bytes]
Change = Callable[[dict[str, bytes]], None]
_SEALING: Final = (SIGNATURES, SIGNATURE, SEAL, SIGNED_VALUE)


def packed(files: Mapping[str, bytes]) -> bytes:
    """Lay files down as our own writer does: a forger can do that as well."""
    return write_container([make_part(name, content) for name, content in files.items()])


def edited(*changes: Change) -> Attack:
    """Unpack, change the files, pack again; digests and signature stay as they were."""

    def attack(sealed: bytes) -> bytes:
        files = dict(read_container(sealed))
        for change in changes:
            change(files)
        return packed(files)

    return attack


def with_references(signature: bytes, listed: Mapping[str, bytes]) -> bytes:
    """Write the list of a Signature.xml anew."""
    lines = "".join(
        f'<ofd:Reference FileRef="/{name}"><ofd:CheckValue>{b64encode(sm3(content)).decode()}'
        "</ofd:CheckValue></ofd:Reference>"
        for name, content in listed.items()
    )
    within = re.compile(rb"(<ofd:References[^>]*>).*(</ofd:References>)", re.DOTALL)
    return within.sub(lambda found: found[1] + lines.encode() + found[2], signature)


def replacing(name: str, old: str, new: str) -> Change:
    """Write another word in one part."""

    def change(files: dict[str, bytes]) -> None:
        assert old.encode() in files[name]
        files[name] = files[name].replace(old.encode(), new.encode(), 1)

    return change


def adding(name: str, content: bytes) -> Change:
    """Put one more part in."""
    return lambda files: files.update({name: content})


def dropping(*names: str) -> Change:
    """Take parts out."""

    def change(files: dict[str, bytes]) -> None:
        for name in names:
            del files[name]

    return change


def flipping(name: str, back: int) -> Change:
    """Change one bit, *back* bytes before the end of a part."""

    def change(files: dict[str, bytes]) -> None:
        content = bytearray(files[name])
        content[-back] ^= 1
        files[name] = bytes(content)

    return change


def naming(element: str, name: str) -> Change:
    """Let Document.xml name a part of another kind, and put it in."""

    def change(files: dict[str, bytes]) -> None:
        named = f"<ofd:{element}>{element}.xml</ofd:{element}></ofd:Document>"
        files[DOCUMENT] = files[DOCUMENT].replace(b"</ofd:Document>", named.encode())
        files[name] = f'<ofd:{element} xmlns:ofd="http://www.ofdspec.org/2016"/>'.encode()

    return change


def _copy_document(files: dict[str, bytes]) -> None:
    for name in [name for name in files if name.startswith("Doc_0/") and name not in _SEALING]:
        files[name.replace("Doc_0", "Doc_1")] = files[name].replace("张".encode(), "李".encode())


def _second_body(files: dict[str, bytes]) -> None:
    body = re.search(rb"<ofd:DocBody>.*</ofd:DocBody>", files[OFD], re.DOTALL)
    assert body is not None
    files[OFD] = files[OFD].replace(body[0], body[0] + body[0].replace(b"Doc_0/D", b"Doc_1/D"))


def second_page(files: dict[str, bytes]) -> None:
    """Put a second page in and name it."""
    page = '<ofd:Page ID="31" BaseLoc="Pages/Page_1/Content.xml"/></ofd:Pages>'
    replacing(DOCUMENT, "</ofd:Pages>", page)(files)
    files["Doc_0/Pages/Page_1/Content.xml"] = files[PAGE]


def _unname_signatures(files: dict[str, bytes]) -> None:
    files[OFD] = re.sub(rb"<ofd:Signatures>.*</ofd:Signatures>", b"", files[OFD])


def _second_signature(files: dict[str, bytes]) -> None:
    other = SIGNATURE.replace("Sign_0", "Sign_1")
    entry = f'<ofd:Signature ID="2" Type="Seal" BaseLoc="/{other}"/></ofd:Signatures>'
    replacing(SIGNATURES, "</ofd:Signatures>", entry)(files)
    files[other] = files[SIGNATURE]


def _unlist_page(files: dict[str, bytes]) -> None:
    line = re.compile(rb'<ofd:Reference FileRef="/%s">.*?</ofd:Reference>' % PAGE.encode())
    assert line.search(files[SIGNATURE])
    files[SIGNATURE] = line.sub(b"", files[SIGNATURE])


def _list_twice(files: dict[str, bytes]) -> None:
    line = re.search(rb"<ofd:Reference .*?</ofd:Reference>", files[SIGNATURE])
    assert line is not None
    files[SIGNATURE] = files[SIGNATURE].replace(line[0], line[0] + line[0])


def _other_place(files: dict[str, bytes]) -> None:
    """Change propertyInfo inside what was signed."""
    assert files[SIGNED_VALUE].count(b"/Sign_0/Signature.xml") == 1
    files[SIGNED_VALUE] = files[SIGNED_VALUE].replace(b"/Sign_0/Signature.xml", b"/Sign_1/Signature.xml")


def _borrow_seal(files: dict[str, bytes]) -> None:
    files[SEAL] = a_stranger_with_seal().seal


def _borrow_certificate(files: dict[str, bytes]) -> None:
    """Name another signer: the certificate stands outside of what is signed."""
    value = read_seal_signature(files[SIGNED_VALUE])
    files[SIGNED_VALUE] = der.sequence(
        value.signed,
        der.octet_string(a_stranger_with_seal().certificate),
        SM2_WITH_SM3,
        der.bit_string(value.signature),
    )


def _stamp_time(files: dict[str, bytes]) -> None:
    """Add a time stamp: its place is not covered by the signature."""
    value = der.Reader(files[SIGNED_VALUE]).content(der.SEQUENCE)
    files[SIGNED_VALUE] = der.sequence(value, der.element(0xA0, der.bit_string(b"a time stamp")))


def _move_signature(files: dict[str, bytes]) -> None:
    """Sign nothing, but carry over what a genuine file was signed with."""
    replacing(PAGE, "张", "李")(files)
    files[SIGNATURE] = with_references(
        files[SIGNATURE], {name: files[name] for name in files if name not in (SIGNATURE, SIGNED_VALUE)}
    )


EDITED: Final[Mapping[str, Attack]] = {
    "doc_root_swapped": edited(_copy_document, replacing(OFD, "<ofd:DocRoot>Doc_0", "<ofd:DocRoot>Doc_1")),
    "second_document": edited(_copy_document, _second_body),
    "template_edited": edited(replacing(TEMPLATE, "M 0 0", "M 9 9")),
    "page_edited": edited(replacing(PAGE, "张", "李")),
    "font_swapped": edited(adding(FONT, b"\0\1\0\0another font")),
    "title_edited": edited(replacing(OFD, "样本", "正本")),
    "extra_file": edited(adding("Doc_0/Res/extra.bin", b"x")),
    "extra_folder_file": edited(adding("META-INF/MANIFEST.MF", b"x")),
    "part_dropped": edited(dropping(FONT)),
    "page_added": edited(second_page),
    "annotation_added": edited(naming("Annotations", "Doc_0/Annotations.xml")),
    "attachment_added": edited(naming("Attachments", "Doc_0/Attachments.xml")),
    "tags_added": edited(naming("CustomTags", "Doc_0/CustomTags.xml")),
    "files_in_another_order": edited(lambda files: files.update({PAGE: files.pop(PAGE)})),
    "doctype": edited(replacing(OFD, "<ofd:OFD ", '<!DOCTYPE x [<!ENTITY e "e">]><ofd:OFD ')),
}
"""A genuine file with something else in it, and the signature as it was."""

SIGNED: Final[Mapping[str, Attack]] = {
    "stripped": edited(_unname_signatures, dropping(*_SEALING)),
    "unnamed": edited(_unname_signatures),
    "value_dropped": edited(dropping(SIGNED_VALUE)),
    "signature_dropped": edited(dropping(SIGNATURE)),
    "value_cut": edited(lambda files: files.update({SIGNED_VALUE: files[SIGNED_VALUE][:-9]})),
    "signature_bit": edited(flipping(SIGNED_VALUE, 5)),
    "signed_bit": edited(_other_place),
    "seal_file_edited": edited(flipping(SEAL, 5)),
    "seal_file_replaced": edited(_borrow_seal),
    "time_stamp_added": edited(_stamp_time),
    "certificate_replaced": edited(_borrow_certificate),
    "second_signature": edited(_second_signature),
    "list_shortened": edited(_unlist_page),
    "list_shortened_page_edited": edited(_unlist_page, replacing(PAGE, "张", "李")),
    "listed_twice": edited(_list_twice),
    "check_method_changed": edited(replacing(SIGNATURE, "1.2.156.10197.1.401", "1.2.840.113549.2.5")),
    "signature_method_changed": edited(replacing(SIGNATURE, "10197.1.501", "10197.1.500")),
    "references_rewritten": edited(_move_signature),
}
"""The seal itself taken out, damaged or rewritten."""
