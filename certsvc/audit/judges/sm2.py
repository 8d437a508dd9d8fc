"""SM2 and SM3 by the machine's own libcrypto (OpenSSL 3), without a process for each file.

``cryptography`` has no SM2 and gm/ is what is judged. Python's hashlib gives SM3 from the same library.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import hashlib
from functools import lru_cache
from typing import Any, Final

from certsvc.audit.judges.broken import JudgeError

_IDENTITY: Final = b"1234567812345678"
"""Everybody's. Source: GM/T 0009, section 10."""
_pointer: Final = ctypes.c_void_p
_bytes: Final = ctypes.c_char_p
_size: Final = ctypes.c_size_t
_FUNCTIONS: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "d2i_X509": (_pointer, (_pointer, ctypes.POINTER(_bytes), ctypes.c_long)),
    "X509_get_pubkey": (_pointer, (_pointer,)),
    "X509_free": (None, (_pointer,)),
    "EVP_sm3": (_pointer, ()),
    "EVP_MD_CTX_new": (_pointer, ()),
    "EVP_MD_CTX_free": (None, (_pointer,)),
    "EVP_MD_CTX_set_pkey_ctx": (None, (_pointer, _pointer)),
    "EVP_PKEY_CTX_new": (_pointer, (_pointer, _pointer)),
    "EVP_PKEY_CTX_free": (None, (_pointer,)),
    "EVP_PKEY_CTX_set1_id": (ctypes.c_int, (_pointer, _bytes, ctypes.c_int)),
    "EVP_DigestVerifyInit": (ctypes.c_int, (_pointer, _pointer, _pointer, _pointer, _pointer)),
    "EVP_DigestVerify": (ctypes.c_int, (_pointer, _bytes, _size, _bytes, _size)),
    "ERR_clear_error": (None, ()),
}


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL | None:
    """Load libcrypto; None where it is missing or too old to know SM2 with an identity."""
    name = ctypes.util.find_library("crypto")
    try:
        library = ctypes.CDLL(name) if name else None
        for function, (answer, arguments) in _FUNCTIONS.items() if library is not None else ():
            found = getattr(library, function)
            found.restype, found.argtypes = answer, arguments
        hashlib.new("sm3")
    except (OSError, AttributeError, ValueError):
        return None
    return library


def is_here() -> bool:
    """Tell whether this machine can judge SM2 signatures."""
    return _library() is not None


def sm3(content: bytes) -> bytes:
    """Return the SM3 digest."""
    return hashlib.new("sm3", content).digest()


def verifies(certificate: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether a signature (DER) is over *message* by the key of a certificate (DER).

    Raises:
        JudgeError: libcrypto finds no key in the certificate.
    """
    library = _library()
    if library is None:
        raise JudgeError("no libcrypto with SM2")
    key = _key_of(certificate)
    digesting = library.EVP_MD_CTX_new()
    keyed = library.EVP_PKEY_CTX_new(key, None)
    try:
        if library.EVP_PKEY_CTX_set1_id(keyed, _IDENTITY, len(_IDENTITY)) != 1:
            raise JudgeError("libcrypto takes no SM2 identity for the key of a certificate")
        library.EVP_MD_CTX_set_pkey_ctx(digesting, keyed)
        if library.EVP_DigestVerifyInit(digesting, None, library.EVP_sm3(), None, key) != 1:
            raise JudgeError("libcrypto does not take the key of a certificate for SM2")
        held = library.EVP_DigestVerify(digesting, signature, len(signature), message, len(message))
        return bool(held == 1)
    finally:
        library.EVP_MD_CTX_free(digesting)
        library.EVP_PKEY_CTX_free(keyed)
        library.ERR_clear_error()


@lru_cache(maxsize=64)
def _key_of(certificate: bytes) -> int:
    """Return libcrypto's key of a certificate; the few there are stay in memory."""
    library = _library()
    assert library is not None
    start = ctypes.c_char_p(certificate)
    parsed = library.d2i_X509(None, ctypes.byref(start), len(certificate))
    key = library.X509_get_pubkey(parsed) if parsed else None
    if parsed:
        library.X509_free(parsed)
    library.ERR_clear_error()
    if not key:
        raise JudgeError("libcrypto finds no key in a certificate")
    return int(key)
