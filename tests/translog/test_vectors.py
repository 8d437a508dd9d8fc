"""Hashes, proofs and notes that others published: ours are the same.

Trees: the reference vectors of transparency-dev/merkle (testonly), once those of the first Certificate
Transparency log. Notes: the example of golang.org/x/mod/sumdb/note and the one of C2SP signed-note.
"""

from __future__ import annotations

from typing import Final

import pytest

from certsvc.translog.fault import LogFaultError
from certsvc.translog.hashing import EMPTY_ROOT, leaf_hash, node_hash, root_of
from certsvc.translog.note import NoteKey, cosign, read_key, read_note
from certsvc.translog.proofs import check_consistency, check_inclusion
from certsvc.translog.tiles import Tile, TiledTree, place_text, read_place
from tests.translog.trees import PRIVATE, Shown, tiles_of

LEAVES: Final = [
    leaf_hash(bytes.fromhex(one)) for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")
] + [leaf_hash(bytes(range(0x60, 0x70)))]
ROOTS: Final = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
CONSISTENCY: Final = {
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
    (6, 7): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
}
PETER: Final = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE: Final = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
    "KE6RyyBwJnAM=\n"
)
FOO: Final = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_NOTE: Final = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1"
    "Yu72IneyaQM=\n"
)


@pytest.mark.parametrize("size", range(9))
def test_root_is_the_published_one(size: int) -> None:
    """A tree of another shape would be another log to everybody else."""
    assert root_of(LEAVES[:size]).hex() == ROOTS[size]
    assert TiledTree(size, Shown(LEAVES[:size]).fetch).root().hex() == ROOTS[size]


def test_empty_tree_has_the_hash_of_nothing() -> None:
    """RFC 9162, 2.1.1."""
    assert EMPTY_ROOT.hex() == ROOTS[0]


@pytest.mark.parametrize(("before", "size"), CONSISTENCY)
def test_consistency_proof_is_the_published_one(before: int, size: int) -> None:
    """Programs of others make and read the same proofs."""
    proof = [bytes.fromhex(one) for one in CONSISTENCY[before, size]]

    assert TiledTree(size, Shown(LEAVES[:size]).fetch).consistency(before) == proof
    check_consistency(before, size, proof, bytes.fromhex(ROOTS[before]), bytes.fromhex(ROOTS[size]))


def test_proofs_of_the_example_in_rfc_9162() -> None:
    """Section 2.1.5 draws a tree of seven leaves and names the proofs in it."""
    a, b, c, d, e, f, j = LEAVES[:7]
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, ell = node_hash(g, h), node_hash(i, j)
    tree = TiledTree(7, Shown(LEAVES[:7]).fetch)

    assert [tree.inclusion(place) for place in (0, 3, 4, 6)] == [[b, h, ell], [c, g, ell], [f, j, k], [i, k]]
    assert [tree.consistency(before) for before in (3, 4, 6)] == [[c, d, g, ell], [ell], [i, j, k]]
    check_inclusion(d, 3, 7, [c, g, ell], tree.root())


@pytest.mark.parametrize(("key", "note"), [(PETER, GO_NOTE), (FOO, C2SP_NOTE)])
def test_note_of_others_is_read(key: str, note: str) -> None:
    """Go's checksum database and C2SP's own example use the same notes."""
    read = read_note(note.encode())

    assert read.check(read_key(key)) is None
    assert str(read) == note
    assert str(read_key(key)) == key


@pytest.mark.parametrize("place", range(len(PETER)))
def test_key_with_one_character_changed_is_no_key(place: int) -> None:
    """The id in the text covers name and key."""
    changed = f"{PETER[:place]}{chr(ord(PETER[place]) ^ 1)}{PETER[place + 1 :]}"

    with pytest.raises(LogFaultError):
        read_key(changed)


def test_cosignature_signs_what_c2sp_says() -> None:
    """Two lines before the checkpoint: the kind of statement and the instant; eight bytes of it are shown."""
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    key = NoteKey(name="w.example/1", public=PRIVATE.public_key().public_bytes_raw(), kind=4)

    made = cosign(text, key, PRIVATE.sign, at=1679315147)

    message = f"cosignature/v1\ntime 1679315147\n{text}".encode()
    assert made.content == (1679315147).to_bytes(8, "big") + PRIVATE.sign(message)
    assert read_note(f"{text}\n{made}\n".encode()).check(key) == 1679315147


def test_tiles_are_cut_and_named_as_c2sp_says() -> None:
    """The examples of tlog-tiles: a tree of 70,000 leaves; one of 256; number 1234067."""
    partial = [(one.level, one.width) for one in tiles_of(70_000) if one.width < 256]
    full = [one.level for one in tiles_of(70_000) if one.width == 256]

    assert (full.count(0), full.count(1), len(full)) == (273, 1, 274)
    assert partial == [(0, 112), (1, 17), (2, 1)]
    assert list(tiles_of(256)) == [Tile(level=0, number=0), Tile(level=1, number=0, width=1)]
    assert place_text(1234067) == "x001/x234/067"
    assert Tile(level=2, number=5, width=17).path == "2/005.p/17"


@pytest.mark.parametrize(
    "text",
    ["", "0", "1000", "x001", "001/234", "x000/001", "001.p/0", "001.p/256", "001.p/01", "００1"],
)
def test_address_in_another_spelling_names_no_tile(text: str) -> None:
    """One tile has one address: whoever caches by address must not keep two."""
    assert read_place(text) is None
