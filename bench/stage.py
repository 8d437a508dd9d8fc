"""What the rows work on: keys of a folder that is thrown away, and pages of nobody, each of its own."""

from __future__ import annotations

import base64
import itertools
import json
import random
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Final

from bench.place import HOLDERS, Kind, Place, like_on_postgresql, make_place
from bench.serving import on_every_core
from certsvc.config import Settings, load_settings
from certsvc.domain.elicence import licence_metadata
from certsvc.domain.endorsement import CopyId
from certsvc.page.certificate_type import CertificateType, load_certificate_type
from certsvc.page.compose import Subject, compose
from certsvc.page.fonts import FontChain
from certsvc.page.model import DocumentFacts, Page
from certsvc.page.sample import sample_subject
from certsvc.photo import normalise_photo, normalise_signature
from certsvc.qr.encode import encode
from certsvc.qr.token import ALPHABET, TOKEN_LENGTH
from certsvc.rendering.ofd import OFDRenderer
from certsvc.rendering.pdf import PDFRenderer
from certsvc.rendering.pdf_reference import ReferenceRenderer
from certsvc.rendering.plan import Planner
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.pdf import seal_draft
from certsvc.sealing.port import SealSigner
from certsvc.wiring import make_dev_keys

ROOT: Final = Path(__file__).resolve().parent.parent
SURNAMES: Final = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏"
PLACES: Final = "东西南北中上下前后左右山川江河湖海林木花草云雨星辰日月春夏秋冬"
SYMBOLS: Final = 16
"""QR symbols made beforehand: the rows say that the builder of symbols is not in their time."""

Modules = tuple[bytes, ...]


class Stage:
    """Everything is made when a row first asks for it, so that a run of few rows starts at once."""

    def __init__(self, folder: Path, holders: int = HOLDERS) -> None:
        """Take an empty folder, and how many people the grown registers hold."""
        self.holders = holders
        self.settings: Settings = load_settings({"CERTSVC_DATA_DIR": str(folder)})
        self._numbers = itertools.count(1)
        # The same people in each run.
        self.random = random.Random(1)
        self.at = datetime.now(UTC).replace(microsecond=0)
        """The instant of sealing."""
        self._folder = folder
        self._places: dict[Kind, Place] = {}
        self.exits = ExitStack()
        """What has to be stopped at the end."""

    def place(self, kind: Kind) -> Place:
        """Return the instance with a grown register on that database, made when it is first asked for."""
        if kind not in self._places:
            samples = ROOT / "samples" / "requests"
            with on_every_core():
                self._places[kind] = (
                    make_place(self._folder / kind, samples, self.exits, self.holders)
                    if kind == "SQLite"
                    else like_on_postgresql(self.place("SQLite"), self._folder / kind)
                )
        return self._places[kind]

    @cached_property
    def keystore(self) -> Keystore:
        """Test keys and a seal made for this run."""
        make_dev_keys(self.settings)
        return Keystore.open(self.settings.keys_dir)

    @cached_property
    def seal_signer(self) -> SealSigner:
        """The issuer's SM2 key with its seal."""
        return self.keystore.seal_signer(self.settings.issuer_name)

    @cached_property
    def fonts(self) -> FontChain:
        """The service's fonts."""
        return FontChain.load(self.settings.templates_dir / "fonts", self.settings.data_dir / "cache")

    @cached_property
    def kind(self) -> CertificateType:
        """The certificate type."""
        return load_certificate_type(self.settings.templates_dir / "constructor-1")

    @cached_property
    def planner(self) -> Planner:
        """The fonts, ready to be cut."""
        return Planner(self.fonts)

    @cached_property
    def pdf_renderer(self) -> PDFRenderer:
        """The compiled PDF path."""
        return PDFRenderer(self.planner)

    @cached_property
    def reference_renderer(self) -> ReferenceRenderer:
        """The reference PDF path, its fonts parsed."""
        return ReferenceRenderer(self.fonts)

    @cached_property
    def ofd_renderer(self) -> OFDRenderer:
        """The compiled OFD path."""
        return OFDRenderer(self.planner)

    @cached_property
    def _symbols(self) -> tuple[Modules, ...]:
        """QR symbols of the length a certificate carries."""
        return tuple(encode(self.address()) for _ in range(SYMBOLS))

    @cached_property
    def _template(self) -> Subject:
        """The template's own placeholder, with the pictures of the first sample request."""
        file = ROOT / "samples" / "requests" / "01-initial-two-specialties.json"
        holder = json.loads(file.read_text(encoding="utf-8"))["holder"]
        sample = sample_subject(self.kind, self._symbols[0])
        return replace(
            sample,
            issuer=replace(sample.issuer, name=self.settings.issuer_name),
            photo=normalise_photo(base64.b64decode(holder["photo"]), pointer=""),
            signature=normalise_signature(base64.b64decode(holder["signature"]), pointer=""),
        )

    def subject(self) -> Subject:
        """Return the next person: name, number, employer, purpose, symbol differ from all before."""
        number = next(self._numbers)
        model = self._template
        place = "".join(self.random.sample(PLACES, 2))
        face = replace(
            model.version.face,
            name=f"{self.random.choice(SURNAMES)}示例",
            registration_number=f"京1992015{2025_00000 + number:09d}",
            employer=replace(model.version.face.employer, name=f"示例{place}建设工程有限公司"),
        )
        return replace(
            model,
            version=replace(model.version, face=face),
            copy=replace(
                model.copy, copy_id=CopyId(f"bench-{number}"), purpose=f"示例{place}项目第{number}标段投标"
            ),
            modules=self._symbol(),
        )

    def _symbol(self) -> Modules:
        """Return a symbol like no other: a real one with one row drawn by lot."""
        # Making a real one takes longer than everything that is measured with it.
        symbol = self.random.choice(self._symbols)
        middle = len(symbol) // 2
        row = bytes(self.random.choices((1, 0), k=len(symbol)))
        return (*symbol[:middle], row, *symbol[middle + 1 :])

    def composed(self, subject: Subject) -> Page:
        """Compose a page."""
        return compose(self.kind, subject, self.fonts)

    def facts(self, subject: Subject) -> DocumentFacts:
        """Return what the file says of itself, as the service fills it in."""
        copy, version = subject.copy, subject.version
        grant = copy.grant
        return DocumentFacts(
            title=f"{self.kind.policy.title} {version.face.registration_number}",
            document_id=copy.copy_id,
            created_at=f"{copy.reserved_at:%Y-%m-%dT%H:%M:%SZ}",
            metadata=licence_metadata(
                subject.issuer, self.kind.policy, version, copy, subject.specialties, id_type=None
            ),
            author=subject.issuer.name,
            use_from=grant.use_from if grant is not None else None,
            use_until=grant.use_until if grant is not None else None,
        )

    def address(self) -> str:
        """Return an address as a symbol carries it; no two are alike."""
        token = "".join(self.random.choices(ALPHABET, k=TOKEN_LENGTH))
        return f"HTTPS://{self.kind.layout.sample.host.upper()}/V/{token}"

    def sealed_pdf(self, subject: Subject, key: str) -> bytes:
        """Return the sealed PDF of a subject: composed, rendered and sealed as the service does it."""
        draft = self.pdf_renderer.render(self.composed(subject), self.facts(subject))
        return seal_draft(
            draft, signer=self.keystore.signer(key), at=self.at, reason="电子证照签发", location="示例"
        )

    def page(self) -> tuple[Page, DocumentFacts]:
        """Compose the next person's page."""
        subject = self.subject()
        return self.composed(subject), self.facts(subject)
