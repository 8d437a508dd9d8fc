from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsvc.gm.seal import Picture, make_seal, maker_signed, read_seal
from tests.gm import ses
from tests.gm.parties import (
    MAKER,
    MAKER_KEY,
    NOW,
    PICTURE,
    ROOT,
    SEAL,
    SIGNER,
    SIGNER_KEY,
    STRANGER_KEY,
    YEAR,
    a_root,
    a_seal,
)

SM2_WITH_SM3 = "1.2.156.10197.1.501"


def changed(*edits: tuple[str, object]) -> bytes:
    """Return SEAL with parts changed, each named by its path, and the maker's signature left as it was."""
    seal = ses.Seal.load(SEAL, strict=True)
    for path, value in edits:
        *way, last = path.split("/")
        part = seal
        for step in way:
            part = part[step]
        part[last] = value
    content: bytes = seal.dump(force=True)
    return content


def test_everything_made_is_read_back() -> None:
    """What readers show and checkers compare."""
    seal = read_seal(SEAL)

    assert seal.der == SEAL
    assert seal.vendor == "certsvc"
    assert seal.seal_id == "33000000000001"
    assert seal.name == "示例省住房和城乡建设厅（测试）"
    assert (seal.certificates, seal.digests) == ((SIGNER,), ())
    assert (seal.created_at, seal.valid_from, seal.valid_to) == (NOW, NOW, NOW + YEAR)
    assert seal.picture == PICTURE
    assert seal.maker == MAKER
    assert maker_signed(seal)


def test_several_signers_may_use_one_seal() -> None:
    """A new key is listed beside the old one."""
    assert read_seal(a_seal(certificates=(SIGNER, ROOT))).certificates == (SIGNER, ROOT)


def test_another_library_reads_it_by_the_standard() -> None:
    """Types written down from the standard, in an encoder that is not ours, give the same bytes."""
    seal = ses.Seal.load(SEAL, strict=True)
    info = seal["info"]

    assert info["header"].native == {"mark": "ES", "version": 4, "vendor": "certsvc"}
    assert info["property"]["type"].native == 1
    assert info["property"]["list_type"].native == 1
    assert info["property"]["list"].parse(ses.Certificates).native == [SIGNER]
    assert info["property"]["end"].native == NOW + YEAR
    assert info["picture"].native == {"type": "png", "data": PICTURE.content, "width": 40, "height": 42}
    assert seal["algorithm"].dotted == SM2_WITH_SM3
    assert seal["maker"].native == MAKER
    assert info.dump(force=True) == read_seal(SEAL).info
    assert changed() == SEAL


def test_maker_signs_the_information_alone() -> None:
    """Version 1 signed more; a reader of version 4 looks at exactly this."""
    seal = read_seal(SEAL)

    assert MAKER_KEY.public.verify(seal.info, seal.signature)
    assert SEAL.startswith(seal.info, 4)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("info/property/name", "别省住房和城乡建设厅（测试）"),
        ("info/property/list", ses.Certificates([a_root(STRANGER_KEY)])),
        ("info/property/end", NOW + 9 * YEAR),
        ("info/picture/data", b"\x89PNG another"),
        ("maker", a_root(STRANGER_KEY)),
        ("maker", b"no certificate"),
    ],
    ids=["name", "signers", "validity", "picture", "maker", "no maker"],
)
def test_changed_seal_is_not_the_makers(path: str, value: object) -> None:
    """Name, signers, picture and validity are what a forger would change."""
    assert not maker_signed(read_seal(changed((path, value))))


DIGESTS = ses.CertificateDigests(
    [{"type": "1.2.156.10197.1.401", "value": b"d" * 32}, {"type": "SM3", "value": b"e" * 32}]
)


def test_seals_that_list_digests_are_read() -> None:
    """Other makers list digests (certListType 2); such a seal is another's, not broken."""
    seal = read_seal(changed(("info/property/list_type", 2), ("info/property/list", DIGESTS)))

    assert (seal.certificates, seal.digests) == ((), (b"d" * 32, b"e" * 32))


def test_seals_with_extensions_or_another_picture_are_read() -> None:
    """Another maker's habits must not make a seal unreadable."""
    extensions = ses.Extensions([{"id": "1.2.3", "critical": False, "value": b"x"}])
    content = changed(("info/extensions", extensions), ("info/picture/type", "ofd"))

    assert read_seal(content).picture.kind == "ofd"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("info/header/version", 1),
        ("info/header/version", 5),
        ("info/header/mark", "SE"),
        ("info/property/list_type", 2),
        ("info/property/list_type", 3),
        ("info/property/list", DIGESTS),
        ("info/picture/width", 0),
        ("info/picture/height", 10**4000),
        ("algorithm", "1.2.840.10045.4.3.2"),
    ],
    ids=[
        "version 1",
        "version 5",
        "mark",
        "list type",
        "unknown list type",
        "list",
        "width",
        "height",
        "algorithm",
    ],
)
def test_seals_of_other_versions_and_broken_ones_are_refused(path: str, value: object) -> None:
    """One documented error, and nothing half read."""
    with pytest.raises(ValueError, match=r"."):
        read_seal(changed((path, value)))


@pytest.mark.parametrize("content", [b"", b"\x30\x00", SEAL + b"\x00", SEAL[:-1], SIGNER, b"\x00" + SEAL])
def test_other_bytes_are_refused(content: bytes) -> None:
    """Bytes before or after a seal are part of no signature."""
    with pytest.raises(ValueError, match=r"."):
        read_seal(content)


@given(st.data())
def test_any_edit_is_refused_or_breaks_the_makers_signature(data: st.DataObject) -> None:
    """Whatever a stranger does to the bytes ends in ValueError or in a seal that its maker did not sign."""
    content = bytearray(SEAL)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))

    try:
        seal = read_seal(bytes(content))
    except ValueError:
        return
    assert seal.der == content
    assert content == SEAL or seal.maker != MAKER or not maker_signed(seal)


def test_nothing_is_made_that_could_not_be_used() -> None:
    """Better no seal than one that every reader refuses."""

    def make(
        *,
        certificates: tuple[bytes, ...] = (SIGNER,),
        valid_for: timedelta = YEAR,
        maker: bytes = MAKER,
        seal_id: str = "1",
    ) -> bytes:
        return make_seal(
            seal_id=seal_id,
            name="测试",
            certificates=certificates,
            created_at=NOW,
            valid_from=NOW,
            valid_to=NOW + valid_for,
            picture=PICTURE,
            maker=maker,
            key=MAKER_KEY,
        )

    assert maker_signed(read_seal(make()))
    with pytest.raises(ValueError, match="nobody"):
        make(certificates=())
    with pytest.raises(ValueError, match="never"):
        make(valid_for=timedelta(0))
    with pytest.raises(ValueError, match="maker"):
        make(maker=SIGNER)
    with pytest.raises(ValueError, match="ascii"):
        make(seal_id="印章一号")
    for width_mm, height_mm in ((0, 40), (40, 0), (40, 1001), (-1, 40)):
        with pytest.raises(ValueError, match="picture"):
            Picture(content=b"", width_mm=width_mm, height_mm=height_mm)


def test_signer_is_not_the_maker() -> None:
    """With one key for both, whoever seals could make seals."""
    assert read_seal(SEAL).maker != SIGNER
    assert not SIGNER_KEY.public.verify(read_seal(SEAL).info, read_seal(SEAL).signature)
