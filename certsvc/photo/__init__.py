"""The one-inch photo and the signature image."""

from certsvc.photo.check import check_photo
from certsvc.photo.fix import fix_photo
from certsvc.photo.normalise import is_on_white, normalise_photo, normalise_signature
from certsvc.photo.rules import Fixed, PhotoReport
from certsvc.photo.signature import check_signature, fix_signature

__all__ = [
    "Fixed",
    "PhotoReport",
    "check_photo",
    "check_signature",
    "fix_photo",
    "fix_signature",
    "is_on_white",
    "normalise_photo",
    "normalise_signature",
]
