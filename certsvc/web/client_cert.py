"""Client-Cert (RFC 9440): the certificate a caller showed to the proxy that ended TLS for us."""

from __future__ import annotations

import base64
import re
from typing import Final

from flask import request

from certsvc.errors import MalformedError
from certsvc.issuing.client_certificate import NOT_BELIEVED, NOT_ONE, ClientCertificate, from_der
from certsvc.web.caller import is_believed
from certsvc.web.current import services

HEADER: Final = "Client-Cert"
_BYTES: Final = re.compile(r":((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?):", re.ASCII)
"""A byte sequence of RFC 9651, 3.3.5, without parameters: RFC 9440 gives it none."""
_LONGEST: Final = 16_384


def shown_certificate() -> ClientCertificate | None:
    """Return the certificate of this request's caller; None when there is none, or none is asked for.

    Raises:
        MalformedError: the header is not as RFC 9440 says, or comes from somebody who is no trusted proxy.
            Its content is then not looked at. Refused rather than overlooked: nobody sends it by chance, and
            a proxy that was left out of CERTSVC_TRUSTED_PROXIES is found with the first call.
    """
    settings = services().settings
    if settings.client_cert == "off" or HEADER not in request.headers:
        return None
    if not is_believed(request.remote_addr or "", settings.proxy_networks):
        raise MalformedError("Client-Cert from no trusted proxy", NOT_BELIEVED)
    lines = request.headers.getlist(HEADER)
    return from_field(lines[0] if len(lines) == 1 else ",".join(lines))


def from_field(value: str) -> ClientCertificate | None:
    """Read the header's value; None when it is empty, as proxies send it for who showed nothing.

    Raises:
        MalformedError: it is anything but one byte sequence that holds one certificate.
    """
    if not value:
        return None
    found = _BYTES.fullmatch(value) if len(value) <= _LONGEST else None
    der = base64.b64decode(found[1], validate=True) if found else b""
    # Bits that are left over must be zero, or one certificate could be written in several ways.
    if found is None or base64.b64encode(der).decode("ascii") != found[1]:
        raise MalformedError("Client-Cert is no byte sequence of RFC 9651", NOT_ONE)
    return from_der(der)
