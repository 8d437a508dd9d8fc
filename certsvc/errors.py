"""Every error certsvc raises on purpose.

    CertsvcError
    ├── RuleError                        a rule of the register says no; four more: domain.erasure_errors
    │   ├── NotFoundError                    NOT_FOUND
    │   ├── OriginalNotIssuedError           ORIGINAL_NOT_ISSUED
    │   ├── EndorsedTodayError               ENDORSED_TODAY
    │   ├── EndorsementPendingError          ENDORSEMENT_PENDING
    │   ├── IdempotencyConflictError         IDEMPOTENCY_CONFLICT
    │   ├── NoRegistrationForRenewalError    NO_REGISTRATION_FOR_RENEWAL
    │   ├── RegistrationExistsError          REGISTRATION_EXISTS
    │   ├── RegistrationEndedError           REGISTRATION_ENDED
    │   ├── SuspendedError                   SUSPENDED
    │   ├── ExpiredError                     EXPIRED
    │   ├── PhotoOrSignatureMissingError     PHOTO_OR_SIGNATURE_MISSING
    │   └── NoQualificationError             NO_QUALIFICATION
    ├── InputError                       the request itself is wrong
    │   ├── MalformedError                   MALFORMED
    │   ├── InvalidFieldError                INVALID_FIELD
    │   │   ├── ImageRejectedError           IMAGE_REJECTED
    │   │   ├── GlyphMissingError            GLYPH_MISSING
    │   │   ├── ValidityMismatchError        VALIDITY_MISMATCH
    │   │   ├── OverAgeError                 OVER_AGE
    │   │   ├── EffectiveInFutureError       EFFECTIVE_IN_FUTURE
    │   │   └── AsOfInFutureError            AS_OF_IN_FUTURE
    │   ├── TooLargeError                    TOO_LARGE
    │   └── UnsupportedTypeError             UNSUPPORTED_TYPE
    ├── AccessError
    │   ├── UnauthenticatedError             UNAUTHENTICATED
    │   ├── ForbiddenError                   FORBIDDEN
    │   └── RateLimitedError                 RATE_LIMITED
    ├── UnavailableError                 cannot tell or cannot do now   UNAVAILABLE
    │   ├── RecordDamagedError               RECORD_DAMAGED (the record, not the caller, is at fault)
    │   ├── TimeUncertainError               TIME_UNCERTAIN
    │   └── StorageFullError                 STORAGE_FULL
    └── OperatorError                    the operator has to act
        ├── SettingsError                    SETTINGS
        ├── KeyMaterialError                 KEY_MATERIAL
        ├── TemplateError                    TEMPLATE
        └── DefectError                      DEFECT (our own output failed a check)
Sentences for callers are found by ``code`` in ``domain.wording``; ``note`` is for operators only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one field of a request, and what to do, without personal data."""

    pointer: str  # JSON pointer (RFC 6901), e.g. ``/holder/name``; empty for the whole body
    zh: str
    en: str


class CertsvcError(Exception):
    """Root of everything raised on purpose."""

    code: ClassVar[str] = "UNAVAILABLE"  # stable name for API clients

    def __init__(self, note: str = "") -> None:
        super().__init__(note or self.code)
        self.note = note


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


class InputError(CertsvcError):
    """The request itself is wrong; nothing was stored."""


class MalformedError(InputError):
    """The body is not the JSON (or multipart) it says it is."""

    code = "MALFORMED"

    def __init__(self, note: str = "", *faults: Fault) -> None:
        """Keep *note* for operators; *faults* tell the caller where the body breaks, when that is known."""
        super().__init__(note)
        self.faults: Sequence[Fault] = faults


class InvalidFieldError(InputError):
    """One or more fields break a rule; at least one of them is named."""

    code = "INVALID_FIELD"

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(f"{fault.pointer}: {fault.en}" for fault in faults))
        self.faults: Sequence[Fault] = faults


class ImageRejectedError(InvalidFieldError):
    """A photo or signature image breaks the one-inch rules."""

    code = "IMAGE_REJECTED"


class GlyphMissingError(InvalidFieldError):
    """A character has no glyph in the font chain."""

    code = "GLYPH_MISSING"


class ValidityMismatchError(InvalidFieldError):
    """A given valid_to differs from the rule and no override_reason says why."""

    code = "VALIDITY_MISMATCH"


class OverAgeError(InvalidFieldError):
    """A specialty would be granted after the 65th birthday."""

    code = "OVER_AGE"


class EffectiveInFutureError(InvalidFieldError):
    """An event lies more than five minutes ahead."""

    code = "EFFECTIVE_IN_FUTURE"


class AsOfInFutureError(InvalidFieldError):
    """A state was asked for an instant that has not come."""

    code = "AS_OF_IN_FUTURE"


class TooLargeError(InputError):
    """The body is over its limit."""

    code = "TOO_LARGE"


class UnsupportedTypeError(InputError):
    """The Content-Type is none of those the call takes."""

    code = "UNSUPPORTED_TYPE"


class AccessError(CertsvcError):
    """The caller may not do this."""


class UnauthenticatedError(AccessError):
    """No API key, or one nobody was given."""

    code = "UNAUTHENTICATED"


class ForbiddenError(AccessError):
    """The API key lacks the scope."""

    code = "FORBIDDEN"


class RateLimitedError(AccessError):
    """Too many tries."""

    code = "RATE_LIMITED"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"{retry_after_s} s")
        self.retry_after_s = retry_after_s


class UnavailableError(CertsvcError):
    """The registry, the storage or a key cannot be reached now."""

    code = "UNAVAILABLE"


class RecordDamagedError(UnavailableError):
    """A row of the registry fails its MAC."""

    code = "RECORD_DAMAGED"


class TimeUncertainError(UnavailableError):
    """The clock stands more than five seconds before the last recorded instant."""

    code = "TIME_UNCERTAIN"


class StorageFullError(UnavailableError):
    """There is no room for another issued file."""

    code = "STORAGE_FULL"


class OperatorError(CertsvcError):
    """The operator has to act before the service can go on."""


class SettingsError(OperatorError):
    """A setting is unknown, missing or contradicts another."""

    code = "SETTINGS"


class KeyMaterialError(OperatorError):
    """A key or certificate is missing, unreadable or not fit for its use."""

    code = "KEY_MATERIAL"


class TemplateError(OperatorError):
    """A certificate type's data is wrong."""

    code = "TEMPLATE"


class DefectError(OperatorError):
    """Our own output failed one of our own checks; it was not issued."""

    code = "DEFECT"
