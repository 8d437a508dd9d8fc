"""Python client of the HTTP API; docs/client.md shows how it is used.

It needs httpx and pydantic and nothing else of certsvc, so that a platform can use it alone.
"""

from certsvc.client.answers import (
    Change,
    Changes,
    Endorsement,
    HolderLink,
    IssuedFile,
    Original,
    Recorded,
    Registration,
)
from certsvc.client.batches import Batch, BatchItem
from certsvc.client.errors import (
    AnswerError,
    ClientError,
    DigestError,
    Fault,
    Problem,
    ProblemError,
    UnreachableError,
)
from certsvc.client.event import Event
from certsvc.client.patience import Patience
from certsvc.client.question import Question
from certsvc.client.report import Finding, Report, Status, Verdict
from certsvc.client.session import Client

__all__ = [
    "AnswerError",
    "Batch",
    "BatchItem",
    "Change",
    "Changes",
    "Client",
    "ClientError",
    "DigestError",
    "Endorsement",
    "Event",
    "Fault",
    "Finding",
    "HolderLink",
    "IssuedFile",
    "Original",
    "Patience",
    "Problem",
    "ProblemError",
    "Question",
    "Recorded",
    "Registration",
    "Report",
    "Status",
    "UnreachableError",
    "Verdict",
]
