"""SESeal and SES_Signature (GB/T 38540, version 4) written down once more, in another library's types."""

from __future__ import annotations

from typing import Any, ClassVar

from asn1crypto import core

Fields = list[tuple[Any, ...]]


class Header(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    """SES_Header."""

    _fields: ClassVar[Fields] = [
        ("mark", core.IA5String),
        ("version", core.Integer),
        ("vendor", core.IA5String),
    ]


class Certificates(core.SequenceOf):  # type: ignore[misc]
    """CertInfoList."""

    _child_spec = core.OctetString


class CertificateDigest(core.Sequence):  # type: ignore[misc]
    """CertDigestObj."""

    _fields: ClassVar[Fields] = [("type", core.PrintableString), ("value", core.OctetString)]


class CertificateDigests(core.SequenceOf):  # type: ignore[misc]
    """CertDigestList."""

    _child_spec = CertificateDigest


class Property(core.Sequence):  # type: ignore[misc]
    """SES_ESPropertyInfo; the list is of certificates unless told otherwise."""

    _fields: ClassVar[Fields] = [
        ("type", core.Integer),
        ("name", core.UTF8String),
        ("list_type", core.Integer),
        ("list", core.Any),
        ("created", core.GeneralizedTime),
        ("start", core.GeneralizedTime),
        ("end", core.GeneralizedTime),
    ]


class Picture(core.Sequence):  # type: ignore[misc]
    """SES_ESPictureInfo."""

    _fields: ClassVar[Fields] = [
        ("type", core.IA5String),
        ("data", core.OctetString),
        ("width", core.Integer),
        ("height", core.Integer),
    ]


class Extension(core.Sequence):  # type: ignore[misc]
    """ExtData."""

    _fields: ClassVar[Fields] = [
        ("id", core.ObjectIdentifier),
        ("critical", core.Boolean),
        ("value", core.OctetString),
    ]


class Extensions(core.SequenceOf):  # type: ignore[misc]
    """ExtensionDatas."""

    _child_spec = Extension


class SealInfo(core.Sequence):  # type: ignore[misc]
    """SES_SealInfo."""

    _fields: ClassVar[Fields] = [
        ("header", Header),
        ("id", core.IA5String),
        ("property", Property),
        ("picture", Picture),
        ("extensions", Extensions, {"explicit": 0, "optional": True}),
    ]


class Seal(core.Sequence):  # type: ignore[misc]
    """SESeal."""

    _fields: ClassVar[Fields] = [
        ("info", SealInfo),
        ("maker", core.OctetString),
        ("algorithm", core.ObjectIdentifier),
        ("signature", core.OctetBitString),
    ]


class ToSign(core.Sequence):  # type: ignore[misc]
    """TBS_Sign."""

    _fields: ClassVar[Fields] = [
        ("version", core.Integer),
        ("seal", Seal),
        ("time", core.GeneralizedTime),
        ("digest", core.OctetBitString),
        ("property_info", core.IA5String),
        ("extensions", Extensions, {"explicit": 0, "optional": True}),
    ]


class Signature(core.Sequence):  # type: ignore[misc]
    """SES_Signature."""

    _fields: ClassVar[Fields] = [
        ("to_sign", ToSign),
        ("certificate", core.OctetString),
        ("algorithm", core.ObjectIdentifier),
        ("signature", core.OctetBitString),
        ("time_stamp", core.OctetBitString, {"explicit": 0, "optional": True}),
    ]
