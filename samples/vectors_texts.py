"""The vectors that are texts: QR texts, codes, hashes, numbers with names, offline codes, and a clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from certsvc.domain.offline_claims import digest_of_text
from certsvc.qr.token import ALPHABET, check_character, show_code
from samples.vectors_story import Story, number_of
from tests.offline import SampleSigner


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One text with what it must come to."""

    name: str
    says: str
    status: str
    code: str
    """A finding that must be in the answer; the others are written down as they come."""
    input: Mapping[str, str]
    changes: Mapping[str, Any] = field(default_factory=dict)
    """What else the vector says: clock, as_of, specialty, trust, register, readers."""


def texts(story: Story) -> Iterator[Asked]:
    """Yield every vector for the verifier that has the register."""
    yield from _good(story)
    yield from _wrong(story)
    yield from _fates(story)
    yield from _conditions(story)
    yield from _codes_online(story)


def _good(story: Story) -> Iterator[Asked]:
    main = story.copy("main")
    url = str(story.endorsed["main"]["verify_url"])
    shown = show_code(main.code)
    for name, says, given in (
        ("good-qr", "the link of the symbol", {"qr": url}),
        ("good-qr-in-capitals", "the same as the symbol has it", {"qr": url.upper()}),
        ("good-qr-of-expiring", "a copy whose specialty ends soon", _qr(story, "expiring")),
        ("good-qr-of-late", "a copy that was made some days later", _qr(story, "late")),
        ("good-qr-lower-case", "the same in lower case", {"qr": url.lower()}),
        ("good-qr-with-blanks", "the same, pasted with a line end", {"qr": f"  {url}\r\n"}),
        ("good-code", "the code as printed", {"code": shown}),
        ("good-code-typed", "the code with dashes of an input method, in lower case",
         {"code": shown.lower().replace("-", "－")}),
        ("good-sha256-pdf", "the hash of the PDF", {"sha256": main.files["pdf"].sha256}),
        ("good-sha256-ofd", "the hash of the OFD", {"sha256": main.files["ofd"].sha256}),
        ("good-number-and-name", "number and full name", {"number": number_of("main"),
                                                          "name": story.names["main"]}),
    ):  # fmt: skip
        yield Asked(name=name, says=says, status="VALID", code="IN_REGISTRY", input=given)
    yield Asked(
        name="qr-of-the-older-of-two-copies", says="a newer copy exists; this one may still be used",
        status="VALID", code="NEWER_COPY_EXISTS", input=_qr(story, "twice"),
    )  # fmt: skip


