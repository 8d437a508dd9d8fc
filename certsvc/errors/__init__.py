"""Every error certsvc raises on purpose.

    CertsvcError
    ├── RuleError                        a rule of the register says no
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
    │   ├── NoQualificationError             NO_QUALIFICATION
    │   ├── TimestampPendingError            TIMESTAMP_PENDING
    │   ├── NoTimestampError                 NO_TIMESTAMP
    │   ├── PersonalDataErasedError          PERSONAL_DATA_ERASED
    │   ├── FileErasedError                  FILE_ERASED
    │   ├── RetentionNotOverError            RETENTION_NOT_OVER
    │   └── RegistrationInForceError         REGISTRATION_IN_FORCE
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
    │   ├── RoleMissingError                 ROLE_MISSING
    │   ├── FormExpiredError                 FORM_EXPIRED
    │   ├── HolderLinkUnusableError          HOLDER_LINK_UNUSABLE
    │   ├── AssertionRefusedError            ASSERTION_REFUSED
    │   ├── AssertionsOffError               ASSERTIONS_OFF
    │   └── RateLimitedError                 RATE_LIMITED
    ├── UnavailableError                 cannot tell or cannot do now   UNAVAILABLE
    │   ├── RecordDamagedError               RECORD_DAMAGED (the record, not the caller, is at fault)
    │   ├── TimeUncertainError               TIME_UNCERTAIN
    │   ├── TimestampUnavailableError        TIMESTAMP_UNAVAILABLE
    │   ├── HSMUnavailableError              HSM_UNAVAILABLE
    │   ├── KeyWithdrawnError                KEY_WITHDRAWN
    │   ├── KeyCapReachedError               KEY_CAP_REACHED
    │   └── StorageFullError                 STORAGE_FULL
    └── OperatorError                    the operator has to act
        ├── SettingsError                    SETTINGS
        ├── KeyMaterialError                 KEY_MATERIAL
        ├── TemplateError                    TEMPLATE
        ├── BackupDamagedError               BACKUP_DAMAGED
        ├── PlaceNotEmptyError               PLACE_NOT_EMPTY
        └── DefectError                      DEFECT (our own output failed a check)
Sentences for callers are found by ``code`` in ``domain.wording``; ``note`` is for operators only.
"""

from certsvc.errors.base import CertsvcError, Fault
from certsvc.errors.machine import (
    BackupDamagedError,
    DefectError,
    HSMUnavailableError,
    KeyCapReachedError,
    KeyMaterialError,
    KeyWithdrawnError,
    OperatorError,
    PlaceNotEmptyError,
    RecordDamagedError,
    SettingsError,
    StorageFullError,
    TemplateError,
    TimestampUnavailableError,
    TimeUncertainError,
    UnavailableError,
)
from certsvc.errors.requests import (
    AccessError,
    AsOfInFutureError,
    AssertionRefusedError,
    AssertionsOffError,
    EffectiveInFutureError,
    ForbiddenError,
    FormExpiredError,
    GlyphMissingError,
    HolderLinkUnusableError,
    ImageRejectedError,
    InputError,
    InvalidFieldError,
    MalformedError,
    OverAgeError,
    RateLimitedError,
    RoleMissingError,
    TooLargeError,
    UnauthenticatedError,
    UnsupportedTypeError,
    ValidityMismatchError,
)
from certsvc.errors.rules import (
    EndorsedTodayError,
    EndorsementPendingError,
    ExpiredError,
    FileErasedError,
    IdempotencyConflictError,
    NoQualificationError,
    NoRegistrationForRenewalError,
    NotFoundError,
    NoTimestampError,
    OriginalNotIssuedError,
    PersonalDataErasedError,
    PhotoOrSignatureMissingError,
    RegistrationEndedError,
    RegistrationExistsError,
    RegistrationInForceError,
    RetentionNotOverError,
    RuleError,
    SuspendedError,
    TimestampPendingError,
)

__all__ = [
    "AccessError",
    "AsOfInFutureError",
    "AssertionRefusedError",
    "AssertionsOffError",
    "BackupDamagedError",
    "CertsvcError",
    "DefectError",
    "EffectiveInFutureError",
    "EndorsedTodayError",
    "EndorsementPendingError",
    "ExpiredError",
    "Fault",
    "FileErasedError",
    "ForbiddenError",
    "FormExpiredError",
    "GlyphMissingError",
    "HSMUnavailableError",
    "HolderLinkUnusableError",
    "IdempotencyConflictError",
    "ImageRejectedError",
    "InputError",
    "InvalidFieldError",
    "KeyCapReachedError",
    "KeyMaterialError",
    "KeyWithdrawnError",
    "MalformedError",
    "NoQualificationError",
    "NoRegistrationForRenewalError",
    "NoTimestampError",
    "NotFoundError",
    "OperatorError",
    "OriginalNotIssuedError",
    "OverAgeError",
    "PersonalDataErasedError",
    "PhotoOrSignatureMissingError",
    "PlaceNotEmptyError",
    "RateLimitedError",
    "RecordDamagedError",
    "RegistrationEndedError",
    "RegistrationExistsError",
    "RegistrationInForceError",
    "RetentionNotOverError",
    "RoleMissingError",
    "RuleError",
    "SettingsError",
    "StorageFullError",
    "SuspendedError",
    "TemplateError",
    "TimeUncertainError",
    "TimestampPendingError",
    "TimestampUnavailableError",
    "TooLargeError",
    "UnauthenticatedError",
    "UnavailableError",
    "UnsupportedTypeError",
    "ValidityMismatchError",
]
