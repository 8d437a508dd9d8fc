"""Calls that verify."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Unpack

from certsvc.client.answers import Changes
from certsvc.client.errors import AnswerError, ClientError, ProblemError
from certsvc.client.many import PATH, Round, parts
from certsvc.client.question import Question, Terms, answer_to, check_answers, json_bytes
from certsvc.client.report import FILE_KINDS, Report, Status
from certsvc.client.transport import Call, Transport, reader

UPLOAD_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of a file the service opens."""
_report: Final = reader(Report)
_changes: Final = reader(Changes)
_bundle: Final = reader(dict[str, object])


class VerifyingCalls:
    """The part of the client for those who check certificates; all of it wants the scope verify.

    ``terms`` are *as_of*, *specialty* and *receipt* of Question. No call here changes anything, so that each
    may be repeated.
    """

    _transport: Transport

    def verify(self, question: Question) -> Report:
        """Ask one question."""

        def read(body: bytes) -> Report:
            return answer_to(question, _report(body))

        return self._transport.send(Call(method="POST", path=PATH, content=json_bytes(question.body())), read)

    def verify_qr(self, text: str, **terms: Unpack[Terms]) -> Report:
        """Verify the whole text of a QR symbol: the record it names, not the paper it is on."""
        return self.verify(Question(qr=text, **terms))

    def verify_code(self, code: str, **terms: Unpack[Terms]) -> Report:
        """Verify a typed code (核验码): the record it names, not the paper it is on."""
        return self.verify(Question(code=code, **terms))

    def verify_number(self, registration_number: str, name: str, **terms: Unpack[Terms]) -> Report:
        """Verify a registration by its number and the holder's whole name: the record, not a paper."""
        return self.verify(Question(registration_number=registration_number, name=name, **terms))

    def verify_sha256(self, sha256: str, **terms: Unpack[Terms]) -> Report:
        """Verify a file by the SHA-256 of its bytes, in hex."""
        return self.verify(Question(sha256=sha256, **terms))

    def verify_file(
        self, file: bytes | os.PathLike[str], *, upload: bool = False, **terms: Unpack[Terms]
    ) -> Report:
        """Verify a file, by its hash first: a file of ours need not leave the platform to be known.

        Args:
            file: its bytes, or where it lies.
            upload: send the file when its hash is not known, to learn why: altered, unsigned, somebody
                else's; also when the register cannot tell now, for its bytes may show it. Without it, or over
                10 MB, the report is the one on the hash: INVALID, UNKNOWN.
            terms: as in every question.
        """
        sha256, content = _digest_and_content(file)
        by_hash = self.verify_sha256(sha256, **terms)
        settled = by_hash.status not in {Status.UNKNOWN, Status.UNAVAILABLE}
        if not upload or settled or content is None:
            return by_hash
        as_of, receipt = terms.get("as_of"), terms.get("receipt", False)
        fields = {
            "as_of": as_of.isoformat() if as_of is not None else None,
            "specialty": terms.get("specialty"),
            "receipt": "true" if receipt else None,
        }

        def read(body: bytes) -> Report:
            return check_answers(_report(body), FILE_KINDS, as_of, receipt=receipt)

        given = {name: value for name, value in fields.items() if value is not None}
        return self._transport.send(Call(method="POST", path=PATH, upload=content, fields=given), read)

    def verify_many(self, questions: Iterable[Question]) -> Iterator[Report | ProblemError]:
        """Yield one answer to each question, in their order: its report, or why that question was refused.

        Questions are taken and sent as the answers are asked for, up to 1,000 at a time. What the service
        puts off, as too many at once, is asked again by itself; what stays put off is yielded as its refusal.

        Raises:
            ClientError: a whole part got no answer.
        """
        for part in parts(questions):
            round_ = Round(part)
            try:
                self._transport.send(round_.call, round_.read)
            except ClientError:
                if not round_.is_answered:
                    raise
            yield from round_.answers()

    def changes(self, since: str | None = None) -> Iterator[Changes]:
        """Yield what changed, page by page, in certificates this client verified.

        Ends when there is nothing more for now. Keep ``next_cursor`` of a page once its items are dealt with,
        and begin with it the next time: then nothing is lost.

        Args:
            since: the cursor kept last; None: from the beginning.
        """
        cursor = since
        while True:
            query = {"since": cursor} if cursor is not None else {}
            page = self._transport.send(Call(method="GET", path="/api/v1/changes", query=query), _changes)
            if not page.items:
                return
            if page.next_cursor == cursor:
                raise AnswerError("the feed does not go on")
            yield page
            cursor = page.next_cursor

    def trust_bundle(self) -> bytes:
        """Return the trust bundle: keys and status lists for verifying without network; needs no scope.

        The bytes are what ``certsvc verify --offline --trust`` reads; that checks the signatures in it.
        """

        def read(body: bytes) -> bytes:
            if not {"trust", "status"} <= _bundle(body).keys():
                raise ValueError("the answer is no trust bundle")
            return body

        call = Call(method="GET", path="/.well-known/certsvc/bundle.json", public=True)
        return self._transport.send(call, read)


def _digest_and_content(file: bytes | os.PathLike[str]) -> tuple[str, bytes | None]:
    """Return the SHA-256 of a file, and its bytes unless it is too large to be sent."""
    with io.BytesIO(file) if isinstance(file, bytes) else Path(file).open("rb") as stream:
        content = stream.read(UPLOAD_LIMIT + 1)
        digest = hashlib.sha256(content)
        while chunk := stream.read(UPLOAD_LIMIT):
            digest.update(chunk)
    return digest.hexdigest(), content if len(content) <= UPLOAD_LIMIT else None
