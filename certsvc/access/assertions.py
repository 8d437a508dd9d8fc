"""Assertions of the upstream portal: a signed JWT (RFC 7519) says which holder it has just identified.

The algorithm is the key's, never the token's; each claim is read by type; each assertion counts once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import jwt

from certsvc.access.holder_links import KEPT_FOR
from certsvc.access.portal_keys import read_portal_keys
from certsvc.domain.clock import Clock
from certsvc.domain.events import HolderId
from certsvc.errors import AssertionRefusedError, AssertionsOffError, Fault
from certsvc.registry.lookup import registration_at
from certsvc.registry.port import Registry

LIFETIME: Final = timedelta(minutes=5)
"""The longest an assertion may be good for, from iat to exp."""
SLACK: Final = timedelta(seconds=30)
"""How far ahead of ours the portal's clock may go."""
TOKEN_MAX: Final = 8192
"""Characters; ours have some hundred."""
_JTI_MAX: Final = 200
_NUMBER_MAX: Final = 40
_HEADER: Final = frozenset({"alg", "kid", "typ"})
_YEAR_9999: Final = 253_402_300_799

_REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "form": ("不是签名的 JWT", "it is no signed JWT"),
    "header": ("头部含有不支持的参数", "its header has a member that is not supported"),
    "kid": ("签名密钥未知", "its key is not known"),
    "alg": ("签名算法与密钥不符", "its algorithm is not that of the key"),
    "signature": ("签名不符", "its signature does not hold"),
    "iss": ("签发者不符", "its issuer is another one"),
    "aud": ("不是发给本服务的", "it is meant for another service"),
    "iat": ("签发时间缺失或晚于现在", "its iat is missing or lies ahead"),
    "exp": ("失效时间缺失、已过或超过 5 分钟", "its exp is missing, over, or more than 5 minutes after iat"),
    "nbf": ("尚未生效", "it is not good yet"),
    "jti": ("编号缺失或过长", "its jti is missing or too long"),
    "replay": ("已使用过", "it was used before"),
    "registration_number": ("没有这个注册编号", "it names no registration here"),
}


class Assertions:
    """Takes assertions; safe to share between threads."""

    def __init__(
        self, *, registry: Registry, clock: Clock, jwks: Path | None, issuer: str, audience: str
    ) -> None:
        """Take whose assertions count.

        Args:
            registry: where used assertions are kept.
            clock: which time it is.
            jwks: file with the portal's public keys; None: no assertion counts.
            issuer: ``iss`` of the portal.
            audience: our own public URL, ``aud`` of every assertion for us.

        Raises:
            SettingsError: the file cannot be used.
        """
        self._registry = registry
        self._clock = clock
        self._jwks = jwks
        self._issuer = issuer
        self._audience = audience.rstrip("/")
        if jwks is not None:
            read_portal_keys(jwks)

    @property
    def on(self) -> bool:
        """Whether a portal is set."""
        return self._jwks is not None

    def use(self, token: str) -> HolderId:
        """Use an assertion up; returns whom it lets in.

        Raises:
            AssertionsOffError: no portal is set.
            AssertionRefusedError: naming what is wrong; the assertion is not used up by that.
            SettingsError: the file of keys was damaged since the start.
        """
        if self._jwks is None:
            raise AssertionsOffError
        now = self._clock.now()
        claims = self._claims(token, self._jwks)
        expires_at = self._checked(claims, now)
        jti, number = claims.get("jti"), claims.get("registration_number", claims.get("sub"))
        if not isinstance(jti, str) or not 0 < len(jti) <= _JTI_MAX or not jti.isprintable():
            raise _refused("jti")
        if not isinstance(number, str) or not 0 < len(number) <= _NUMBER_MAX or not number.isprintable():
            raise _refused("registration_number")
        with self._registry.writing() as session:
            registration_id = registration_at(session, number, now)
            if registration_id is None:
                raise _refused("registration_number")
            holder_id = session.holder_of(registration_id)
            # Its own expiry, checked before this, keeps out what is forgotten here.
            session.forget_entries(now - KEPT_FOR, now - LIFETIME)
            if not session.use_assertion(self._issuer, jti, holder_id, now, expires_at):
                raise _refused("replay")
        return holder_id

    def _claims(self, token: str, jwks: Path) -> Mapping[str, Any]:
        """Return what is said, once its signature held."""
        if not token.isascii() or len(token) > TOKEN_MAX:
            raise _refused("form")
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, RecursionError) as error:
            raise _refused("form") from error
        if not header.keys() <= _HEADER:
            # crit, b64, jwk, jku, x5c: a header must not say how, or by whose key, it is to be believed.
            raise _refused("header")
        kid = header.get("kid")
        known = read_portal_keys(jwks).get(kid) if isinstance(kid, str) else None
        if known is None:
            raise _refused("kid")
        if header.get("alg") != known.algorithm:
            raise _refused("alg")
        try:
            claims = jwt.decode(
                token,
                known.key,
                algorithms=[known.algorithm],
                # Claims are checked below, by our clock and strictly; the library has a clock of its own.
                options={
                    f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
                },  # type: ignore[arg-type]  # a TypedDict upstream
            )
        except jwt.InvalidSignatureError as error:
            raise _refused("signature") from error
        except (jwt.PyJWTError, RecursionError) as error:
            raise _refused("form") from error
        return claims

    def _checked(self, claims: Mapping[str, Any], now: datetime) -> datetime:
        """Check who says it, to whom and when; returns when it expires."""
        if claims.get("iss") != self._issuer:
            raise _refused("iss")
        if claims.get("aud") not in (self._audience, [self._audience]):
            raise _refused("aud")
        issued_at = _instant(claims.get("iat"))
        if issued_at is None or issued_at > now + SLACK:
            raise _refused("iat")
        expires_at = _instant(claims.get("exp"))
        if expires_at is None or now >= expires_at or expires_at - issued_at > LIFETIME:
            raise _refused("exp")
        if "nbf" in claims:
            good_from = _instant(claims["nbf"])
            if good_from is None or good_from > now + SLACK:
                raise _refused("nbf")
        return expires_at


def _instant(value: object) -> datetime | None:
    """Return a NumericDate as an instant; None for anything else, true and false too."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _YEAR_9999:
        return None
    return datetime.fromtimestamp(value, UTC)


def _refused(reason: str) -> AssertionRefusedError:
    zh, en = _REASONS[reason]
    return AssertionRefusedError(Fault(f"/assertion/{reason}", zh, en))
