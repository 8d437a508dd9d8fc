"""What a licence says about itself, for machines. Source: short names of GB/T 36903, docs/sources.md.

The number of the identity document (CZZTDM) is left out on purpose: no file of ours carries it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.clock import BEIJING, beijing_day
from certsvc.domain.endorsement import Copy
from certsvc.domain.events import IdType
from certsvc.domain.policy import Issuer, Policy
from certsvc.domain.registration import Specialty

_RESIDENT: Final = ("公民身份号码", "111")
_OTHER: Final = ("其他", "999")


def licence_metadata(
    issuer: Issuer,
    policy: Policy,
    version: CertificateVersion,
    copy: Copy,
    specialties: Sequence[Specialty],
    *,
    id_type: IdType | None = None,
) -> tuple[tuple[str, str], ...]:
    """Return (short name, value) pairs in a fixed order; each name once, values not escaped for any format.

    Days are ``YYYY-MM-DD``, instants RFC 3339 at +08:00. Values for several specialties stand in the order of
    *specialties*, separated by ``;``, with an empty place where none is known.

    Args:
        issuer: who issues.
        policy: of the certificate type.
        version: the version printed.
        copy: the original or endorsed copy being made.
        specialties: those printed, in the order of print.
        id_type: kind of the holder's document; None leaves the two elements about it out.
    """
    return (
        *_licence(issuer, policy, version, copy, specialties),
        *_holder(version, id_type),
        *_making(issuer, copy),
        *_extensions(policy, version, copy, specialties),
    )


def _licence(
    issuer: Issuer,
    policy: Policy,
    version: CertificateVersion,
    copy: Copy,
    specialties: Sequence[Specialty],
) -> list[tuple[str, str]]:
    pairs = [
        ("ZZMC", policy.title),
        ("ZZLXDM", issuer.type_code),
        ("ZZBH", version.face.registration_number),
        ("ZZBS", version.licence_id),
        ("ZZBFJG", issuer.name),
        ("ZZBFJGDM", issuer.uscc),
        ("ZZBFRQ", beijing_day(version.created_at).isoformat()),
    ]
    if specialties:
        pairs += [
            ("ZZYXQQSRQ", min(specialty.valid_from for specialty in specialties).isoformat()),
            ("ZZYXQJZRQ", max(specialty.valid_to for specialty in specialties).isoformat()),
        ]
    return pairs


def _holder(version: CertificateVersion, id_type: IdType | None) -> list[tuple[str, str]]:
    pairs = [("CZZT", version.face.name)]
    if id_type is not None:
        kind, code = _RESIDENT if id_type is IdType.RESIDENT_ID else _OTHER
        pairs += [("CZZTDMLX", kind), ("CZZTDMLXDM", code)]
    return pairs


def _making(issuer: Issuer, copy: Copy) -> list[tuple[str, str]]:
    made_at = _instant(copy.reserved_at)
    pairs = [
        ("ZZQZR", issuer.name),
        ("ZZQZSJ", made_at),
        ("ZZQZMC", issuer.name),
        ("CJSJ", made_at),
    ]
    if copy.grant is not None:
        pairs += [
            ("JZJZZSJ", made_at),
            ("JZJZZZ", issuer.name),
            ("JZJZZSY", copy.purpose or ""),
            # The last day counts whole, so the copy ends with its last second.
            ("JZJYXQJZSJ", f"{copy.grant.use_until.isoformat()}T23:59:59+08:00"),
        ]
    return pairs


def _extensions(
    policy: Policy, version: CertificateVersion, copy: Copy, specialties: Sequence[Specialty]
) -> list[tuple[str, str]]:
    face = version.face
    return [
        ("KZ_certClass", policy.profession),
        ("KZ_empEnp", face.employer.name),
        ("KZ_empEnpCode", face.employer.uscc),
        ("KZ_specSub", ";".join(specialty.name for specialty in specialties)),
        ("KZ_specSubCode", ";".join(policy.specialty_code(specialty.name) for specialty in specialties)),
        ("KZ_quaCertNum", face.qualification_number or ""),
        ("KZ_subBeginDate", ";".join(specialty.valid_from.isoformat() for specialty in specialties)),
        ("KZ_subEndDate", ";".join(specialty.valid_to.isoformat() for specialty in specialties)),
        # An extension of ours: without it a file could not be held against a status list.
        *([] if copy.status_index is None else [("KZ_statusIndex", str(copy.status_index))]),
    ]


def _instant(at: datetime) -> str:
    return at.astimezone(BEIJING).isoformat(timespec="seconds")
