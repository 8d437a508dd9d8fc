"""An offline code in the hands of those who have the register: its digits are checked, not ignored."""

from __future__ import annotations

from datetime import timedelta

from certsvc.domain.report import Check, Report
from certsvc.qr.offline import encode_claims
from certsvc.sealing.port import Signer
from certsvc.verification.question import Question
from tests.offline import PUBLIC_URL, SampleSigner
from tests.verification.offline_hand import Handed, of, signed_by


def online(handed: Handed, text: str) -> Report:
    """Ask the service about a text."""
    return handed.world.services.verifier.verify(Question(qr=text))


def test_online_the_digits_must_agree_with_the_record(handed: Handed) -> None:
    """The link opens the record; digits on it are checked, not ignored."""
    report = online(handed, handed.text)

    assert report.status == "VALID"
    assert of(report, Check.QR_MATCHES) == ("pass", "OK")
    for changes, field in (
        ({"employer": "另一家企业有限公司"}, "employer"),
        ({"use_until": handed.claims.use_until + timedelta(days=1)}, "use_until"),
        ({"status_index": 1}, "status_index"),
    ):
        report = online(handed, signed_by(handed, **changes))
        assert report.status == "ALTERED"
        (found,) = (one for one in report.findings if one.check is Check.QR_MATCHES and one.result == "fail")
        assert (found.code, found.detail) == ("QR_MISMATCH", field)
        assert report.face is not None, "what the record says is shown beside it"


def test_online_digits_that_are_not_ours_are_told(handed: Handed) -> None:
    """Somebody has put digits of his own behind our link."""
    link, _, digits = handed.text.partition("#")
    forged = encode_claims(handed.claims, SampleSigner(), public_url=PUBLIC_URL)

    for text in (forged, f"{link}#{digits[:-1]}{(int(digits[-1]) + 1) % 10}", f"{link}#123"):
        report = online(handed, text)
        assert report.status == "ALTERED"
        assert of(report, Check.QR_MATCHES) == ("fail", "SIGNATURE_BROKEN")


def test_online_a_shortened_code_agrees_by_its_digests(handed: Handed) -> None:
    """What stands as a digest is compared as well as what stands in full."""
    shorter = handed.claims.shorter()
    assert shorter is not None
    signer: Signer = handed.world.services.keystore.service_signer("offline")

    assert online(handed, encode_claims(shorter, signer, public_url=PUBLIC_URL)).status == "VALID"
