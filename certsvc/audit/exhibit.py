"""One issued file beside all the register says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from certsvc.audit.defect import Defect, joined
from certsvc.audit.premises import Premises, SealingKey
from certsvc.audit.rules import beijing, beijing_text, licence_parts
from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.endorsement import Copy
from certsvc.domain.events import IdType
from certsvc.domain.registration import Specialty
from certsvc.errors import DefectError

_SPACE: Final = re.compile(r"\s+")
_LIGATURES: Final = str.maketrans(
    {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
)
"""A reader may say the letters a Latin ligature is made of."""
_RESIDENT: Final = {"CZZTDMLX": "公民身份号码", "CZZTDMLXDM": "111"}
_OTHER: Final = {"CZZTDMLX": "其他", "CZZTDMLXDM": "999"}
_OF_TEMPLATE: Final = frozenset({"ZZMC", "KZ_certClass", "KZ_specSubCode"})
"""Template data, which may have been others when the copy was made."""
_OF_ISSUER: Final = ("ZZLXDM", "ZZBFJGDM")
"""Type code and issuer: as in the licence id, or as they are now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """A file to be judged."""

    copy: Copy
    version: CertificateVersion
    specialties: tuple[Specialty, ...]
    """Those it must print, in the order of the certificate."""
    id_type: IdType | None
    """Kind of the holder's document then; None when the events do not tell."""
    form: str
    content: bytes
    key: SealingKey | None
    """The key its row names; None for one nobody knows, which is told elsewhere."""
    premises: Premises

    def defect(self, code: str, detail: str = "") -> Defect:
        """Return a defect of this file."""
        return Defect(code=code, kind="copy", id=self.copy.copy_id, form=self.form, detail=detail)

    def compare_text(self, text: str) -> Iterator[Defect]:
        """Look for every field in the text of the page; white space does not count."""
        squeezed = _squeezed(text)
        wrong = [name for name, wanted in self._fields().items() if not re.search(wanted, squeezed)]
        if wrong:
            yield self.defect("TEXT_DIFFERS", joined(wrong))

    def compare_metadata(self, found: Mapping[str, str]) -> Iterator[Defect]:
        """Compare e-licence metadata, by their short names, with what they must be."""
        due = self._metadata()
        left_out = {*_OF_TEMPLATE, *_OF_ISSUER}
        if self.id_type is None:
            left_out |= set(_RESIDENT)
        wrong = [name for name in sorted({*due, *found} - left_out) if due.get(name) != found.get(name)]
        said = licence_parts(self.version.licence_id)
        now = self.premises.type_code(self.version.face.certificate_type), self.premises.issuer.uscc
        wrong += [
            name for place, name in enumerate(_OF_ISSUER) if found.get(name) not in (said[place], now[place])
        ]
        if wrong:
            yield self.defect("METADATA_DIFFERS", joined(wrong))

    def _fields(self) -> dict[str, str]:
        """Return a pattern of each field as it stands on the page, by name."""
        copy, face = self.copy, self.version.face
        if face.sex is None or face.birth_date is None:
            raise DefectError("nothing is held against a face that was erased")
        fields = {
            "name": _exactly(face.name),
            "sex": _exactly(face.sex.value),
            "birth_date": _day(face.birth_date),
            "registration_number": _exactly(face.registration_number),
            "employer": _exactly(face.employer.name),
            "issuer": _exactly(copy.issuer_name),
            "issued_on": _day(beijing(self.version.created_at)),
            "licence_id": _exactly(self.version.licence_id),
            "code": "-".join((copy.code[:4], copy.code[4:8], copy.code[8:])),
        }
        for one in self.specialties:
            # Between a name and its dates a label may stand.
            fields[f"specialty {one.name}"] = (
                rf"{_exactly(one.name)}\D{{0,8}}{_day(one.valid_from)}\D{{1,4}}{_day(one.valid_to)}"
            )
        if copy.grant is not None:
            fields["usage window"] = rf"{_day(copy.grant.use_from)}\D{{1,4}}{_day(copy.grant.use_until)}"
            fields["purpose"] = _exactly(copy.purpose or "")
        return fields

    def _metadata(self) -> dict[str, str]:
        copy, version, face = self.copy, self.version, self.version.face
        made_at = beijing_text(copy.reserved_at)
        due = {
            "ZZBH": face.registration_number,
            "ZZBS": version.licence_id,
            "ZZBFRQ": beijing(version.created_at).isoformat(),
            "CZZT": face.name,
            "KZ_empEnp": face.employer.name,
            "KZ_empEnpCode": face.employer.uscc,
            "KZ_quaCertNum": face.qualification_number or "",
            "KZ_specSub": ";".join(one.name for one in self.specialties),
            "KZ_subBeginDate": ";".join(one.valid_from.isoformat() for one in self.specialties),
            "KZ_subEndDate": ";".join(one.valid_to.isoformat() for one in self.specialties),
        }
        due |= dict.fromkeys(("ZZBFJG", "ZZQZR", "ZZQZMC"), copy.issuer_name)
        due |= dict.fromkeys(("ZZQZSJ", "CJSJ"), made_at)
        if self.specialties:
            due["ZZYXQQSRQ"] = min(one.valid_from for one in self.specialties).isoformat()
            due["ZZYXQJZRQ"] = max(one.valid_to for one in self.specialties).isoformat()
        if self.id_type is not None:
            due |= _RESIDENT if self.id_type is IdType.RESIDENT_ID else _OTHER
        if copy.grant is not None:
            due |= {
                "JZJZZSJ": made_at,
                "JZJZZZ": copy.issuer_name,
                "JZJZZSY": copy.purpose or "",
                "JZJYXQJZSJ": f"{copy.grant.use_until.isoformat()}T23:59:59+08:00",
                "KZ_statusIndex": str(copy.status_index),
            }
        return due


def _squeezed(text: str) -> str:
    return _SPACE.sub("", text).translate(_LIGATURES)


def _exactly(text: str) -> str:
    return re.escape(_squeezed(text))


def _day(day: date) -> str:
    """Return a pattern of a day as any wording writes it: year, month and day in their order."""
    return rf"(?<!\d){day.year}\D{{1,3}}0?{day.month}\D{{1,3}}0?{day.day}(?!\d)"
