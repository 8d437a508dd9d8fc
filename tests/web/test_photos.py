"""The photo tool on the web: the calls, the page, and what happens when a reader is away."""

from __future__ import annotations

import base64
import html
import re
import sys
from io import BytesIO

import pytest
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from certsvc.photo import normalise_photo, normalise_signature
from certsvc.verification.frames import READY
from certsvc.verification.pool import ReaderPool
from certsvc.verification.reading import Reading, parse_reading
from certsvc.web.limits import Rate
from tests.images import a_photo, drawn_signature, file_of
from tests.photo.test_tool_hostile import HOSTILE
from tests.portraits import Taken, as_file, portrait
from tests.web.site import HTML, Site, body_of

PHONE = as_file(portrait(Taken(size=(1500, 2000), ground=(225, 225, 225))))


def picture_in(page: str) -> bytes:
    """Return what the page offers to download."""
    found = re.search(r'id="download" href="data:image/[a-z]+;base64,([^"]+)"', page)
    assert found is not None
    return base64.b64decode(html.unescape(found[1]))


def test_check_answers_every_rule(standing_site: Site) -> None:
    """Accepted or not, a picture gets its report, in the caller's language."""
    body = body_of(standing_site.upload("/api/v1/photos/check", PHONE, {"Accept-Language": "en"}))

    assert (body["kind"], body["accepted"], body["conclusion"]) == ("photo", False, "refused")
    aspect = next(rule for rule in body["rules"] if rule["rule"] == "aspect")
    assert (aspect["result"], aspect["severity"], aspect["value"]) == ("failed", "refuses", "0.750")
    assert "5:7" in aspect["reason"] and "crop" in aspect["remedy"]


def test_fix_answers_the_file_the_register_takes(standing_site: Site) -> None:
    """What comes back can be recorded as it is, and fixing it again changes nothing."""
    body = body_of(standing_site.upload("/api/v1/photos/fix", PHONE))
    made = base64.b64decode(body["file"]["content"])

    assert [one["change"] for one in body["changes"]] == ["ground_whitened", "cropped", "scaled"]
    assert (body["fixed"], body["after"]["conclusion"], body["not_fixed"]) == (True, "passed", [])
    normalise_photo(made, pointer="")
    again = body_of(standing_site.upload("/api/v1/photos/fix", made))
    assert (again["fixed"], again["changes"], again["file"]) == (True, [], None)


def test_signature_is_fixed_too(standing_site: Site) -> None:
    """As JPEG it would be refused; as PNG with a transparent ground it is taken."""
    signature = file_of(drawn_signature(600, 225), "JPEG")
    body = body_of(standing_site.upload("/api/v1/photos/fix", signature, None, kind="signature"))

    assert body["file"]["media_type"] == "image/png"
    normalise_signature(base64.b64decode(body["file"]["content"]), pointer="")


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_file_gets_a_report(standing_site: Site, content: bytes) -> None:
    """Opened in a child process; the answer is a refusal in words, never an error of ours."""
    if len(content) > 10 * 1024 * 1024:
        content = content[: 10 * 1024 * 1024]
    answer = standing_site.upload("/api/v1/photos/fix", content)

    assert answer.status_code == 200
    body = body_of(answer)
    assert (body["fixed"], body["file"], body["before"]["accepted"]) == (False, None, False)


def test_bad_fields_are_named(standing_site: Site) -> None:
    """A slip must not be passed over."""
    for fields in ({"kind": "passport"}, {"sort": "photo"}):
        answer = standing_site.upload("/api/v1/photos/check", a_photo(), None, **fields)
        assert (answer.status_code, body_of(answer)["code"]) == (422, "INVALID_FIELD")


