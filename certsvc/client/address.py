"""Where the service is, and whether an API key may be sent there."""

from __future__ import annotations

import ipaddress
import ssl
from typing import Final
from urllib.parse import quote, urlsplit

import httpx

_KEY_MAX: Final = 100
_SEGMENT_MAX: Final = 200
"""Characters, far above any number or id."""


def check_base_url(base_url: str) -> str:
    """Return scheme, host and port of the service.

    Raises:
        ValueError: anything more than that, or plain http to another machine.
    """
    # Nothing of the address is repeated: people put keys and passwords into addresses.
    try:
        url = urlsplit(base_url)
        port = url.port
    except ValueError as error:
        raise ValueError("the base URL is no URL") from error
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ValueError("the base URL must be like https://verify.example.cn")
    if "@" in url.netloc or url.path not in {"", "/"} or url.query or url.fragment:
        raise ValueError("the base URL must be scheme, host and port alone")
    if url.scheme == "http" and not _is_loopback(url.hostname):
        raise ValueError("the base URL must be https: plain http would show the API key to the network")
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    base = f"{url.scheme}://{host}" + (f":{port}" if port is not None else "")
    try:
        understood = httpx.URL(base).host
    except httpx.InvalidURL:
        understood = ""
    odd = any(not character.isalnum() and character not in ".-_:" for character in url.hostname)
    if odd or understood != url.hostname:
        # Two readings of one address would be two services.
        raise ValueError("the base URL names no host that can be called")
    return base


def check_api_key(api_key: str) -> str:
    """Return the key; ValueError, which does not repeat it, when it cannot be one."""
    if (
        not 1 <= len(api_key) <= _KEY_MAX
        or not api_key.isascii()
        or not api_key.isprintable()
        or " " in api_key
    ):
        raise ValueError(f"an API key has 1 to {_KEY_MAX} visible ASCII characters")
    return api_key


def check_tls(tls: ssl.SSLContext | None) -> ssl.SSLContext | bool:
    """Return how to verify the service's certificate; ValueError for a context that does not."""
    if tls is None:
        return True
    if tls.verify_mode is not ssl.CERT_REQUIRED or not tls.check_hostname:
        raise ValueError("the TLS context must verify the certificate and the name of the service")
    return tls


def segment(text: str, what: str) -> str:
    """Return *text* as one segment of a path; ValueError where it would lead to another address."""
    if not 1 <= len(text) <= _SEGMENT_MAX or text in {".", ".."}:
        raise ValueError(f"this cannot be the {what}")
    return quote(text, safe="")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
