"""The text inside a QR symbol: written short and upper case, read with distrust.

A browser forgives a great deal in an address (tabs, backslashes, full-width letters, a user before the @);
every one of those is a way to show one host and open another. So nothing is forgiven here: a text is ours
only when it is, apart from case, exactly what we write.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

from certsvc.errors import SettingsError
from certsvc.qr.lookalike import looks_like
from certsvc.qr.token import canonical_token

Fault = Literal["FOREIGN_DOMAIN", "HOMOGLYPH_DOMAIN", "MALFORMED_QR"]

MAX_TEXT: Final = 4296
"""Most characters of an alphanumeric QR symbol (ISO/IEC 18004, version 40-L)."""

_PUBLIC_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::(?P<port>[1-9][0-9]{0,4}))?/?"
)
_LINK: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+)(?::(?P<port>[1-9][0-9]{0,4}))?(?P<path>/.*)", re.DOTALL
)
_PATH: Final = re.compile(r"/[vVcC]/(?P<token>[A-Za-z0-9]{1,64})(?:\?[A-Za-z0-9._~%&=+-]{0,200})?")
"""Chat programs add a query of their own to a link that is passed on (``?from=timeline``); the page at that
address does not heed it either. Nothing in it can name another host."""
_ADDED_TO: Final = re.compile(r"/[vVcC]/[A-Za-z0-9]{1,64}(?:\?[^#]*)?(?:#[^0-9].*)?", re.DOTALL)
"""Our link with more behind it than we look into; digits behind a ``#`` would be an offline code moved."""
_OFFLINE_PATH: Final = re.compile(r"/[cC]/(?P<token>[A-Za-z0-9]{1,64})#(?P<digits>.*)", re.DOTALL)
_ANY_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:(?=[^\s])")
_BARE_HOST: Final = re.compile(r"[^\s/\\:]+\.[^\s/\\:]{2,}(?::[0-9]+)?[/\\?#]")
_DEFAULT_PORT: Final = {"http": 80, "https": 443}
_DIGITS: Final = r"[1-9][0-9]{0,3999}"
"""More than any symbol on a page of ours holds, and fewer than Python refuses to turn into a number."""
OFFLINE: Final = re.compile(
    r"(?P<origin>https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9][0-9]{0,4})?)"
    rf"/c/(?P<token>[a-z0-9]{{1,64}})#(?P<digits>{_DIGITS})",
    re.ASCII | re.IGNORECASE,
)
"""The text of an offline symbol, of any host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QRClue:
    """What a QR text says: a token of ours, or what is wrong with it."""

    token: str | None = None
    """Canonical token; None when there is a fault."""
    fault: Fault | None = None
    offline: bool = False
    """It is the offline symbol: behind the link stand signed digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """Scheme, host and port, lower case."""

    scheme: str
    host: str
    port: int


def is_public_url(text: str) -> bool:
    """Tell whether *text* is scheme, ASCII host and port alone, as a public URL must be."""
    try:
        _origin(text)
    except SettingsError:
        return False
    return True


def verify_url(public_url: str, token: str) -> str:
    """Return the symbol's text: upper case throughout, so that QR alphanumeric mode holds it.

    Raises:
        SettingsError: *public_url* is not scheme, ASCII host and port alone.
    """
    _origin(public_url)
    return f"{public_url.rstrip('/')}/v/{token}".upper()


def page_url(public_url: str, token: str) -> str:
    """Return the link people follow: the public URL in its own case, /v/ and the token."""
    _origin(public_url)
    return f"{public_url.rstrip('/')}/v/{token}"


def offline_link(public_url: str, token: str) -> str:
    """Return the link of the offline symbol as it is signed, its ``#`` included.

    Scheme and host are in lower case, a default port is left out, the token is canonical.

    Raises:
        SettingsError: *public_url* is not scheme, ASCII host and port alone.
    """
    ours = _origin(public_url)
    port = "" if ours.port == _DEFAULT_PORT[ours.scheme] else f":{ours.port}"
    return f"{ours.scheme}://{ours.host}{port}/c/{token}#"


