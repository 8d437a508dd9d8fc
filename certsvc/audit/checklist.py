"""The table of everything an audit checks. A new kind of check is a file in checks/ and a line here.

Three kinds: of the store as a whole, of one registration with all its rows, and of one issued file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from certsvc.audit.case import Case
from certsvc.audit.checks.copies import check_copies
from certsvc.audit.checks.erasures import check_erased, check_list
from certsvc.audit.checks.history import check_history
from certsvc.audit.checks.log import check_log
from certsvc.audit.checks.log_tree import check_log_tree
from certsvc.audit.checks.logged import check_logged
from certsvc.audit.checks.ofd import check_ofd, check_ofd_by_program
from certsvc.audit.checks.order import check_order
from certsvc.audit.checks.packs import check_packs
from certsvc.audit.checks.pdf import check_pdf, check_pdf_by_program
from certsvc.audit.checks.references import check_named, check_unique
from certsvc.audit.checks.rows import check_rows
from certsvc.audit.checks.symbols import check_symbol
from certsvc.audit.checks.timestamps import check_timestamps
from certsvc.audit.checks.versions import check_versions
from certsvc.audit.checks.windows import check_windows
from certsvc.audit.defect import Defect, Finding
from certsvc.audit.exhibit import Exhibit
from certsvc.audit.premises import Bench, Premises, Scope

StoreCheck = Callable[[Bench, Scope], Iterator[Finding]]
CaseCheck = Callable[[Case, Premises, Scope], Iterator[Defect]]
FileCheck = Callable[[Exhibit], Iterator[Defect]]

STORE: Final[dict[str, StoreCheck]] = {
    "order of recording": check_order,
    "values that must be a row's own": check_unique,
    "rows that name others": check_named,
    "facts that must be logged": check_log,
    "tree of the log": check_log_tree,
    "time stamps beside files": check_timestamps,
    "list of erasures": check_list,
    "folder of issued files": check_packs,
}
"""Each goes over the whole store once, whatever part of the copies is opened."""
CASE: Final[dict[str, CaseCheck]] = {
    "events": lambda case, premises, scope: check_history(case),
    "versions": lambda case, premises, scope: check_versions(case),
    "copies": lambda case, premises, scope: check_copies(case, premises, scope.now),
    "windows": lambda case, premises, scope: check_windows(case),
    "entries of the log": lambda case, premises, scope: check_logged(case),
    "erasures": lambda case, premises, scope: check_erased(case),
}
FILE: Final[dict[str, FileCheck]] = {"pdf": check_pdf, "ofd": check_ofd}
"""By format: every file that is opened."""
SYMBOL: Final[FileCheck] = check_symbol
"""Files drawn by lot, or all: drawing a page takes longer than all the rest."""
PROGRAM: Final[dict[str, FileCheck]] = {"pdf": check_pdf_by_program, "ofd": check_ofd_by_program}
"""By format: files drawn by lot, since each takes a process or two."""


def store_checks(bench: Bench) -> dict[str, StoreCheck]:
    """Return every check of the whole store: those of the table, and the rows of each table."""
    rows = {f"rows of {table}": partial(check_rows, table=table) for table in bench.review.tables}
    return {**rows, **STORE}
