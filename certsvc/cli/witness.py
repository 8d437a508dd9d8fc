"""``witness``: watches the transparency log of a service; runs anywhere, without settings or database."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from certsvc.cli.exits import Exit
from certsvc.cli.log import log_keys
from certsvc.cli.show import as_json, print_json, safe_text, write_out
from certsvc.cli.trust import trust_key
from certsvc.cli.verify_offline import OfflineTrust, open_bundle

if TYPE_CHECKING:
    import httpx

    from certsvc.translog.note import NoteKey
    from certsvc.translog.tiles import Tile
    from certsvc.translog.witness import Look, Memory

_TIMEOUT_S: Final = 10.0
_DOCUMENT_S: Final = 300.0
"""Seconds for one document, however steadily it drips: a witness that waits for ever raises no alarm."""
_EVERY_S: Final = 60
_WHOLE_EVERY_S: Final = 3600.0
_LARGEST_BUNDLE: Final = 64 * 1024 * 1024


@click.command("witness")
@click.option("--url", required=True, metavar="URL", help="Scheme, host and port of the service.")
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="File in which the last checkpoint is remembered; keep it where the issuer cannot reach it.",
)
@click.option(
    "--trust",
    "bundle",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Trust bundle with the log's keys. Without it the first look takes those the service names.",
)
@trust_key
@click.option("--once", is_flag=True, help="Look once and end; else look again and again.")
@click.option(
    "--every", type=click.IntRange(1, 86400), default=_EVERY_S, show_default=True, metavar="SECONDS"
)
@click.option(
    "--cosign-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Ed25519 private key (PEM) of this witness, to sign what it found good.",
)
@click.option("--name", metavar="NAME", help="Name of this witness in its signature, e.g. a.example/w.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="File for the signed checkpoint."
)
@as_json
def witness(
    url: str,
    state: Path,
    bundle: Path | None,
    trust_key: str | None,
    once: bool,
    every: int,
    cosign_key: Path | None,
    name: str | None,
    out: Path | None,
    json_: bool,
) -> None:
    """Hold a log to what it signed before: nothing rolled back, forked, altered, removed or moved.

    Each look fetches the newest checkpoint, demands that its tree begins with the one remembered, and, at
    the first look, with --once and every hour, fetches every leaf hash and recomputes the root. Ends with 1
    when the log broke its promise (both signed checkpoints are kept beside the state file as evidence), with
    3 when it could not be told; without --once it goes on after a look that could not be told.
    """
    from certsvc.qr.payload import is_public_url

    if len({cosign_key is None, name is None, out is None}) > 1:
        raise click.UsageError("--cosign-key, --name and --out belong together")
    if not is_public_url(url.rstrip("/")):
        raise click.UsageError("--url is scheme, host and port, e.g. https://verify.example.cn")
    keys = log_keys(open_bundle(OfflineTrust(bundle=bundle, key=trust_key))) if bundle is not None else ()
    watch = _Watch(url.rstrip("/"), state, keys, trust_key)
    last_whole: float | None = None
    while True:
        now = time.monotonic()
        whole = once or last_whole is None or now - last_whole >= _WHOLE_EVERY_S
        end, found = watch.look(whole=whole, json_=json_)
        if found is not None and whole:
            last_whole = now
        if found is not None and cosign_key is not None and name is not None and out is not None:
            _cosign(found, cosign_key, name, out)
        if once or end is Exit.REFUSED:
            click.get_current_context().exit(end)
        time.sleep(every)


class _Watch:
    """One log and what is remembered of it."""

    def __init__(self, url: str, state: Path, keys: Sequence[NoteKey], trust_key: str | None) -> None:
        self._url = url
        self._state = state
        self._keys = tuple(keys)
        self._trust_key = trust_key

    def look(self, *, whole: bool, json_: bool) -> tuple[Exit, Look | None]:
        """Look once, print what was found and remember it; returns how a single look ends."""
        import httpx

        from certsvc.client.bounded import bounded
        from certsvc.translog.checkpoint import PATH
        from certsvc.translog.fault import BrokenPromiseError, LogFaultError, StrangeKeyError
        from certsvc.translog.note import LARGEST
        from certsvc.translog.witness import Memory, look

        note = b""
        memory: Memory | None = None
        try:
            with bounded(httpx.Client(base_url=self._url, timeout=_TIMEOUT_S, trust_env=False)) as http:

                def fetch(tile: Tile) -> bytes:
                    return _get(http, f"{PATH}/tile/{tile.path}", tile.width * 32)

                memory = self._memory()
                keys = self._keys or (memory.keys if memory is not None else self._first_keys(http))
                note = _get(http, f"{PATH}/checkpoint", LARGEST)
                found = look(note, memory, keys, fetch, whole=whole)
        except BrokenPromiseError as fault:
            self._keep_evidence(note, memory)
            _tell(json_, "BROKEN", str(fault))
            return Exit.REFUSED, None
        except StrangeKeyError as fault:
            _tell(json_, "CANNOT_TELL", f"{fault}; {self._how_to_go_on(note)}")
            return Exit.CANNOT_TELL, None
        except LogFaultError as fault:
            _tell(json_, "CANNOT_TELL", str(fault))
            return Exit.CANNOT_TELL, None
        except (httpx.HTTPError, OSError) as fault:
            _tell(json_, "CANNOT_TELL", f"the log cannot be read: {type(fault).__name__}: {fault}")
            return Exit.CANNOT_TELL, None
        kept = Memory(note=str(found.signed.note), keys=tuple(keys))
        write_out(self._state.parent, self._state.name, str(kept).encode())
        now, before = found.signed.checkpoint, found.before
        added = now.size - (before.size if before is not None else 0)
        how = "every leaf recomputed" if found.whole else "by a consistency proof"
        _tell(json_, "GOOD", f"{now.size} leaves, {added} new, {how}", size=now.size, root=now.root.hex())
        return Exit.OK, found

    def _memory(self) -> Memory | None:
        from certsvc.translog.witness import read_memory

        return read_memory(self._state.read_bytes()) if self._state.exists() else None

    def _first_keys(self, http: httpx.Client) -> tuple[NoteKey, ...]:
        """Take the keys the service names; whoever wants to be sure gives --trust or --trust-key."""
        from certsvc.translog.fault import LogFaultError
        from certsvc.verification.trust_bundle import BundleError, read_bundle

        content = _get(http, "/.well-known/certsvc/bundle.json", _LARGEST_BUNDLE)
        try:
            found = read_bundle(content, trust_key=self._trust_key)
        except BundleError as fault:
            raise LogFaultError(f"the service's trust bundle: {fault}") from fault
        return log_keys(found)

    def _how_to_go_on(self, note: bytes) -> str:
        """Say what somebody does who finds that the log is signed by another key than those remembered.

        Only he can: whoever stole the old key could vouch with it for a next one of his own.
        """
        from certsvc.translog.fault import LogFaultError
        from certsvc.translog.note import read_note

        try:
            signers = ", ".join(f"{one.name}+{one.key_id.hex()}" for one in read_note(note).signatures)
        except LogFaultError:
            signers = "nobody"
        bundle = f"{self._url}/.well-known/certsvc/bundle.json"
        again = f"certsvc witness --url {self._url} --state {self._state} --once --trust bundle.json"
        return (
            f"the log is signed by {signers}. If its key was rotated: ask the operator, by another way than "
            f"this address, whether that key is his (certsvc log checkpoint --json names it); fetch "
            f"{bundle} and run once: {again} --trust-key FINGERPRINT. What is remembered stays, "
            "and is held against it"
        )

    def _keep_evidence(self, note: bytes, memory: Memory | None) -> None:
        """Keep both promises: signed by one key, they show what the log did to anybody."""
        before = memory.note.encode() if memory is not None else b""
        write_out(self._state.parent, f"{self._state.name}.evidence", before + b"\n" + note)


def _get(http: httpx.Client, path: str, largest: int) -> bytes:
    """Fetch a document, no more of it than is wanted. LogFaultError for any answer but 200, and none."""
    import httpx

    from certsvc.client.bounded import ending_in
    from certsvc.translog.fault import LogFaultError

    content = b""
    try:
        with ending_in(_DOCUMENT_S), http.stream("GET", path) as answer:
            if answer.status_code != 200:
                raise LogFaultError(f"{path} is answered with {answer.status_code}")
            for part in answer.iter_bytes():
                content += part
                if len(content) > largest:
                    raise LogFaultError(f"{path} is longer than it may be")
    except httpx.TimeoutException as fault:
        raise LogFaultError(f"{path} did not come in time") from fault
    return content


def _cosign(found: Look, key_file: Path, name: str, out: Path) -> None:
    """Sign what was found good as a witness does (C2SP tlog-cosignature)."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    from certsvc.translog.note import COSIGNATURE, NoteKey, cosign
    from certsvc.wiring import SystemClock

    try:
        private = load_pem_private_key(key_file.read_bytes(), password=None)
    except (ValueError, TypeError) as fault:
        raise click.UsageError(f"--cosign-key: {fault}") from fault
    if not isinstance(private, Ed25519PrivateKey):
        raise click.UsageError("--cosign-key: no Ed25519 key; make one: openssl genpkey -algorithm ed25519")
    key = NoteKey(name=name, public=private.public_key().public_bytes_raw(), kind=COSIGNATURE)
    note = found.signed.note
    signature = cosign(note.text, key, private.sign, at=int(SystemClock().now().timestamp()))
    write_out(out.parent, out.name, str(note.with_signature(signature)).encode())


def _tell(json_: bool, result: str, text: str, **facts: object) -> None:
    if json_:
        print_json({"result": result, "text": text, **facts})
    else:
        click.echo(f"{result}: {safe_text(text)}")
