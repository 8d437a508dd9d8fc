"""Private keys in hardware, by PKCS#11: P-256 and RSA; the key never comes out.

The binding initialises a module without locking, so of one process one thread at a time may speak to it: one
session, one lock. Processes beside each other sign at once. Whatever goes wrong ends in words: a token that
is away is tried once more with a new login, then the call fails, and nobody waits longer than WAIT_S.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from asn1crypto import keys as asn1
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from certsvc.errors import HSMUnavailableError, KeyMaterialError
from certsvc.sealing import files
from certsvc.sealing.cms import verifies
from certsvc.sealing.port import Signer

if TYPE_CHECKING:
    import pkcs11

_T = TypeVar("_T")

WAIT_S: Final = 10.0
"""How long a thread waits for its turn at the module."""
_REST_S: Final = 1.0
"""How long a token that was found away is left alone: each of a thousand requests would search it anew."""
_PROBE: Final = b"certsvc: does this key belong to its certificate?"
_HALF: Final = 32

_TURN: Final = threading.Lock()
"""Of the whole process: modules are initialised for it, whoever asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HSMPlace:
    """Where the keys are and how to log in."""

    module: Path
    """The vendor's library, e.g. ``/usr/lib/softhsm/libsofthsm2.so``."""
    token: str
    """Label of the token."""
    pin: str = ""
    pin_file: Path | None = None
    """Holds the PIN, readable by its owner only; read again at each login."""

    def read_pin(self) -> str:
        """Return the PIN. KeyMaterialError when there is none, or others can read it."""
        if self.pin_file is not None:
            return files.read_private(self.pin_file, "the PIN of the PKCS#11 token").decode().strip()
        if not self.pin:
            raise KeyMaterialError("no PIN for the PKCS#11 token; set CERTSVC_PKCS11_PIN_FILE")
        return self.pin


@dataclass(frozen=True, slots=True, kw_only=True)
class HSMSigner:
    """A signer whose private key is in a token."""

    key_id: str
    certificate: bytes
    chain: tuple[bytes, ...]
    algorithm: str
    label: str
    hsm: PKCS11

    def sign(self, message: bytes) -> bytes:
        """Sign with SHA-256 as ``FileSigner`` does. HSMUnavailableError when the token does not answer."""
        return self.hsm.sign(self.label, self.algorithm, message)


