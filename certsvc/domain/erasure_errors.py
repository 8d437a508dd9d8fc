"""What erasing, and what was erased, refuses; a part of certsvc.errors."""

from __future__ import annotations

from datetime import date

from certsvc.errors import RuleError


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
