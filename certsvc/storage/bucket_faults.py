"""What an S3-compatible store refuses or leaves unanswered, in our words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

from certsvc.errors import StorageFullError, UnavailableError

_STATUS: Final = re.compile(r"status code: (\d{3})")
_CODE: Final = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
_CERTIFICATE: Final = re.compile(r"InvalidCertificate\(\s*([A-Za-z]{1,60})")
_FULL: Final = frozenset({"QuotaExceeded", "XMinioStorageFull", "InsufficientCapacity", "EntityTooLarge"})
_FULL_STATUS: Final = "507"


class MissingError(Exception):
    """There is no object at this place; the store itself said so."""


class TakenError(Exception):
    """There is an object at this place already."""


class ChangedError(Exception):
    """The object is not the one that was read, or is gone."""


class BlankError(Exception):
    """An object without a byte."""


class UncertainError(Exception):
    """No answer, or one that does not say whether anything was done."""


@contextmanager
def told_in_words() -> Iterator[None]:
    """Turn what the client raises into our errors; the place, which names a copy, stays out of them.

    A condition that is not met is left as it is: what that means is the caller's to say.
    """
    try:
        with uncertain():
            yield
    except UncertainError as error:
        raise UnavailableError(*error.args) from None


@contextmanager
def uncertain() -> Iterator[None]:
    """Do the same, but raise UncertainError where asking again may help."""
    try:
        yield
    except (AlreadyExistsError, PreconditionError):
        raise
    except (BaseError, FileNotFoundError) as error:
        raise _translated(str(error)) from None


def _translated(text: str) -> Exception:
    status, code = _STATUS.search(text), _CODE.search(text)
    told = code[1] if code else status[1] if status else ""
    if told == "NoSuchKey":
        return MissingError()
    if status is None and (found := _CERTIFICATE.search(text)):
        return UnavailableError(f"storage: the S3 store's certificate is refused ({found[1]}); {_OWN}")
    note = f"storage: S3 {told or 'does not answer'}"
    if told in _FULL or (status and status[1] == _FULL_STATUS):
        return StorageFullError(note)
    if status and status[1].startswith("4"):
        return UnavailableError(f"{note}; {_REMEDIES.get(told, 'check the CERTSVC_S3_* settings')}")
    return UncertainError(note)


_OWN: Final = (
    "it must be in time, for the host of CERTSVC_S3_ENDPOINT, and from an authority this machine knows; "
    "one of your own is named by SSL_CERT_FILE"
)
_REMEDIES: Final = {
    "NoSuchBucket": "make the bucket that CERTSVC_STORAGE_URL names",
    "AccessDenied": "the key may not do this; it needs s3:GetObject, PutObject, DeleteObject and ListBucket",
    "403": "the key may not do this; it needs s3:GetObject, PutObject, DeleteObject and ListBucket",
    "InvalidAccessKeyId": "check CERTSVC_S3_ACCESS_KEY",
    "RequestTimeTooSkewed": "set this machine's clock; the store's is another",
    "RequestTimeout": "the store waited for the request in vain; look at the network",
    "429": "the store is asked too often; try again later",
    "TooManyRequests": "the store is asked too often; try again later",
    "SignatureDoesNotMatch": "check CERTSVC_S3_SECRET_KEY and CERTSVC_S3_REGION",
}