def read_payload(text: str, public_url: str) -> QRClue:
    """Read a text somebody found in a QR symbol.

    Blanks and line ends around it are a pasting slip and go; within it nothing is forgiven.

    Returns:
        The token; or FOREIGN_DOMAIN for any link that is not ours, HOMOGLYPH_DOMAIN when its host could be
        taken for ours, MALFORMED_QR for what is no link at all, our link with a damaged token, or with
        something added that is no plain query.
    """
    ours = _origin(public_url)
    text = text.strip(" \r\n")
    link = _LINK.fullmatch(_lower_ascii(text)) if len(text) <= MAX_TEXT else None
    if link and _same(link, ours):
        return _read_path(text[link.start("path") :])
    host = _shown_host(text[:MAX_TEXT])
    if host is None:
        return QRClue(fault="MALFORMED_QR")
    # Full-width letters or a zero-width space make a host that only a browser takes for ours.
    disguised = host.strip(".") == ours.host and ours.host not in _lower_ascii(text)
    if disguised or looks_like(host, ours.host):
        return QRClue(fault="HOMOGLYPH_DOMAIN")
    return QRClue(fault="FOREIGN_DOMAIN")


def _read_path(path: str) -> QRClue:
    """Read what stands behind our host."""
    if offline := _OFFLINE_PATH.fullmatch(path):
        token = canonical_token(offline["token"]) if re.fullmatch(_DIGITS, offline["digits"]) else None
        return QRClue(token=token, offline=True) if token else QRClue(fault="MALFORMED_QR")
    plain = _PATH.fullmatch(path)
    if plain is None:
        return QRClue(fault="MALFORMED_QR" if _ADDED_TO.fullmatch(path) else "FOREIGN_DOMAIN")
    token = canonical_token(plain["token"])
    return QRClue(token=token) if token else QRClue(fault="MALFORMED_QR")


def _origin(public_url: str) -> _Origin:
    """Return the parts of our own public URL, or raise SettingsError."""
    match = _PUBLIC_URL.fullmatch(_lower_ascii(public_url))
    port = int(match["port"] or _DEFAULT_PORT[match["scheme"]]) if match else 0
    if match is None or port > 65535 or ".." in match["host"]:
        raise SettingsError("the public URL must be http(s)://host[:port] with an ASCII host and no path")
    return _Origin(scheme=match["scheme"], host=match["host"], port=port)


def _same(link: re.Match[str], ours: _Origin) -> bool:
    """Tell whether a link leads to our scheme, host and port."""
    port = int(link["port"] or _DEFAULT_PORT[link["scheme"]])
    return (link["scheme"], link["host"], port) == (ours.scheme, ours.host, ours.port)


def _lower_ascii(text: str) -> str:
    """Return *text* with A-Z lowered and nothing else: U+212A must not become a k."""
    return text.translate({upper: upper + 32 for upper in range(0x41, 0x5B)})


def _shown_host(text: str) -> str | None:
    """Return the host a browser or a person would make of *text*, read generously; None for no link."""
    # A browser drops control characters before it reads the scheme and takes full-width letters for plain.
    bare = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf")).strip()
    folded = unicodedata.normalize("NFKC", bare).casefold()
    scheme = _ANY_SCHEME.match(folded)
    if scheme and (folded[scheme.end()] in "/\\" or scheme[0] in ("http:", "https:")):
        rest = folded[scheme.end() :]
    elif folded.startswith(("//", "\\\\", "www.")) or _BARE_HOST.match(folded):
        rest = folded
    else:
        # data:, javascript: and the like have no host, but a scanner may well run them.
        return "" if scheme else None
    authority = re.split(r"[/\\?#]", rest.lstrip("/\\"), maxsplit=1)[0]
    return re.sub(r":[0-9]*$", "", authority.rpartition("@")[2])
