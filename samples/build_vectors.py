"""Writes samples/vectors anew: good and bad files and texts, and what a verifier must answer to each.

    python -m samples.build_vectors

Run it from the top folder. People, days and defects are always the same; keys are made for the run and thrown
away, so files and codes come out with other signatures each time. It ends with 1, and leaves vectors.json as
it was, when an answer is not the one declared in the modules beside it.
"""

from __future__ import annotations

import hashlib
import json
import logging
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from certsvc.domain.report import RegistryAnswer, Report
from samples.unpack_vectors import VECTORS
from samples.vectors_codes import codes_by_hand
from samples.vectors_files import Made, files
from samples.vectors_story import Story
from samples.vectors_texts import Asked, offline_texts, texts
from tests.vectors_run.ask import Asking, answer_of
from tests.vectors_run.facts import written
from tests.vectors_run.second import second_opinion

ANCHOR: Final = 24
"""Shortest stretch of another file that is worth a piece."""
INLINE: Final = 60_000
"""Characters its own bytes may take and still be kept as pieces in files.json."""
_UNASKED: Final = {"REGISTRY_AWAY": "AWAY", "RECORD_DAMAGED": "DAMAGED", "TIME_UNCERTAIN": "TIME_UNCERTAIN"}
_OFFLINE_FILES: Final = (
    "good-endorsed.pdf", "good-endorsed.ofd", "good-original.pdf", "verification-report.pdf",
    "edited-after-sealing.pdf", "no-signature.pdf", "foreign-signer.pdf", "changed-text.ofd",
    "photo-of-the-offline-symbol.png", "photo.jpg", "photo-without-symbol.png",
)  # fmt: skip
"""Files the verifier without the register is asked about as well."""


def main() -> None:
    """Make the vectors, ask about each, and write all down."""
    # pyHanko tells of every stranger's certificate as of an error.
    logging.disable()
    with TemporaryDirectory() as folder:
        story = Story(Path(folder))
        keep: dict[str, bytes] = dict(story.bundles())
        keep["root.pem"] = Path(story.services.keystore.root_pem).read_bytes()
        made = list(files(story))
        asked = [*texts(story)]
        offline = [*offline_texts(story), *codes_by_hand(story)]
        broken = story.broken_bundles()
        facts = {name: written(record) for name, record in story.records().items()}
        defaults = {
            "clock": story.at(hours=1).isoformat(),
            "trust": "bundle.json",
            "register": "there",
            "readers": "there",
        }
    shelf = _shelf(made)
    vectors = [
        *({"name": _name(one), "says": one.says, "by": "register", "input": {"file": one.name}} | defaults
          | dict(one.changes) for one in made),
        *({"name": one.name, "says": one.says, "by": "register", "input": dict(one.input)} | defaults
          | dict(one.changes) for one in asked),
        *_conditions(defaults),
        *({"name": f"offline-{name}", "says": f"{name} without the register", "by": "bundle",
           "input": {"file": name}} | defaults for name in _OFFLINE_FILES),
        *({"name": one.name, "says": one.says, "by": "bundle", "input": dict(one.input)} | defaults
          | dict(one.changes) for one in offline),
    ]  # fmt: skip
    for vector in vectors:
        vector.setdefault("differs_from", _good_of(vector))
    document = {
        "format": 1,
        "about": "TEST ONLY. How to read this: samples/vectors/README.md",
        "registry": facts,
        "bundles": [
            *({"file": name, "read": True} for name in keep if name.endswith(".json")),
            *({"file": name, "read": False, "says": says} for name, (says, _) in broken.items()),
        ],
        "vectors": vectors,
    }
    _write(keep | {name: content for name, (_, content) in broken.items()}, made, shelf)
    (VECTORS / "files.json").write_text(json.dumps(shelf, indent=1) + "\n", encoding="utf-8")
    wanted = {_name(one): (one.status, one.code) for one in [*made, *asked, *offline]}
    with closing(Asking(document)) as asking:
        wrong = [line for vector in vectors for line in _answered(asking, vector, wanted, keep["root.pem"])]
    if wrong:
        raise SystemExit("\n".join(wrong))
    text = json.dumps(document, ensure_ascii=False, indent=1)
    (VECTORS / "vectors.json").write_text(text + "\n", encoding="utf-8")
    print(f"{len(vectors)} vectors, {len(made)} files, {_size()} bytes in {VECTORS.name}")


def _name(one: Made | Asked) -> str:
    return one.name