class PKCS11:
    """One token; threads may share it, and a process that was forked begins anew."""

    def __init__(self, place: HSMPlace) -> None:
        """Take where it is; nothing is loaded before a key is asked for."""
        self._place = place
        self._session: pkcs11.Session | None = None
        self._keys: dict[str, Any] = {}
        """Of that session, by label: looking one up takes three times as long as signing."""
        self._pid = os.getpid()
        self._tried = False
        """Whether this process spoke to the token before."""
        self._away_until = 0.0
        self._refused_pin = b""

    def signer(
        self, label: str, *, key_id: str, certificate: bytes, chain: tuple[bytes, ...], algorithm: str
    ) -> Signer:
        """Return the signer of the private key named *label*; it signs once, to see that it is the one.

        Raises:
            KeyMaterialError: there is no such key, it is of another kind, or not the certificate's; the
                module cannot be loaded or refuses the PIN.
            HSMUnavailableError: the token does not answer.
        """
        signature = self.sign(label, algorithm, _PROBE)
        if not verifies(certificate, "ecdsa" if algorithm == "p256" else "rsa", signature, _PROBE):
            raise KeyMaterialError(
                f"the key {label!r} in the token is not the one of {key_id}'s certificate; "
                "name the right label in the trust list"
            )
        return HSMSigner(
            key_id=key_id, certificate=certificate, chain=chain, algorithm=algorithm, label=label, hsm=self
        )

    def sign(self, label: str, algorithm: str, message: bytes) -> bytes:
        """Sign with SHA-256: DER ECDSA, or RSASSA-PKCS1-v1_5. Errors as ``signer``."""
        binding = _binding()

        def by(session: pkcs11.Session) -> bytes:
            key = self._keys.get(label)
            if key is None:
                key = cast(Any, session.get_key(object_class=binding.ObjectClass.PRIVATE_KEY, label=label))
                if key.key_type != (binding.KeyType.EC if algorithm == "p256" else binding.KeyType.RSA):
                    raise KeyMaterialError(f"the key {label!r} in the token is no {algorithm} key")
                self._keys[label] = key
            if algorithm != "p256":
                return bytes(key.sign(message, mechanism=binding.Mechanism.SHA256_RSA_PKCS))
            # Tokens differ in which hashes they take beside a curve; every one signs a digest.
            raw = bytes(key.sign(hashlib.sha256(message).digest(), mechanism=binding.Mechanism.ECDSA))
            if len(raw) != 2 * _HALF:
                raise KeyMaterialError(f"the key {label!r} in the token is not on the curve P-256")
            return encode_dss_signature(int.from_bytes(raw[:_HALF]), int.from_bytes(raw[_HALF:]))

        return self._ask(label, by)

    def public_key(self, label: str) -> bytes:
        """Return the public key beside *label*: SubjectPublicKeyInfo, DER. Errors as ``signer``."""
        binding = _binding()

        def by(session: pkcs11.Session) -> bytes:
            key = session.get_key(object_class=binding.ObjectClass.PUBLIC_KEY, label=label)
            if key.key_type == binding.KeyType.EC:
                return bytes(binding.util.ec.encode_ec_public_key(key))
            # PKCS #1 is what the binding gives; everybody else speaks of SubjectPublicKeyInfo.
            numbers = asn1.RSAPublicKey.load(binding.util.rsa.encode_rsa_public_key(key))
            return bytes(asn1.PublicKeyInfo.wrap(numbers, "rsa").dump())

        return self._ask(label, by)

    def _ask(self, label: str, by: Callable[[pkcs11.Session], _T]) -> _T:
        """Do something in the session; when that fails, once more in a new one."""
        with self._turn():
            if self._session is not None and self._pid == os.getpid():
                # A token that went away and came back leaves a session in which not even keys are found.
                with suppress(_binding().PKCS11Error):
                    return by(self._session)
            return self._ask_afresh(label, by)

    def _ask_afresh(self, label: str, by: Callable[[pkcs11.Session], _T]) -> _T:
        binding = _binding()
        again, self._tried = self._tried or self._pid != os.getpid(), True
        self._session, self._pid = None, os.getpid()
        self._keys.clear()
        try:
            session = self._log_in(afresh=again)
            answer = by(session)
        except (binding.NoSuchKey, binding.MultipleObjectsReturned) as fault:
            raise KeyMaterialError(
                f"the token {self._place.token!r} has no single key {label!r}; "
                "look with your HSM's tool, and name the right label in the trust list"
            ) from fault
        except (binding.KeyTypeInconsistent, binding.MechanismInvalid, binding.KeySizeRange) as fault:
            raise KeyMaterialError(
                f"the key {label!r} in the token cannot sign as the trust list says: {_told(fault)}"
            ) from fault
        except binding.PKCS11Error as fault:
            self._away_until = time.monotonic() + _REST_S
            raise HSMUnavailableError(
                f"the PKCS#11 token {self._place.token!r} does not answer: {_told(fault)}"
            ) from fault
        self._session = session
        return answer

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not _TURN.acquire(timeout=WAIT_S):
            raise HSMUnavailableError(f"the PKCS#11 token is busy for over {WAIT_S:.0f} s")
        try:
            if time.monotonic() < self._away_until:
                raise HSMUnavailableError(f"the PKCS#11 token {self._place.token!r} was away just now")
            yield
        finally:
            _TURN.release()

    def _log_in(self, *, afresh: bool) -> pkcs11.Session:
        """Open a session; *afresh* lets the module look for its tokens anew, which it does only then."""
        binding = _binding()
        try:
            library = binding.lib(str(self._place.module))
        except binding.PKCS11Error as fault:
            if type(fault) is not binding.PKCS11Error:
                # It is loaded, and has nothing to speak to.
                raise
            raise KeyMaterialError(
                f"the PKCS#11 module {self._place.module} cannot be loaded: {fault}; "
                "set CERTSVC_PKCS11_MODULE to your HSM's library"
            ) from fault
        if afresh:
            library.reinitialize()
        token = library.get_token(token_label=self._place.token)
        pin = self._place.read_pin()
        tried = hashlib.sha256(pin.encode()).digest()
        if tried == self._refused_pin:
            # A token locks after a few wrong ones; each request would be one.
            raise KeyMaterialError("the PKCS#11 token refused this PIN; correct it, it is not tried again")
        try:
            session: pkcs11.Session = token.open(user_pin=pin)
        except binding.UserAlreadyLoggedIn:
            session = token.open()
        except (binding.PinIncorrect, binding.PinInvalid, binding.PinLenRange, binding.PinLocked) as fault:
            self._refused_pin = tried
            raise KeyMaterialError(
                f"the PKCS#11 token {self._place.token!r} refuses the PIN: {_told(fault)}"
            ) from fault
        return session


def _binding() -> ModuleType:
    """Import the binding only where keys are in hardware. KeyMaterialError when it is not installed."""
    try:
        import pkcs11
        import pkcs11.util.ec
        import pkcs11.util.rsa
    except ImportError as fault:
        raise KeyMaterialError("keys in hardware need the extra: uv sync --extra pkcs11") from fault
    return pkcs11


def _told(fault: Exception) -> str:
    return f"{type(fault).__name__} {fault}".strip()
