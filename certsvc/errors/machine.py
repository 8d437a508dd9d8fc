"""It cannot be told or done now, or the operator has to act."""

from __future__ import annotations

from certsvc.errors.base import CertsvcError


class UnavailableError(CertsvcError):
    """The registry, the storage or a key cannot be reached now."""

    code = "UNAVAILABLE"

    def __init__(self, note: str = "", retry_after_s: int | None = None) -> None:
        """Take the seconds after which asking again will help, where they are known."""
        super().__init__(note)
        self.retry_after_s = retry_after_s


class RecordDamagedError(UnavailableError):
    """A row of the registry fails its MAC."""

    code = "RECORD_DAMAGED"


class TimeUncertainError(UnavailableError):
    """The clock stands more than five seconds before the last recorded instant."""

    code = "TIME_UNCERTAIN"


class StorageFullError(UnavailableError):
    """There is no room for another issued file."""

    code = "STORAGE_FULL"


class TimestampUnavailableError(UnavailableError):
    """The time-stamping authority is away, or what it answered is not believed; nothing was issued."""

    code = "TIMESTAMP_UNAVAILABLE"


class HSMUnavailableError(UnavailableError):
    """The hardware that holds a private key does not answer; nothing was signed."""

    code = "HSM_UNAVAILABLE"


class KeyWithdrawnError(UnavailableError):
    """The key a copy was reserved with was withdrawn before it was used; nothing was signed with it."""

    code = "KEY_WITHDRAWN"


class KeyCapReachedError(UnavailableError):
    """A key was used as often today as it may be; tomorrow it may be used again."""

    code = "KEY_CAP_REACHED"

    def __init__(self, note: str = "", retry_after_s: int = 3600) -> None:
        super().__init__(note, retry_after_s)


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


class BackupDamagedError(OperatorError):
    """A backup is cut short, or its bytes are not those that were written; nothing was restored from it."""

    code = "BACKUP_DAMAGED"


class PlaceNotEmptyError(OperatorError):
    """A backup would be restored over something that is there; nothing was touched."""

    code = "PLACE_NOT_EMPTY"


class DefectError(OperatorError):
    """Our own output failed one of our own checks; it was not issued."""

    code = "DEFECT"