def test_page_shows_both_pictures_and_keeps_nothing(standing_site: Site) -> None:
    """A person without scripts sees each rule, the picture before and after, and can take it along."""
    asked = standing_site.client.get("/photo", headers=HTML).get_data(as_text=True)
    assert "不保存" in asked and "<script" not in asked
    answer = standing_site.upload("/photo", PHONE, HTML)
    page = answer.get_data(as_text=True)

    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    assert "不符合要求" in page and "宽高比" in page and "<script" not in page
    normalise_photo(picture_in(page), pointer="")
    english = standing_site.upload("/photo?lang=en", PHONE, HTML).get_data(as_text=True)
    assert "It would be refused" in english and "Download the fixed picture" in english


def test_page_says_what_is_missing(standing_site: Site) -> None:
    """Sent without a picture, or with a kind there is none of."""
    answer = standing_site.upload("/photo", a_photo(), HTML, kind="passport")

    assert answer.status_code == 422 and "photo 或 signature" in answer.get_data(as_text=True)


@pytest.mark.parametrize("several", [0, 2])
def test_page_takes_one_picture(standing_site: Site, several: int) -> None:
    """Of two, whoever sent them would not know which was judged."""
    files = [("file", FileStorage(BytesIO(a_photo()), "a.jpg")) for _ in range(several)]
    boundary, body = encode_multipart(MultiDict([("kind", "photo"), *files]))
    answer = standing_site.client.post(
        "/photo?lang=en",
        data=body,
        content_type=f"multipart/form-data; boundary={boundary}",
        headers=HTML,
    )
    assert answer.status_code == 422 and "choose one picture" in answer.get_data(as_text=True)


def test_work_is_counted(site: Site) -> None:
    """The page by address, the calls by client."""
    site.limit(upload=Rate(1, 1), client_upload=Rate(1, 1))
    photo = a_photo()

    assert site.upload("/photo", photo, HTML).status_code == 200
    assert site.upload("/photo", photo, HTML).status_code == 429
    assert site.upload("/api/v1/photos/check", photo).status_code == 200
    assert site.upload("/api/v1/photos/fix", photo).status_code == 429


def test_reader_that_is_away_or_killed_is_no_verdict(site: Site) -> None:
    """Busy is 503; a file that breaks its reader is "cannot tell", not refused and not passed."""
    # A pool of its own: that of the process serves every test.
    closed = ReaderPool(1)
    closed.close()
    site.world.services.verifier._readers = closed
    assert site.upload("/api/v1/photos/check", a_photo()).status_code == 503

    # Up, and dead at the first file.
    program = f"import os; os.write(1, {READY!r}); os.read(0, 1)"
    site.world.services.verifier._readers = ReaderPool(1, command=(sys.executable, "-c", program))
    body = body_of(site.upload("/api/v1/photos/check", a_photo()))
    assert (body["conclusion"], body["accepted"]) == ("cannot_tell", False)
    assert [rule["result"] for rule in body["rules"]] == ["cannot_tell"]


def test_what_a_child_may_not_say_is_not_believed() -> None:
    """A reader that a file took over could send anything; only a picture of the right kind passes."""
    photo = base64.b64encode(a_photo()).decode()
    said = '{{"fixed": {{"before": {0}, "after": {0}, "changes": {1}, "content": null}}, "file": "{2}"}}'
    report = '{"kind": "photo", "accepted": true, "findings": []}'

    good = parse_reading(said.format(report, '["cropped"]', photo).encode())
    assert isinstance(good, Reading) and good.made == a_photo()
    for changes, file in (
        ("[]", photo),
        ('["cropped"]', ""),
        ('["cropped"]', base64.b64encode(b"<script>").decode()),
        ('["painted"]', photo),
        ('["cropped"]', "%%%"),
    ):
        with pytest.raises(ValueError, match="no"):
            parse_reading(said.format(report, changes, file).encode())
    long = report.replace("[]", '[{"rule": "format", "outcome": "failed", "severity": "advice", "zh": "%s"}]')
    with pytest.raises(ValueError, match="no"):
        parse_reading(said.format(long % ("x" * 300), '["cropped"]', photo).encode())
