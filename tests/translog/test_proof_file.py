"""The proof file: checked by itself, against the log's key alone."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable

import pytest

from certsvc.domain.log_facts import Opening
from certsvc.translog.fault import LogFaultError
from certsvc.translog.hashing import leaf_hash
from certsvc.translog.proof_file import ProofFile, read_proof
from certsvc.translog.tiles import TiledTree
from tests.translog.trees import KEY, Shown, leaves_of

OPENING = Opening(salt=bytes(range(32)), facts={"kind": "endorse", "licence_id": "1.2.3", "version": 1})
PLACE = 5


def _proof() -> ProofFile:
    leaves = leaves_of(300)
    leaves[PLACE] = leaf_hash(OPENING.commitment)
    shown = Shown(leaves)
    proof = TiledTree(300, shown.fetch).inclusion(PLACE)
    return ProofFile(opening=OPENING, place=PLACE, proof=tuple(proof), note=shown.note().decode())


TEXT = str(_proof())


def _extra(change: Callable[[dict[str, object]], object]) -> str:
    head, extra, rest = TEXT.split("\n", 2)
    said = json.loads(b64decode(extra.removeprefix("extra ")))
    change(said)
    return f"{head}\nextra {b64encode(json.dumps(said).encode()).decode()}\n{rest}"


def test_proof_holds_and_comes_back_as_it_was() -> None:
    """What is written is what is read."""
    found = read_proof(TEXT.encode())

    assert found == _proof()
    assert found.check([KEY]).checkpoint.size == 300
    assert str(found) == TEXT


def test_file_is_a_c2sp_proof() -> None:
    """Line by line as tlog-proof says, the checkpoint word for word behind the blank line."""
    lines = TEXT.split("\n")

    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ")
    assert lines[2] == f"index {PLACE}"
    assert all(len(b64decode(line)) == 32 for line in lines[3 : lines.index("")])
    assert TEXT.split("\n\n", 1)[1] == _proof().note


DAMAGES = {
    "place": TEXT.replace(f"index {PLACE}\n", "index 6\n"),
    "place_spelled_otherwise": TEXT.replace(f"index {PLACE}\n", f"index 0{PLACE}\n"),
    "cut": TEXT.replace(TEXT.split("\n")[4] + "\n", ""),
    "size": TEXT.replace("\n300\n", "\n301\n"),
    "no_extra": TEXT.replace(TEXT.split("\n")[1] + "\n", ""),
    "head": TEXT.replace("@v1", "@v2"),
    "salt": _extra(lambda said: said.update(salt="00" * 32)),
    "short_salt": _extra(lambda said: said.update(salt="00")),
    "facts": _extra(lambda said: said.update(facts={**OPENING.facts, "version": 2})),
    "facts_nested": _extra(lambda said: said.update(facts={"kind": []})),
    "facts_true": _extra(lambda said: said.update(facts={"kind": True})),
    "facts_a_list": _extra(lambda said: said.update(facts=[])),
    "another_format": _extra(lambda said: said.update(format=2)),
    "more": _extra(lambda said: said.update(more=1)),
    "no_note": TEXT.split("\n\n")[0],
    "empty": "",
    "large": TEXT + "x" * 200_000,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_proof_is_refused(damage: str) -> None:
    """Each part is bound to the others, and to the log's signature."""
    assert DAMAGES[damage] != TEXT
    with pytest.raises(LogFaultError):
        read_proof(DAMAGES[damage].encode()).check([KEY])


def test_proof_without_the_logs_key_says_nothing() -> None:
    """The file names no key that could be believed."""
    with pytest.raises(LogFaultError):
        read_proof(TEXT.encode()).check([])