def _wrong(story: Story) -> Iterator[Asked]:
    url = str(story.endorsed["main"]["verify_url"])
    host, token = url.split("/")[2], url.rsplit("/", 1)[1]
    code = story.copy("main").code
    typo = code[:3] + ALPHABET[(ALPHABET.index(code[3]) + 1) % 32] + code[4:]
    nobody = "00000000000"
    for name, says, status, reason, text in (
        ("qr-foreign-host", "another site", "NOT_OURS", "FOREIGN_DOMAIN", f"HTTPS://EXAMPLE.COM/V/{token}"),
        ("qr-plain-http", "our host without TLS", "NOT_OURS", "FOREIGN_DOMAIN", url.replace("https", "http")),
        ("qr-other-port", "our host, another port", "NOT_OURS", "FOREIGN_DOMAIN",
         url.replace(host, f"{host}:8443")),
        ("qr-user-in-front", "our host in front of an @, another behind it", "NOT_OURS", "FOREIGN_DOMAIN",
         f"https://{host}@example.com/v/{token}"),
        ("qr-lookalike-digit", "a digit that looks like a letter of our host", "NOT_OURS", "HOMOGLYPH_DOMAIN",
         url.replace("certs", "cert5")),
        ("qr-lookalike-cyrillic", "a Cyrillic letter in our host", "NOT_OURS", "HOMOGLYPH_DOMAIN",
         url.replace("certs", "сerts")),
        ("qr-lookalike-one-letter-more", "our host with a letter twice", "NOT_OURS", "HOMOGLYPH_DOMAIN",
         url.replace("certs", "certss")),
        ("qr-script", "a script instead of a link", "NOT_OURS", "FOREIGN_DOMAIN", "javascript:alert(1)"),
        ("qr-token-cut", "the last character is missing", "UNKNOWN", "MALFORMED_QR", url[:-1]),
        ("qr-no-link", "any text", "UNKNOWN", "MALFORMED_QR", "hello"),
        ("qr-unknown-token", "a token nobody was given", "UNKNOWN", "NOT_IN_REGISTRY",
         url.replace(token, "0" * 26)),
    ):  # fmt: skip
        yield Asked(name=name, says=says, status=status, code=reason, input={"qr": text})
    for name, says, status, reason, given in (
        ("code-one-character-wrong", "one character of the code is another", "UNKNOWN", "MALFORMED_CODE",
         {"code": typo}),
        ("code-too-short", "eleven characters", "UNKNOWN", "MALFORMED_CODE", {"code": code[:-1]}),
        ("code-unknown", "a code nobody was given", "UNKNOWN", "NOT_IN_REGISTRY",
         {"code": nobody + check_character(nobody)}),
        ("sha256-unknown", "the hash of another file", "UNKNOWN", "NOT_IN_REGISTRY", {"sha256": "00" * 32}),
        ("number-unknown", "a number nobody has", "UNKNOWN", "NOT_IN_REGISTRY",
         {"number": "京1992015202599999", "name": story.names["main"]}),
        ("number-with-another-name", "the name is another holder's", "UNKNOWN", "NOT_IN_REGISTRY",
         {"number": number_of("main"), "name": story.names["second"]}),
    ):  # fmt: skip
        yield Asked(name=name, says=says, status=status, code=reason, input=given)


def _fates(story: Story) -> Iterator[Asked]:
    for record, status, reason in (
        ("suspended", "SUSPENDED", "SUSPENDED"), ("cancelled", "CANCELLED", "CANCELLED"),
        ("revoked", "REVOKED", "REVOKED"), ("penalised", "REVOKED", "REVOKED_PENALTY"),
        ("moved", "SUPERSEDED", "SUPERSEDED"),
    ):  # fmt: skip
        yield Asked(
            name=f"qr-of-{record}", says=f"the registration is {record}", status=status, code=reason,
            input=_qr(story, record),
        )  # fmt: skip
    before = (story.began + timedelta(days=1)).isoformat()
    for record, status in (("cancelled", "VALID"), ("moved", "VALID"), ("revoked", "REVOKED")):
        yield Asked(
            name=f"qr-of-{record}-the-day-after-issue", says=f"{record} later; as of the day after issue",
            status=status, code="REVOKED" if status == "REVOKED" else "IN_REGISTRY",
            input=_qr(story, record), changes={"as_of": before, "differs_from": f"qr-of-{record}"},
        )  # fmt: skip
    ended = story.at(days=60).isoformat()
    yield Asked(
        name="qr-of-expiring", says="its only specialty has ended", status="EXPIRED", code="EXPIRED",
        input=_qr(story, "expiring"), changes={"clock": ended, "differs_from": "good-qr-of-expiring"},
    )  # fmt: skip
    yield Asked(
        name="qr-for-a-specialty-not-held", says="asked for a specialty that is not registered",
        status="EXPIRED", code="SPECIALTY_NOT_HELD", input=_qr(story, "main"),
        changes={"specialty": "矿业工程"},
    )  # fmt: skip
    yield Asked(
        name="qr-after-its-window", says="the last day of use is over", status="USE_EXPIRED",
        code="USE_EXPIRED", input=_qr(story, "main"), changes={"clock": story.at(days=200).isoformat()},
    )  # fmt: skip
    yield Asked(
        name="qr-before-it-was-issued", says="as of an instant before the copy was made", status="NOT_YET",
        code="COPY_NOT_YET", input=_qr(story, "late"),
        changes={"as_of": (story.began + timedelta(days=2)).isoformat(), "differs_from": "good-qr-of-late"},
    )  # fmt: skip