def _conditions(defaults: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Good and bad files while something of ours is away: what the bytes show is said all the same."""
    for name, says, file, change in (
        ("good-file-register-away", "as issued; the register cannot be asked", "good-endorsed.pdf",
         {"register": "away"}),
        ("altered-file-register-away", "altered; the register cannot be asked", "edited-after-sealing.pdf",
         {"register": "away", "differs_from": "edited-after-sealing.pdf"}),
        ("foreign-file-register-away", "a stranger's; the register cannot be asked", "foreign-signer.pdf",
         {"register": "away", "differs_from": "foreign-signer.pdf"}),
        ("unsigned-file-register-away", "unsigned; the register cannot be asked", "stripped-signature.ofd",
         {"register": "away", "differs_from": "stripped-signature.ofd"}),
        ("photo-while-readers-are-busy", "no process is free to open it", "photo.jpg", {"readers": "busy"}),
    ):  # fmt: skip
        yield (
            {"name": name, "says": says, "by": "register", "input": {"file": file}} | dict(defaults) | change
        )


def _good_of(vector: Mapping[str, Any]) -> str:
    """Name the good vector that this one differs from, unless it says another."""
    given = vector["input"]
    if "file" not in given:
        if vector["by"] == "bundle":
            return "offline-code"
        kind = (
            "number-and-name"
            if "number" in given
            else "sha256-pdf"
            if "sha256" in given
            else next(iter(given))
        )
        return "offline-code-online" if "#" in given.get("qr", "") else f"good-{kind}"
    if vector["name"] == given["file"] and given["file"].startswith("good-"):
        return str(vector["name"])
    suffix = Path(given["file"]).suffix
    file = "photo.jpg" if suffix not in (".pdf", ".ofd") else f"good-endorsed{suffix}"
    photo = "offline-photo-of-the-offline-symbol.png" if file == "photo.jpg" else f"offline-{file}"
    return photo if vector["by"] == "bundle" else file


def _answered(
    asking: Asking, vector: dict[str, Any], wanted: Mapping[str, tuple[str, str]], root: bytes
) -> Iterator[str]:
    """Ask, write the answer into the vector, and say what is not as declared."""
    report = asking.online(vector) if vector["by"] == "register" else asking.offline(vector)
    vector["expect"] = answer_of(report)
    if vector["by"] == "register":
        vector["answered"] = _registry_answer(report)
    content = asking.file(vector)
    if content is not None and vector["input"]["file"].endswith(".pdf"):
        vector["pyhanko"] = second_opinion(content, root, report.as_of)
    status, code = wanted.get(vector["name"], (str(report.status), report.findings[0].code))
    codes = {one.code for one in report.findings}
    if str(report.status) != status or code not in codes:
        yield f"{vector['name']}: {status} {code} declared, {report.status} {sorted(codes)} answered"


def _registry_answer(report: Report) -> dict[str, str]:
    """Say what the register answered, for those who have none: which copy it found, or why not."""
    if report.entry is not None:
        copy = report.entry.copy
        said = {"answer": str(RegistryAnswer.FOUND), "number": report.entry.registration_number}
        return said | ({"token": copy.token} if copy is not None else {})
    codes = [one.code for one in report.findings if str(one.check) == "registry"]
    if "NOT_IN_REGISTRY" in codes:
        return {"answer": str(RegistryAnswer.MISSING)}
    return {"answer": next((_UNASKED[code] for code in codes if code in _UNASKED), "NOT_ASKED")}


def _shelf(made: list[Made]) -> dict[str, Any]:
    """Decide for each file whether it is kept whole or as pieces of one before it."""
    shelf: dict[str, Any] = {}
    whole: dict[str, bytes] = {}
    for one in made:
        said: dict[str, Any] = {"sha256": hashlib.sha256(one.content).hexdigest()}
        found = min(
            (
                (base, _pieces(one.content, content))
                for base, content in whole.items()
                if Path(base).suffix == Path(one.name).suffix
            ),
            key=lambda pair: _own(pair[1]),
            default=None,
        )
        if found is not None and _own(found[1]) < min(INLINE, len(one.content) // 4):
            said |= {"base": found[0], "pieces": found[1]}
        else:
            whole[one.name] = one.content
        shelf[one.name] = said
    return shelf


def _pieces(content: bytes, base: bytes) -> list[list[int] | str]:
    """Write *content* as stretches of *base* and bytes of its own, greedily."""
    places = _places(base)
    pieces: list[list[int] | str] = []
    at = begun = 0
    while at < len(content):
        place = places.get(content[at : at + ANCHOR]) if at + ANCHOR <= len(content) else None
        if place is None:
            at += 1
            continue
        size = _same(content, at, base, place)
        if begun < at:
            pieces.append(b64encode(content[begun:at]).decode())
        pieces.append([place, place + size])
        at += size
        begun = at
    if begun < len(content):
        pieces.append(b64encode(content[begun:]).decode())
    return pieces


def _same(content: bytes, at: int, base: bytes, place: int) -> int:
    """Return how many bytes are the same from two places on."""
    size = 0
    for step in (4096, 64, 1):
        while content[at + size : at + size + step] == base[place + size : place + size + step] != b"":
            size += step
    return min(size, len(content) - at, len(base) - place)


@cache
def _places(base: bytes) -> Mapping[bytes, int]:
    """Return where each stretch of ANCHOR bytes first stands."""
    return {base[at : at + ANCHOR]: at for at in range(len(base) - ANCHOR, -1, -1)}


def _own(pieces: list[list[int] | str]) -> int:
    return sum(len(one) if isinstance(one, str) else 12 for one in pieces)


def _write(keep: Mapping[str, bytes], made: list[Made], shelf: Mapping[str, Any]) -> None:
    folder = VECTORS / "files"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, content in keep.items():
        (VECTORS / name).write_bytes(content)
    for one in made:
        if "pieces" not in shelf[one.name]:
            (folder / one.name).write_bytes(one.content)


def _size() -> int:
    return sum(path.stat().st_size for path in VECTORS.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
