"""What a process does before it says it is ready: first copies find all warm, and nothing is left behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Event
from threading import enumerate as threads

import pytest
from structlog.testing import capture_logs

from certsvc.cli import memory
from certsvc.cli.memory import get_ready
from certsvc.domain.characters import EVERYDAY
from certsvc.domain.policy import Issuer
from certsvc.errors import HSMUnavailableError, KeyMaterialError
from certsvc.gm import curve, sm2
from certsvc.issuing import preflight_symbol
from certsvc.issuing.rehearsal import Rehearsal
from certsvc.page.certificate_type import CertificateType
from certsvc.page.model import Page
from certsvc.qr import encode
from certsvc.qr.affine import SymbolTable
from certsvc.rendering import ofd, ofd_shapes, pdf, pdf_template
from certsvc.rendering.glyphs import GlyphFont
from certsvc.rendering.pdf_fonts import FontFacts
from certsvc.rendering.pdf_template import Template
from certsvc.rendering.plan import Planner, Shared
from certsvc.sealing import check_seal
from certsvc.sealing.port import SealSigner, Signer
from certsvc.wiring import build, loading
from tests.world import NUMBER, World

COLD = (
    ("QR table", SymbolTable, "_corrected"),
    ("PDF template", pdf, "compile_template"),
    ("OFD template", ofd, "compile_template"),
    ("shared fonts", Planner, "_share"),
    ("outlines", GlyphFont, "_checked"),
    ("SM2 table", curve, "table_of"),
    ("maker of the seal", check_seal, "maker_signed"),
    ("block drawn", ofd_shapes._Block, "__missing__"),
    ("block read", preflight_symbol._Grid, "__missing__"),
)
"""What the first copy of a process that did not rehearse does, and which callable does it."""


def cool_down() -> None:
    """Forget what this process has made so far, as if it had just begun."""
    for forget in (
        loading.make_planner.cache_clear,
        loading.make_renderer.cache_clear,
        loading.make_ofd_renderer.cache_clear,
        encode._short.cache_clear,
        preflight_symbol._grid.cache_clear,
        ofd_shapes._grid.cache_clear,
        check_seal._certificate.cache_clear,
        check_seal._maker_signed.cache_clear,
        curve.generator_table.cache_clear,
    ):
        forget()
    sm2._tables.clear()


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the cold work."""
    done: Counter[str] = Counter()

    def counted(what: str, genuine: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            done[what] += 1
            return genuine(*arguments, **named)

        return call

    for what, owner, name in COLD:
        monkeypatch.setattr(owner, name, counted(what, getattr(owner, name)))
    return done


@pytest.mark.parametrize("rehearsed", [False, True], ids=["cold", "rehearsed"])
def test_the_first_copy_after_a_rehearsal_does_no_cold_work(
    world: World, watched: Counter[str], rehearsed: bool
) -> None:
    """Without one it does all of it, so that the names above cannot go stale unseen."""
    world.initial()
    cool_down()
    services = build(world.settings, world.clock)
    if rehearsed:
        services.rehearsal.run()
    watched.clear()

    services.desk.endorse(NUMBER, {"purpose": "示例大桥工程投标"}, client_id="c", key="1")

    blocks = watched.pop("block drawn", 0), watched.pop("block read", 0)
    if rehearsed:
        assert not watched
        # A few blocks of modules are always new.
        assert max(blocks) < 60
    else:
        assert watched.keys() == {what for what, _, _ in COLD[:-2]} and min(blocks) > 120


class Unused:
    """A key of either kind that nobody may use."""

    def __init__(self, genuine: Signer | SealSigner) -> None:
        """Say the same of itself as *genuine*."""
        self.key_id, self.certificate = genuine.key_id, genuine.certificate
        self.chain: tuple[bytes, ...] = ()
        self.algorithm, self.seal = "p256", getattr(genuine, "seal", b"")

    def sign(self, message: bytes) -> bytes:
        """Fail the test."""
        raise AssertionError(f"a key was used over {len(message)} bytes")

    sign_unverified = sign


def a_rehearsal(
    world: World,
    *,
    signer: Callable[[], Signer] | None = None,
    seal_signer: Callable[[], SealSigner] | None = None,
    kind: CertificateType | None = None,
) -> Rehearsal:
    """Make one of a world's own parts, with keys that must not be used, and what the test is about."""
    services, settings = world.services, world.settings
    keystore = services.keystore
    planner = loading.make_planner(services.fonts)
    return Rehearsal(
        kinds=services.kinds if kind is None else {kind.policy.certificate_type: kind},
        fonts=services.fonts,
        renderer=pdf.PDFRenderer(planner),
        ofd_renderer=ofd.OFDRenderer(planner),
        issuer=Issuer(name=settings.issuer_name, uscc=settings.issuer_uscc, type_code=settings.type_code),
        signer=signer or (lambda: Unused(keystore.signer(settings.signature))),
        seal_signer=seal_signer or (lambda: Unused(keystore.seal_signer(settings.issuer_name))),
        pinned=keystore.live_pinned,
        pinned_seals=keystore.live_pinned_seals,
        public_url=settings.public_url,
    )


def test_it_uses_no_key_and_leaves_nothing_behind(world: World) -> None:
    """Neither register nor store nor log hear of it: it is not even told where they are."""
    before = {path: path.read_bytes() for path in files_of(world.settings.data_dir)}
    with capture_logs() as told:
        a_rehearsal(world).run()

    assert not told
    assert {path: path.read_bytes() for path in files_of(world.settings.data_dir)} == before


def files_of(folder: Path) -> list[Path]:
    """List all files of an instance but the unpacked fonts."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and "cache" not in path.parts]


def test_a_type_with_an_offline_code_is_rehearsed_with_its_place_filled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its pages have another layout; the code on a real one is signed, and this one is not."""
    (kind, *_) = world.services.kinds.values()
    made: list[object] = []
    genuine = pdf_template.compile_template

    def compiled(page: Page, shared: Shared, facts: Mapping[str, FontFacts]) -> Template:
        made.append(page)
        return genuine(page, shared, facts)

    monkeypatch.setattr(pdf, "compile_template", compiled)
    with capture_logs() as told:
        a_rehearsal(world, kind=replace(kind, policy=replace(kind.policy, offline_qr=True))).run()

    assert not told and len(made) == 2


@pytest.mark.parametrize("away", [KeyMaterialError("no key"), HSMUnavailableError("away")])
def test_what_fails_is_logged_and_not_fatal(world: World, away: Exception) -> None:
    """The process starts all the same: it can verify, and who orders a copy hears the reason."""

    def none() -> SealSigner:
        raise away

    with capture_logs() as told:
        a_rehearsal(world, seal_signer=none).run()

    assert {line["event"] for line in told} == {"rehearsal_failed"}
    assert {line["code"] for line in told} == {getattr(away, "code")}  # noqa: B009  only ours have one
    assert "keys" in {line["what"] for line in told}


def test_everyday_characters_are_those_of_the_standard() -> None:
    """3,755 of them, from 啊 to 座; what is rarer is cut when it comes."""
    assert len(EVERYDAY) == 3755 and {"啊", "座", "京"} <= EVERYDAY and "亍" not in EVERYDAY


@pytest.mark.parametrize("fault", [ValueError("a sample nobody can set"), StopIteration()])
def test_a_defect_is_logged_and_does_not_keep_the_process_from_starting(
    world: World, fault: Exception
) -> None:
    """Without a code as well: whatever a template or a library does, the process can verify."""

    def none() -> Signer:
        raise fault

    with capture_logs() as told:
        a_rehearsal(world, signer=none).run()

    assert {(line["event"], line["log_level"]) for line in told} == {("rehearsal_failed", "error")}
    assert {line["error"] for line in told} == {type(fault).__name__}


def test_a_key_that_never_answers_keeps_no_process_from_starting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hardware may hang in its library, where no time-out of ours reaches; verifying needs none of it."""
    monkeypatch.setattr(memory, "_LONGEST_S", 0.05)
    monkeypatch.setattr(memory, "keep_loaded", lambda: None)
    answers, hanging = Event(), Event()

    def hang() -> Signer:
        hanging.set()
        answers.wait(60)
        raise HSMUnavailableError("away")

    rehearsal = a_rehearsal(world, signer=hang)
    with capture_logs() as told:
        get_ready(replace(world.services, rehearsal=rehearsal))
        still = [line["event"] for line in told]
        (thread,) = [one for one in threads() if one.name == "rehearsal"]
        answers.set()
        thread.join(60)

    assert hanging.is_set()
    assert still == ["rehearsal_unfinished"] and not thread.is_alive()