def _conditions(story: Story) -> Iterator[Asked]:
    """Things we lack: never said against what is in hand."""
    for name, says, reason, changes in (
        ("register-away", "the register cannot be asked", "REGISTRY_AWAY", {"register": "away"}),
        ("register-row-damaged", "the row fails its integrity check", "RECORD_DAMAGED",
         {"register": "damaged"}),
        ("clock-behind", "the clock stands an hour before the last recorded instant", "TIME_UNCERTAIN",
         {"clock": story.at(hours=-1).isoformat()}),
    ):  # fmt: skip
        yield Asked(
            name=f"qr-{name}", says=says, status="UNAVAILABLE", code=reason, input=_qr(story, "main"),
            changes=changes,
        )  # fmt: skip


def _codes_online(story: Story) -> Iterator[Asked]:
    """Offline codes in the hands of those who have the register."""
    good = story.code(story.claims("main"))
    yield Asked(name="offline-code-online", says="as printed", status="VALID", code="OK", input={"qr": good})
    yield Asked(
        name="offline-code-online-other-name", says="our key signed another name than the record's",
        status="ALTERED", code="QR_MISMATCH", input={"qr": story.code(story.claims("main", name="样本子"))},
    )  # fmt: skip
    yield Asked(
        name="offline-code-online-digit-changed", says="one digit is another", status="ALTERED",
        code="SIGNATURE_BROKEN", input={"qr": _other_digit(good)},
    )  # fmt: skip


