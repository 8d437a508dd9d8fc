"""The states a certificate type is looked at in: every kind of copy, with short, long and rare values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from certsvc.domain.endorsement import CopyKind
from certsvc.domain.registration import Specialty
from certsvc.page.certificate_type import CertificateType
from certsvc.page.compose import Subject
from certsvc.page.sample import sample_subject

RARE_NAME: Final = "龙𬭎䶮"
"""Characters of two extensions of the character set."""
DOTTED_NAME: Final = "买买提·艾力"
FILLER: Final = "示例测试样本"
"""Wide characters that a long value is made of: nothing a request may bring is wider."""
LONGEST_HOST: Final = "verify.constructors.example.cn"
"""30 characters: the longest host whose symbol has 33 modules."""
WIDEST_CODE: Final = "WWWW-WWWW-WWWW"
ISSUER_MAX: Final = 40
"""Characters of an issuer's name; the settings take no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One face to look at."""

    name: str
    """Fit for a file name."""
    zh: str
    """What it shows, in Chinese."""
    en: str
    subject: Subject


def long_text(length: int) -> str:
    """Return a text of so many wide characters."""
    return (FILLER * (length // len(FILLER) + 1))[:length]


def all_states(
    kind: CertificateType,
    modules: tuple[Sequence[int], ...],
    offline: tuple[Sequence[int], ...],
    *,
    photo: bytes | None = None,
    signature: bytes | None = None,
) -> Iterator[State]:
    """Yield every state of *kind*; those with the second symbol only where it has a place.

    Args:
        kind: the certificate type.
        modules: a symbol of the usual size.
        offline: a second symbol of the usual size.
        photo: normalised JPEG of nobody.
        signature: normalised PNG of nobody.
    """
    plain, copy = (
        replace(sample_subject(kind, modules, each), photo=photo, signature=signature)
        for each in (CopyKind.ORIGINAL, CopyKind.ENDORSEMENT)
    )
    longest = _longest(kind, copy)
    first, every = kind.policy.specialty_names[:1], kind.policy.specialty_names
    yield State(name="original", zh="原件", en="original", subject=plain)
    yield State(name="endorsement", zh="加注件", en="endorsed copy", subject=copy)
    if kind.with_offline is not None:
        coded = replace(copy, offline=offline)
        yield State(name="offline", zh="加注件，带离线核验码", en="with the second symbol", subject=coded)
    unmarked = replace(copy, specimen=False)
    yield State(name="unmarked", zh="无“样本”水印", en="without the specimen mark", subject=unmarked)
    one = _with_specialties(copy, first)
    yield State(name="one-specialty", zh="一个专业", en="one specialty", subject=one)
    many = _with_specialties(copy, every)
    yield State(name="all-specialties", zh="全部专业", en="all specialties", subject=many)
    rare = _named(copy, RARE_NAME)
    yield State(name="rare-name", zh="生僻字姓名", en="a name of rare characters", subject=rare)
    dotted = _named(copy, DOTTED_NAME)
    yield State(name="dotted-name", zh="带间隔号的姓名", en="a name with an interpunct", subject=dotted)
    yield State(name="longest", zh="最长内容", en="longest values", subject=longest)
    view = replace(longest, copy=replace(plain.copy), specimen=True)
    yield State(name="longest-original", zh="原件，最长内容", en="original, longest values", subject=view)
    if kind.with_offline is not None:
        coded = replace(longest, offline=offline)
        zh, en = "最长内容，带离线核验码", "longest values with the second symbol"
        yield State(name="longest-offline", zh=zh, en=en, subject=coded)


def _longest(kind: CertificateType, subject: Subject) -> Subject:
    """Fill everything that a request or a setting brings to its limit."""
    policy = kind.policy
    face = subject.version.face
    employer = replace(face.employer, name=long_text(policy.employer_max))
    filled = replace(face, name=long_text(policy.name_max), employer=employer)
    return _with_specialties(
        replace(
            subject,
            version=replace(subject.version, face=filled),
            copy=replace(subject.copy, purpose=long_text(policy.purpose_max)),
            issuer=replace(subject.issuer, name=long_text(ISSUER_MAX)),
            host=LONGEST_HOST,
            code=WIDEST_CODE,
        ),
        policy.specialty_names,
    )


def _named(subject: Subject, name: str) -> Subject:
    version = subject.version
    return replace(subject, version=replace(version, face=replace(version.face, name=name)))


def _with_specialties(subject: Subject, names: Sequence[str]) -> Subject:
    like = subject.specialties[0]
    lines = tuple(Specialty(name=name, valid_from=like.valid_from, valid_to=like.valid_to) for name in names)
    return replace(subject, specialties=lines)
