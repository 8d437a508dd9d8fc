"""A rule of the register says no."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from certsvc.errors.base import CertsvcError


class RuleError(CertsvcError):
    """A rule of the register says no."""


class NotFoundError(RuleError):
    """Nothing is registered under what was asked for."""

    code = "NOT_FOUND"


class OriginalNotIssuedError(RuleError):
    """The current version has no original yet."""

    code = "ORIGINAL_NOT_ISSUED"


class EndorsedTodayError(RuleError):
    """The holder already has an endorsement dated today; *existing_id* names it when it is known."""

    code = "ENDORSED_TODAY"

    def __init__(self, existing_id: str = "") -> None:
        super().__init__(existing_id)
        self.existing_id = existing_id


class EndorsementPendingError(RuleError):
    """The request with this Idempotency-Key is still being worked on."""

    code = "ENDORSEMENT_PENDING"
    retry_after_s: ClassVar[int] = 2  # making a copy takes a fraction of a second


class IdempotencyConflictError(RuleError):
    """The same key or source_id came before with another body."""

    code = "IDEMPOTENCY_CONFLICT"


class NoRegistrationForRenewalError(RuleError):
    """A renewal names a number that is unknown or whose registration has ended."""

    code = "NO_REGISTRATION_FOR_RENEWAL"


class RegistrationExistsError(RuleError):
    """The holder has a live registration of this certificate type."""

    code = "REGISTRATION_EXISTS"


class RegistrationEndedError(RuleError):
    """The registration was cancelled or revoked; only re_register and revoke may follow."""

    code = "REGISTRATION_ENDED"


class SuspendedError(RuleError):
    """The registration is suspended."""

    code = "SUSPENDED"


class ExpiredError(RuleError):
    """Every specialty has ended."""

    code = "EXPIRED"


class PhotoOrSignatureMissingError(RuleError):
    """The photo or the signature image was never recorded."""

    code = "PHOTO_OR_SIGNATURE_MISSING"


class NoQualificationError(RuleError):
    """The event brings no qualification certificate."""

    code = "NO_QUALIFICATION"


class TimestampPendingError(RuleError):
    """The time stamp of a file is asked for and not there yet."""

    code = "TIMESTAMP_PENDING"
    retry_after_s: ClassVar[int] = 30


class NoTimestampError(RuleError):
    """The file has no time stamp beside it, and none is on its way."""

    code = "NO_TIMESTAMP"


class PersonalDataErasedError(RuleError):
    """The holder's personal data was erased; nothing more can be recorded or issued for this holder."""

    code = "PERSONAL_DATA_ERASED"


class FileErasedError(RuleError):
    """The issued file was erased with its holder's personal data."""

    code = "FILE_ERASED"


class RetentionNotOverError(RuleError):
    """Personal data has to be kept for some time more."""

    code = "RETENTION_NOT_OVER"

    def __init__(self, first_day: date) -> None:
        super().__init__(f"from {first_day.isoformat()} on")
        self.first_day = first_day
        """The first day, in Beijing, on which it may be erased."""


class RegistrationInForceError(RuleError):
    """The holder has a registration that has not ended."""

    code = "REGISTRATION_IN_FORCE"