def offline_texts(story: Story) -> Iterator[Asked]:
    """Yield every vector for the verifiers that have a trust bundle alone."""
    good = story.claims("main")
    url = str(story.endorsed["main"]["verify_url"])
    day = date.fromisoformat(story.ended.date().isoformat())
    stranger: Any = SampleSigner()
    for name, says, status, reason, text, changes in (
        ("code", "as printed", "VALID", "STATUS_AS_OF_LIST", story.code(good), {}),
        ("code-for-a-specialty", "as printed, asked for a specialty that is", "VALID", "SPECIALTY_OK",
         story.code(good), {"specialty": "机电工程"}),
        ("code-of-expiring-before-the-end", "its only specialty ends soon", "VALID", "SPECIALTY_OK",
         story.code(story.claims("expiring")), {}),
        ("code-link-in-capitals", "scheme and host in capitals", "VALID", "STATUS_AS_OF_LIST",
         story.code(good).replace("https://certs.example.org", "HTTPS://CERTS.EXAMPLE.ORG"), {}),
        ("code-purpose-as-digest", "the purpose was too long for the symbol", "VALID", "NOT_IN_CODE",
         story.code(story.claims("main", purpose=digest_of_text("很长的用途"))), {}),
        ("code-digit-changed", "one digit is another", "ALTERED", "SIGNATURE_BROKEN",
         _other_digit(story.code(good)), {}),
        ("code-cut", "the last digits are missing", "UNKNOWN", "MALFORMED_QR", story.code(good)[:-40], {}),
        ("code-behind-another-token", "the digits of one copy behind the link of another", "ALTERED",
         "SIGNATURE_BROKEN", story.code(good).replace(good.token, story.copy("second").token), {}),
        ("code-foreign-host", "the same digits behind another host", "NOT_OURS", "FOREIGN_DOMAIN",
         story.code(good).replace("certs.example.org", "example.com"), {}),
        ("code-lookalike-host", "a host that looks like ours", "NOT_OURS", "HOMOGLYPH_DOMAIN",
         story.code(good).replace("certs.", "cert5."), {}),
        ("the-other-symbol", "the symbol for checking online", "UNAVAILABLE", "NO_OFFLINE_CODE", url, {}),
        ("code-by-a-stranger", "signed by a key that is not on the list", "NOT_OURS", "SIGNER_NOT_OURS",
         story.code(good, stranger), {}),
        ("code-by-a-newer-key", "signed by an unknown key after the list was made", "UNAVAILABLE",
         "KEYS_OLDER",
         story.code(story.claims("main", issued_at=story.at(hours=1)), stranger), {}),
        ("code-by-a-leaked-key", "the list says that the key leaked", "NOT_OURS", "KEY_COMPROMISED",
         story.code(good), {"trust": "bundle-keys-leaked.json"}),
        ("code-before-the-key", "issued before the key was valid", "NOT_OURS", "SIGNED_OUTSIDE_VALIDITY",
         story.code(good), {"trust": "bundle-keys-too-young.json"}),
        ("code-without-a-list", "the bundle has no list for it", "UNAVAILABLE", "STATUS_LIST_MISSING",
         story.code(good), {"trust": "bundle-without-lists.json"}),
        ("code-with-a-list-of-24-hours", "the list is 24 hours old to the second", "VALID",
         "STATUS_AS_OF_LIST", story.code(good), {"clock": story.at(hours=24).isoformat()}),
        ("code-with-an-older-list", "and one second more", "UNAVAILABLE", "STATUS_LIST_OLD",
         story.code(good), {"clock": story.at(hours=24, seconds=1).isoformat()}),
        ("code-clock-behind", "the clock stands a day before the list", "UNAVAILABLE", "TIME_UNCERTAIN",
         story.code(good), {"clock": story.at(days=-1).isoformat()}),
        ("code-not-yet", "its first day of use has not come", "NOT_YET", "USE_NOT_YET",
         story.code(story.claims("main", use_from=day + timedelta(days=9))), {}),
        ("code-after-its-window", "the last day of use is over", "USE_EXPIRED", "USE_EXPIRED",
         story.code(story.claims("main", use_until=day - timedelta(days=1))), {}),
        ("code-of-expiring", "its only specialty has ended", "EXPIRED", "EXPIRED",
         story.code(story.claims("expiring")),
         {"clock": story.at(days=60).isoformat(), "differs_from": "offline-code-of-expiring-before-the-end"}),
        ("code-specialty-ended", "asked for a specialty that has ended", "EXPIRED", "SPECIALTY_EXPIRED",
         story.code(good), {"specialty": "机电工程", "clock": story.at(days=120).isoformat(),
                            "differs_from": "offline-code-for-a-specialty"}),
        ("code-specialty-not-held", "asked for a specialty that is not printed", "EXPIRED",
         "SPECIALTY_NOT_HELD", story.code(good), {"specialty": "矿业工程"}),
        ("code-of-cancelled", "cancelled", "CANCELLED", "ENDED_ON_LIST",
         story.code(story.claims("cancelled")), {}),
        ("code-of-revoked", "revoked; a list does not tell which", "CANCELLED", "ENDED_ON_LIST",
         story.code(story.claims("revoked")), {}),
        ("code-of-suspended", "suspended", "SUSPENDED", "SUSPENDED",
         story.code(story.claims("suspended")), {}),
        ("code-of-moved", "the employer has changed", "SUPERSEDED", "SUPERSEDED",
         story.code(story.claims("moved")), {}),
        ("code-of-cancelled-with-an-older-list", "what has ended stays ended, however old the list",
         "CANCELLED", "ENDED_ON_LIST", story.code(story.claims("cancelled")),
         {"clock": story.at(days=9).isoformat(), "differs_from": "offline-code-of-cancelled"}),
        ("code-of-suspended-with-an-older-list", "a suspension may have been lifted since", "UNAVAILABLE",
         "STATUS_LIST_OLD", story.code(story.claims("suspended")),
         {"clock": story.at(days=9).isoformat(), "differs_from": "offline-code-of-suspended"}),
        ("no-link", "any text", "UNKNOWN", "MALFORMED_QR", "hello", {}),
    ):  # fmt: skip
        yield Asked(
            name=f"offline-{name}", says=says, status=status, code=reason, input={"qr": text}, changes=changes
        )


def _qr(story: Story, name: str) -> Mapping[str, str]:
    return {"qr": str(story.endorsed[name]["verify_url"])}


def _other_digit(code: str) -> str:
    """Change one digit in the middle of the signature, which is behind the claims."""
    place = len(code) - 60
    return code[:place] + str((int(code[place]) + 1) % 10) + code[place + 1 :]
