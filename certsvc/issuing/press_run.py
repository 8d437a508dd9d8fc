"""The reserved rows of a chunk on their way through the press, in groups that go abreast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice

from certsvc.errors import (
    CertsvcError,
    HSMUnavailableError,
    RecordDamagedError,
    TimestampUnavailableError,
    UnavailableError,
)
from certsvc.issuing.lease import Lease
from certsvc.issuing.orders import reason, shared
from certsvc.issuing.press import Press
from certsvc.issuing.reserve import Reserved
from certsvc.issuing.stamping import Sealed
from certsvc.issuing.work import ABREAST, Work, take_steps
from certsvc.registry.port import Registry


def run_press(
    press: Press, registry: Registry, reserved: Mapping[int, Reserved], lease: Lease
) -> tuple[dict[int, Sealed], dict[int, CertsvcError]]:
    """Take steps 3 to 6, and 7 as far as the strict check, for each row.

    Returns:
        By place: the finished files of those that passed, and why the others did not.
    """
    sealed: dict[int, Sealed] = {}
    failures: dict[int, CertsvcError] = {}
    works = _works(registry, reserved, failures)
    while abreast := list(islice(works, ABREAST)):
        sealed |= _press_all(press, abreast, lease, failures)
        if away := next(filter(_is_away, failures.values()), None):
            # Each of the rest would wait as long as the first one to hear the same.
            rest = reserved.keys() - sealed.keys() - failures.keys()
            failures |= {place: shared(away) for place in rest}
            break
    return sealed, failures


def _works(
    registry: Registry, reserved: Mapping[int, Reserved], failures: dict[int, CertsvcError]
) -> Iterator[Work]:
    """Yield what the press needs of each row, its images read when it is asked for."""
    away: CertsvcError | None = None
    for place, row in reserved.items():
        with reason(partial(failures.__setitem__, place)):
            if away is not None:
                # Each would wait as long as the first one to hear the same.
                raise shared(away)
            try:
                photo, signature = _images(registry, row)
            except RecordDamagedError:
                raise
            except UnavailableError as error:
                away = error
                raise
            yield Work(
                place=place,
                copy=row.copy,
                version=row.version,
                specialties=row.specialties,
                photo=photo,
                signature=signature,
                id_type=row.id_type,
            )


def _images(registry: Registry, row: Reserved) -> tuple[bytes | None, bytes | None]:
    """Read the photo and the signature image that go on a copy."""
    face = row.version.face
    with registry.reading() as session:
        photo = session.get_image(face.photo_sha256) if face.photo_sha256 else None
        signature = session.get_image(face.signature_sha256) if face.signature_sha256 else None
    return photo, signature


def _press_all(
    press: Press, works: Sequence[Work], lease: Lease, failures: dict[int, CertsvcError]
) -> dict[int, Sealed]:
    """Take some copies through the press together: their finished files by place."""

    def tell(work: Work, why: CertsvcError) -> None:
        failures[work.place] = why

    def check(work: Work) -> None:
        lease.check(work.copy.copy_id)

    def keep(work: Work) -> None:
        lease.keep()
        check(work)

    # Compose, render, preflight; both formats before a key is used for either.
    prepared = press.prepare(works, tell, before=lease.keep)
    # A key is used only while the row is ours; a swept row belongs to somebody else.
    ours = take_steps([check], prepared, tell)
    sealed = press.seal(ours, tell, begin=keep)
    return {work.place: Sealed(files=work.files, timestamps=work.timestamps) for work in sealed}


def _is_away(error: CertsvcError) -> bool:
    """Tell whether *error* is of something all copies need, and wait for."""
    return isinstance(error, HSMUnavailableError | TimestampUnavailableError)
