"""The published log: what others need to check it, and nothing that names anybody."""

from __future__ import annotations

import pytest

from certsvc.translog.checkpoint import PATH, open_checkpoint
from certsvc.translog.hashing import leaf_hash
from certsvc.translog.proof_file import read_proof
from certsvc.web.readiness import EXTENSION, Readiness
from tests.web.site import Site, body_of
from tests.world import JSON, NUMBER

CHECKPOINT = f"{PATH}/checkpoint"


@pytest.fixture
def logged(site: Site) -> tuple[Site, JSON]:
    """A site with a registration and one endorsed copy in its log."""
    endorsement = site.issued()
    site.world.services.sequencer.advance()
    return site, endorsement


def test_log_can_be_fetched_and_checked(logged: tuple[Site, JSON]) -> None:
    """The checkpoint leads to the tile, the tile to the entries; each may be kept as long as it is true."""
    site, _ = logged
    checkpoint, tile, entries = (
        site.client.get(f"{PATH}/{name}") for name in ("checkpoint", "tile/0/000.p/2", "tile/entries/000.p/2")
    )

    signed = open_checkpoint(checkpoint.data, site.world.services.log_book.keys)
    assert signed.checkpoint.size == 2
    assert signed.checkpoint.origin == "127.0.0.1:8000/.well-known/certsvc/log"
    assert checkpoint.content_type == "text/plain; charset=utf-8"
    assert checkpoint.headers["Cache-Control"] == "public, max-age=2"
    assert len(tile.data) == 64
    assert [entries.data[at : at + 2] for at in (0, 34)] == [b"\x00\x20", b"\x00\x20"]
    assert [leaf_hash(entries.data[at + 2 : at + 34]) for at in (0, 34)] == [tile.data[:32], tile.data[32:]]
    for answer in (tile, entries):
        assert answer.content_type == "application/octet-stream"
        assert "immutable" in answer.headers["Cache-Control"]
    assert site.client.get(f"{PATH}/tile/0/000.p/1").data == tile.data[:32]
    etag = tile.headers["ETag"]
    assert site.client.get(f"{PATH}/tile/0/000.p/2", headers={"If-None-Match": etag}).status_code == 304


WITHOUT_TILES = (
    *("tile/0/000", "tile/0/000.p/3", "tile/0/001", "tile/1/000", "tile/8/000", "tile/00/000", "tile/0/"),
    *("tile/0/0", "tile/0/x000/000", "tile/entries/000", "tile/entries/001.p/1", "tile/x/000", "tile/-1/000"),
    *("proof/" + "0" * 26, "proof/x", "entries", ""),
)


def test_what_was_not_signed_is_not_there(logged: tuple[Site, JSON]) -> None:
    """No tile of a tree that was never signed, and none under another name."""
    found = {path: logged[0].client.get(f"{PATH}/{path}").status_code for path in WITHOUT_TILES}

    assert set(found.values()) == {404}, found


def test_proof_by_token_and_by_id_is_one_file(logged: tuple[Site, JSON]) -> None:
    """Whoever has the copy has its token; the API gives the same to whoever may read."""
    site, endorsement = logged
    public = site.client.get(f"{PATH}/proof/{endorsement['token'].lower()}")
    private = site.get(f"/api/v1/endorsements/{endorsement['endorsement_id']}.proof")

    proof = read_proof(public.data)
    assert proof.check(site.world.services.log_book.keys).checkpoint.size == 2
    assert proof.opening.facts["ofd_sha256"] == endorsement["files"]["ofd"]["sha256"]
    assert private.data == public.data
    assert public.headers["Cache-Control"] == "no-store"
    assert public.headers["Content-Disposition"] == (
        f'attachment; filename="{endorsement["token"]}.tlog-proof"'
    )
    assert "样本" not in public.text
    assert site.client.get(f"/api/v1/endorsements/{endorsement['endorsement_id']}.proof").status_code == 401
    assert site.get("/api/v1/endorsements/nobody.proof").status_code == 404


def test_proof_of_an_original(logged: tuple[Site, JSON]) -> None:
    """An original has no id in its address; which one there is goes by the version in force."""
    site, _ = logged
    path = f"/api/v1/registrations/{NUMBER}/original"
    before = site.get(f"{path}.proof")
    issued = body_of(site.post(path))
    at_once = site.get(f"{path}.proof")
    site.world.services.sequencer.advance()

    found = site.get(f"{path}.proof")

    assert (before.status_code, body_of(before)["code"]) == (404, "ORIGINAL_NOT_ISSUED")
    assert (at_once.status_code, "Retry-After" in at_once.headers) == (503, True)
    proof = read_proof(found.data)
    assert proof.check(site.world.services.log_book.keys).checkpoint.size == 3
    assert proof.opening.facts["pdf_sha256"] == issued["files"]["pdf"]["sha256"]
    assert proof.opening.facts["kind"] == "issue"
    assert "样本" not in found.text
    assert site.client.get(f"{path}.proof").status_code == 401
    assert site.get("/api/v1/registrations/nobody/original.proof").status_code == 404


def test_log_that_signed_nothing_yet_asks_to_come_again(site: Site) -> None:
    """Not there yet is not the same as not there."""
    endorsement = site.issued()
    answer = site.client.get(f"{PATH}/proof/{endorsement['token']}")

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    for path in ("checkpoint", "tile/0/000.p/1"):
        assert site.client.get(f"{PATH}/{path}").status_code == 404


def test_verification_looks_into_the_log(logged: tuple[Site, JSON]) -> None:
    """Whoever asks over the API, alone or by the thousand; the public page is looked at for its speed."""
    site, endorsement = logged
    asked = {"sha256": endorsement["files"]["pdf"]["sha256"]}

    def finding(report: JSON) -> tuple[str, str]:
        (found,) = [one for one in report["findings"] if one["check"] == "log"]
        return found["result"], found["code"]

    single = body_of(site.post("/api/v1/verifications", asked))
    (batched,) = body_of(site.post("/api/v1/verifications/batch", {"items": [asked]}))["reports"]
    page = body_of(site.client.get(f"/v/{endorsement['token']}", headers={"Accept": "application/json"}))

    assert finding(single) == finding(batched) == ("pass", "LOGGED")
    assert finding(page) == ("skip", "NOT_APPLICABLE")


def test_readiness_tells_when_the_log_stands_still(logged: tuple[Site, JSON]) -> None:
    """Whoever operates the service hears of a log that was rolled back before a witness does."""
    site, _ = logged
    anchor = site.world.settings.data_dir / "log" / "checkpoint"
    assert body_of(site.client.get("/readyz"))["parts"]["log"] == "ok"
    anchor.write_bytes(anchor.read_bytes().replace(b"\n2\n", b"\n9\n"))
    site.app.extensions[EXTENSION] = Readiness()
    site.world.initial("京1112020202200002", order=2)

    site.world.services.sequencer.take_turn()

    answer = site.client.get("/readyz")
    assert (answer.status_code, body_of(answer)["parts"]["log"]) == (503, "RECORD_DAMAGED")
