"""The one-inch photo and the signature image."""

from certsvc.photo.normalise import is_on_white, normalise_photo, normalise_signature

__all__ = ["is_on_white", "normalise_photo", "normalise_signature"]
