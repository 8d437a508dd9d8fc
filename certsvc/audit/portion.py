"""One portion of an audit: a check of the whole store, or some registrations with all their files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from certsvc.audit.case import Case, cases_of, types_of, unreadable
from certsvc.audit.checklist import CASE, FILE, PROGRAM, SYMBOL, FileCheck, store_checks
from certsvc.audit.checks.erasures import check_gone
from certsvc.audit.checks.logged import is_opened
from certsvc.audit.checks.rows import shown_key
from certsvc.audit.checks.stored import read_files
from certsvc.audit.checks.windows import id_type_of
from certsvc.audit.defect import Defect, Finding, Unchecked, plain
from certsvc.audit.exhibit import Exhibit
from certsvc.audit.lots import lot
from certsvc.audit.premises import Bench, Scope
from certsvc.domain.endorsement import Copy, CopyState


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """What one worker does in one go."""

    store: str = ""
    """Name of a check of the whole store; else the registrations count."""
    registrations: tuple[str, ...] = ()
    """Ids, rising."""


@dataclass(slots=True)
class Told:
    """What a portion gave."""

    findings: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """Of what was looked at, by name."""


class Auditor:
    """Carries out portions in one process."""

    def __init__(self, bench: Bench, scope: Scope) -> None:
        """Audit what is on the *bench*, as far as the *scope* goes."""
        self._bench = bench
        self._scope = scope

    def take(self, portion: Portion) -> Told:
        """Carry out one portion."""
        told = Told()
        if portion.store:
            told.findings += store_checks(self._bench)[portion.store](self._bench, self._scope)
        else:
            told.findings += self._registrations(portion, told.counts)
        return told

    def _registrations(self, portion: Portion, counts: Counter[str]) -> Iterator[Finding]:
        ids = portion.registrations
        policies = self._bench.premises.policies
        gathered = self._bench.review.gather(ids[0], ids[-1])
        for one in unreadable(gathered):
            yield Defect(code="ROW_UNREADABLE", kind=one.table, id=shown_key(one.table, one.key))
        for strange in sorted(types_of(gathered) - policies.keys()):
            yield Unchecked(code="NO_POLICY", detail=plain(strange))
        for case in cases_of(gathered, set(ids), policies):
            opened = [copy for copy in case.copies if self._is_drawn(copy)]
            if not opened and self._scope.drawn_below is not None:
                continue
            counts["registrations"] += 1
            counts["copies"] += len(case.copies)
            opened_entries = sum(map(is_opened, case.entries))
            counts["entries of the log"] += opened_entries
            counts["entries without a salt"] += len(case.entries) - opened_entries
            for check in CASE.values():
                yield from check(case, self._bench.premises, self._scope)
            for copy in opened if self._scope.files else ():
                yield from self._files(case, copy, counts)

    def _is_drawn(self, copy: Copy) -> bool:
        scope = self._scope
        if copy.state is not CopyState.DONE or (scope.since is not None and copy.reserved_at < scope.since):
            return False
        return scope.drawn_below is None or lot(scope.seed, "sample", copy.copy_id) < scope.drawn_below

    def _files(self, case: Case, copy: Copy, counts: Counter[str]) -> Iterator[Finding]:
        if case.erased_at is not None:
            yield from check_gone(case, copy, self._bench.shelf, self._scope)
            return
        contents, findings = read_files(copy, self._bench.shelf)
        yield from findings
        counts["files"] += len(contents)
        version = case.by_id.get(copy.version_id)
        if version is None or version.face.erased:
            # That it is missing, damaged or erased is told already; nothing tells what must be printed.
            return
        premises, seed = self._bench.premises, self._scope.seed
        symbols = lot(seed, "symbols", copy.copy_id) < self._scope.symbols_below
        programs = lot(seed, "programs", copy.copy_id) < self._scope.programs_below
        for form, content in contents.items():
            exhibit = Exhibit(
                copy=copy,
                version=version,
                specialties=version.face.specialties if copy.grant is None else copy.grant.specialties,
                id_type=id_type_of(case, copy),
                form=form,
                content=content,
                key=premises.keys.get(copy.key_id) if form == "pdf" else premises.seals.get(copy.seal_key_id),
                premises=premises,
            )
            yield from _judged(FILE[form], exhibit)
            if symbols:
                counts["symbols"] += 1
                yield from _judged(SYMBOL, exhibit)
            if programs:
                counts["given to openssl"] += 1
                yield from _judged(PROGRAM[form], exhibit)


def _judged(check: FileCheck, exhibit: Exhibit) -> Iterator[Finding]:
    try:
        yield from list(check(exhibit))
    except Exception as error:  # noqa: BLE001  one file that breaks a reader must not end the audit of all others
        where = f"{exhibit.copy.file_name(exhibit.form)}: {type(error).__name__}"
        yield Unchecked(code="JUDGE_BROKE", detail=where)
