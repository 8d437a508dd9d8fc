"""The request itself is wrong, or its sender may not ask for this."""

from __future__ import annotations

from collections.abc import Sequence

from certsvc.errors.base import CertsvcError, Fault


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
    """No API key, one nobody was given, or one that does not count without a certificate that is missing."""

    code = "UNAUTHENTICATED"

    def __init__(self, note: str = "", *faults: Fault) -> None:
        """Keep *note* for operators; *faults* tell somebody whose key is known what else is wanted."""
        super().__init__(note)
        self.faults: Sequence[Fault] = faults


class ForbiddenError(AccessError):
    """The API key lacks the scope."""

    code = "FORBIDDEN"


class RoleMissingError(AccessError):
    """The operator has none of the roles that may do this."""

    code = "ROLE_MISSING"


class FormExpiredError(AccessError):
    """A form was not made for this login, or was sent from somebody else's page."""

    code = "FORM_EXPIRED"


class HolderLinkUnusableError(AccessError):
    """A holder's one-time link was used, has expired, or is none of ours."""

    code = "HOLDER_LINK_UNUSABLE"


class AssertionRefusedError(AccessError):
    """An assertion of the upstream portal is not to be believed; *faults* say what is wrong with it."""

    code = "ASSERTION_REFUSED"

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.pointer}: {fault.en}")
        self.faults: Sequence[Fault] = (fault,)


class AssertionsOffError(AccessError):
    """No upstream portal is set, so that no assertion can be taken."""

    code = "ASSERTIONS_OFF"


class RateLimitedError(AccessError):
    """Too many tries."""

    code = "RATE_LIMITED"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"{retry_after_s} s")
        self.retry_after_s = retry_after_s
