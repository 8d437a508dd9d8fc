"""The certificate a caller showed when it connected, as the proxy that ended TLS passes it on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certsvc.errors import Fault, InvalidFieldError, MalformedError

_PEM_BEGINS: Final = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """What of it counts: it is known by its hash alone, whoever issued it."""

    sha256: str
    """Hex, of the whole DER."""
    valid_from: datetime
    valid_until: datetime
    """Both are in it (RFC 5280, 4.1.2.5); UTC."""

    def is_valid(self, now: datetime) -> bool:
        """Tell whether *now* lies in its time."""
        return self.valid_from <= now <= self.valid_until


def from_der(der: bytes) -> ClientCertificate:
    """Read one certificate.

    Raises:
        MalformedError: these bytes are no X.509 certificate, or more than one.
    """
    try:
        return _read(lambda: x509.load_der_x509_certificate(der))
    except ValueError as error:
        raise MalformedError("client certificate: not DER of X.509", NOT_ONE) from error


def from_pem(pem: bytes) -> ClientCertificate:
    """Read the one certificate of a file.

    Raises:
        InvalidFieldError: there is none in it, or a chain, of which nobody can tell which one is meant.
    """
    try:
        if pem.count(_PEM_BEGINS) != 1:
            raise ValueError("not one certificate")
        return _read(lambda: x509.load_pem_x509_certificate(pem))
    except ValueError as error:
        raise InvalidFieldError(
            Fault(
                "/certificate",
                "文件中须有且仅有一张 PEM 格式的证书, 请只保留调用方自己的证书。",
                "the file must hold exactly one PEM certificate: the caller's own, without its chain.",
            )
        ) from error


def _read(load: Callable[[], x509.Certificate]) -> ClientCertificate:
    found = load()
    return ClientCertificate(
        sha256=hashlib.sha256(found.public_bytes(Encoding.DER)).hexdigest(),
        valid_from=found.not_valid_before_utc,
        valid_until=found.not_valid_after_utc,
    )


NOT_ONE: Final = Fault(
    "",
    "代理服务器传来的 Client-Cert 不是一张证书（RFC 9440），请管理员检查代理配置。",
    "Client-Cert, as the proxy passed it on, is no certificate (RFC 9440); its operator should check it.",
)
NOT_BELIEVED: Final = Fault(
    "",
    "请求直接带有 Client-Cert，但来源不是本服务信任的代理；请去掉该请求头，经代理以客户端证书建立连接。",
    "Client-Cert came from no trusted proxy; leave it out and show the certificate to the proxy.",
)
MISSING: Final = Fault(
    "",
    "此密钥须与绑定的客户端证书一同使用，但本次连接没有出示证书；请以该证书建立 TLS 连接。",
    "This key needs a client certificate, and none was shown; connect with a bound one.",
)
NOT_BOUND: Final = Fault(
    "",
    "出示的客户端证书没有绑定到此密钥的调用方；请使用绑定的证书，或请管理员绑定这一张。",
    "The client certificate is not one of this caller's; use a bound one, or ask for this one to be bound.",
)
OUT_OF_TIME: Final = Fault(
    "",
    "出示的客户端证书尚未生效或已过期；请使用有效期内的证书，并请管理员绑定。",
    "The client certificate has expired or is not valid yet; use one that is, and ask for it to be bound.",
)
NOT_TAKEN: Final = Fault(
    "",
    "此密钥须与客户端证书一同使用，但这台服务器没有启用客户端证书；请管理员设置 CERTSVC_CLIENT_CERT。",
    "This key needs a client certificate, and this server takes none (CERTSVC_CLIENT_CERT).",
)
