"""Signed notes and checkpoints from strangers: read strictly, believed only by a key that is trusted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certsvc.translog.checkpoint import open_checkpoint, origin_of, read_checkpoint
from certsvc.translog.fault import LogFaultError
from certsvc.translog.note import NoteKey, read_note, sign_note
from tests.translog.trees import KEY, ORIGIN, PRIVATE, Shown, leaves_of

NOTE = Shown(leaves_of(5)).note()
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32))


def test_checkpoint_by_the_log_is_opened() -> None:
    """Origin, size and root stand in it, and the key is told."""
    found = open_checkpoint(NOTE, [KEY])

    assert (found.checkpoint.origin, found.checkpoint.size, found.key) == (ORIGIN, 5, KEY)
    assert str(found.note).encode() == NOTE


def test_signatures_of_others_are_passed_over() -> None:
    """A witness adds its line; whoever does not know it reads on."""
    note = read_note(NOTE)
    stranger = NoteKey(name="witness.example", public=STRANGER.public_key().public_bytes_raw())
    more = note.with_signature(sign_note(note.text, stranger, STRANGER.sign))

    assert open_checkpoint(str(more).encode(), [KEY]).checkpoint.size == 5
    assert more.check(stranger) is None


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "size": lambda note: note.replace(b"\n5\n", b"\n6\n"),
    "origin": lambda note: note.replace(b"test\n5", b"best\n5"),
    "no_signature": lambda note: note[: note.index(b"\n\n") + 2],
    "cut": lambda note: note[:-1],
    "no_blank_line": lambda note: note.replace(b"\n\n", b"\n"),
    "not_utf8": lambda note: b"\xff" + note,
    "control": lambda note: note.replace(b"\n5\n", b"\n5\r\n"),
    "padding": lambda note: note[:-2] + b"\n",
    "bits": lambda note: note.replace(note[-12:-8], b"AAAA"),
    "another_name": lambda note: note.replace(b"\xe2\x80\x94 log.", b"\xe2\x80\x94 lag."),
    "large": lambda note: b"x" * 70_000 + note,
    "hyphen": lambda note: note.replace("—".encode(), b"-"),
    "empty": lambda note: b"",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_checkpoint_is_refused(damage: str) -> None:
    """Whatever arrives ends as a sentence, never as another exception."""
    with pytest.raises(LogFaultError):
        open_checkpoint(DAMAGES[damage](NOTE), [KEY])


def test_checkpoint_by_another_key_is_refused() -> None:
    """The name alone says nothing."""
    forged = Shown(leaves_of(5)).note(private=STRANGER)

    with pytest.raises(LogFaultError, match="no key that is trusted"):
        open_checkpoint(forged, [KEY])


def test_signature_under_a_trusted_id_that_does_not_hold_condemns_the_note() -> None:
    """C2SP: a note with a false signature by a known key is refused, even beside a good one."""
    note = read_note(NOTE)
    other = NoteKey(name=ORIGIN, public=STRANGER.public_key().public_bytes_raw())
    false = sign_note("something else\n", other, STRANGER.sign)

    with pytest.raises(LogFaultError, match="does not hold"):
        open_checkpoint(str(note.with_signature(false)).encode(), [KEY, other])


def test_checkpoint_of_another_log_is_refused() -> None:
    """One key may sign for one log alone."""
    text = "other.example/log\n5\n" + NOTE.decode().split("\n")[2] + "\n"
    note = f"{text}\n{sign_note(text, KEY, PRIVATE.sign)}\n"

    with pytest.raises(LogFaultError, match="another log"):
        open_checkpoint(note.encode(), [KEY])


@pytest.mark.parametrize(
    "text", ["a\n5\n", "a\n05\nAAAA\n", "a\n-1\nAAAA\n", "a\n5\nAAAA\n", "a\n\n5\nAAAA\n", "a\n5\n!\n"]
)
def test_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    """Each line has one spelling."""
    with pytest.raises(LogFaultError):
        read_checkpoint(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u3000b"])
def test_name_of_a_key_is_one_word(name: str) -> None:
    """It stands between blanks, and before a plus sign."""
    with pytest.raises(LogFaultError):
        NoteKey(name=name, public=KEY.public)


def test_log_is_named_after_its_address() -> None:
    """C2SP: the address without its scheme."""
    assert origin_of("https://verify.example.cn/") == "verify.example.cn/.well-known/certsvc/log"
