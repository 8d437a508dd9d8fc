"""``doctor``: is everything the service needs there, and if not, what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import click

from certsvc.cli.diagnosis import Diagnosis
from certsvc.cli.doctor_timestamps import examine_timestamps
from certsvc.cli.exits import Exit
from certsvc.cli.place import load_place
from certsvc.cli.show import as_json, print_json
from certsvc.errors import CertsvcError, DefectError

if TYPE_CHECKING:
    from certsvc.config import Settings
    from certsvc.registry.port import Registry
    from certsvc.sealing.keystore import Keystore

_SIGN: Final = {"ok": "✔", "warn": "!", "fail": "✘"}
_COLOUR: Final = {"ok": "green", "warn": "yellow", "fail": "red"}
CLOCK_SLACK_S: Final = 5
"""The clock may stand this far before the last recorded instant; further back, issuing stops."""

KEY_DAYS_LEFT: Final = 60
SEAL_DAYS_LEFT: Final = 30
"""A seal that ends sooner is warned of: its maker takes weeks to make another."""


@click.command("doctor")
@as_json
def doctor(json_: bool) -> None:
    """Look at all that is needed, keys to decoders, part by part; each is ok or has a remedy.

    Ends with 1 when something the service cannot do without is wrong.
    """
    found = list(examine(load_place()))
    if json_:
        print_json({"checks": [asdict(item) for item in found]})
    else:
        for item in found:
            click.secho(f"{_SIGN[item.state]} {item.part:10}", fg=_COLOUR[item.state], bold=True, nl=False)
            click.echo(f" {item.fact}")
            if item.remedy:
                click.echo(f"    -> {item.remedy}")
    bad = any(item.state == "fail" for item in found)
    click.get_current_context().exit(Exit.REFUSED if bad else Exit.OK)


def examine(settings: Settings) -> Iterator[Diagnosis]:
    """Look at each part by itself, so that one failing never hides another."""
    remedies: dict[str, tuple[Callable[[Settings], Diagnosis], str]] = {
        "keys": (_examine_keys, "certsvc init --dev makes test keys; real ones: docs/operating.md"),
        "seal": (
            _examine_seal,
            "keys/README.md tells how a seal is made for tests, or a real one brought in",
        ),
        "services": (
            _examine_services,
            "certsvc init --dev makes test keys for offline codes, receipts and the trust list; "
            "keys/README.md tells how real ones are brought in",
        ),
        "fonts": (_examine_fonts, "fetch templates/fonts again from the repository"),
        "templates": (_examine_templates, "certsvc template check DIR tells what is wrong"),
        "database": (_examine_database, "certsvc init makes the schema; check CERTSVC_DATABASE_URL"),
        "storage": (
            _examine_storage,
            "check CERTSVC_STORAGE_URL (and CERTSVC_S3_*), free space and permissions",
        ),
        "clock": (_examine_clock, "set the clock right (NTP); it must never run behind what was recorded"),
        "timestamps": (
            examine_timestamps,
            "check CERTSVC_TSA_URL, CERTSVC_TSA_TRUST and the network; docs/timestamps.md",
        ),
        "decoders": (_examine_decoders, "run make again: the environment is not complete"),
    }
    for part, (examine_part, remedy) in remedies.items():
        try:
            yield examine_part(settings)
        except CertsvcError as error:
            yield Diagnosis(part=part, state="fail", fact=f"{error.code}: {error.note}", remedy=remedy)
        except (OSError, ImportError) as error:
            yield Diagnosis(part=part, state="fail", fact=str(error), remedy=remedy)


def _open_keys(settings: Settings) -> Keystore:
    """Open the keys as the service does, but test keys in production too: they are told of, not refused."""
    from certsvc.sealing.keystore import Keystore
    from certsvc.wiring.keys import hsm_of

    return Keystore.open(settings.keys_dir, hsm=hsm_of(settings))


def _examine_keys(settings: Settings) -> Diagnosis:
    keystore, now = _open_keys(settings), datetime.now(UTC)
    signer = keystore.signer(settings.signature, now)
    pinned = next(key for key in keystore.pinned if key.key_id == signer.key_id)
    left = (pinned.valid_to - now).days
    fact = f"{signer.key_id} ({signer.algorithm}) in {settings.keys_dir}, valid for {left} more days"
    if keystore.is_development and settings.env == "production":
        return Diagnosis(
            part="keys",
            state="fail",
            fact=f"{fact}, made for development",
            remedy="production refuses development keys; bring real ones: docs/operating.md",
        )
    if left < 0:
        return Diagnosis(part="keys", state="fail", fact=fact, remedy="bring a new key: docs/operating.md")
    if left < KEY_DAYS_LEFT:
        return Diagnosis(
            part="keys", state="warn", fact=fact, remedy="bring a new key soon: docs/operating.md"
        )
    return Diagnosis(part="keys", state="ok", fact=fact)


def _examine_seal(settings: Settings) -> Diagnosis:
    """Look at the seal of OFD files: the issuer's, its key, its maker, its time."""
    keystore, now = _open_keys(settings), datetime.now(UTC)
    signer = keystore.seal_signer(settings.issuer_name, now)
    own = next(one for one in keystore.seals if one.key.key_id == signer.key_id)
    left = (own.pinned.valid_to - now).days
    fact = f"{own.seal.name} ({signer.key_id}), key and maker fit, valid for {left} more days"
    if keystore.is_development and settings.env == "production":
        return Diagnosis(
            part="seal",
            state="fail",
            fact=f"{fact}, made for development",
            remedy="production refuses development seals; bring a real one: keys/README.md",
        )
    if left < SEAL_DAYS_LEFT:
        return Diagnosis(
            part="seal", state="warn", fact=fact, remedy="bring the next seal now: keys/README.md"
        )
    return Diagnosis(part="seal", state="ok", fact=fact)


def _examine_services(settings: Settings) -> Diagnosis:
    """Look at the keys that sign what the service itself says."""
    from certsvc.sealing.pki import SERVICES

    keystore, now = _open_keys(settings), datetime.now(UTC)
    in_use = [keystore.service_signer(use, now).key_id for use in SERVICES]
    pins = {key.key_id: key for use in SERVICES for key in keystore.service_keys(use)}
    left = min((pins[key_id].valid_to - now).days for key_id in in_use)
    fact = f"{', '.join(in_use)}, valid for {left} more days"
    if left < KEY_DAYS_LEFT:
        return Diagnosis(
            part="services",
            state="fail" if left < 0 else "warn",
            fact=fact,
            remedy="bring the next keys: keys/README.md",
        )
    return Diagnosis(part="services", state="ok", fact=fact)


def _examine_fonts(settings: Settings) -> Diagnosis:
    from certsvc.page.fonts import FontChain

    fonts = FontChain.load(settings.templates_dir / "fonts", settings.data_dir / "cache")
    return Diagnosis(part="fonts", state="ok", fact=f"{', '.join(fonts.fonts)}: present, sha256 as pinned")


def _examine_templates(settings: Settings) -> Diagnosis:
    from certsvc.page.certificate_type import load_certificate_type

    folders = sorted(path.parent for path in settings.templates_dir.glob("*/policy.toml"))
    kinds = [load_certificate_type(folder).policy for folder in folders]
    if not kinds:
        return Diagnosis(
            part="templates",
            state="fail",
            fact=f"no certificate type in {settings.templates_dir}",
            remedy="check CERTSVC_TEMPLATES_DIR",
        )
    names = ", ".join(f"{kind.certificate_type} ({kind.title})" for kind in kinds)
    return Diagnosis(part="templates", state="ok", fact=names)


def _examine_database(settings: Settings) -> Diagnosis:
    _open_registry(settings).ping()
    kind = settings.database_url.partition(":")[0]
    return Diagnosis(part="database", state="ok", fact=f"{kind} answers, schema as expected")


def _open_registry(settings: Settings) -> Registry:
    """Open the registry without fonts, templates and signers, which are looked at by themselves."""
    from certsvc.registry.sql import open_registry
    from certsvc.sealing.keystore import Keystore

    return open_registry(settings.database_url, Keystore.open(settings.keys_dir).registry_secret)


def _examine_storage(settings: Settings) -> Diagnosis:
    from certsvc.storage.s3 import S3Storage
    from certsvc.wiring.storage import open_storage

    storage = open_storage(settings)
    storage.check()
    if isinstance(storage, S3Storage):
        return _examined_bucket(settings, storage.bucket.keeps_versions)
    return Diagnosis(
        part="storage", state="ok", fact=f"{settings.storage_url}: a file was written and synced"
    )


def _examined_bucket(settings: Settings, keeps_versions: bool) -> Diagnosis:
    fact = f"{settings.storage_url}: an object was created once, not overwritten, and removed"
    if keeps_versions:
        return Diagnosis(
            part="storage",
            state="warn",
            fact=f"{fact}; but the bucket keeps versions of what is removed",
            remedy="turn versioning off, or let old versions expire: else an erased holder's files stay",
        )
    return Diagnosis(part="storage", state="ok", fact=fact)


def _examine_clock(settings: Settings) -> Diagnosis:
    with _open_registry(settings).reading() as session:
        last = session.last_recorded_at()
    now = datetime.now(UTC)
    if last is not None and (last - now).total_seconds() > CLOCK_SLACK_S:
        return Diagnosis(
            part="clock",
            state="fail",
            fact=f"{now.isoformat()} stands before the last recorded instant {last.isoformat()}",
            remedy="set the clock right (NTP); issuing stays stopped until then",
        )
    return Diagnosis(part="clock", state="ok", fact=f"{now.isoformat()}, not before anything recorded")


def _examine_decoders(settings: Settings) -> Diagnosis:
    from certsvc.qr.decode import read_modules, readers
    from certsvc.qr.encode import encode
    from certsvc.qr.payload import verify_url
    from certsvc.qr.token import new_token

    text = verify_url(settings.public_url, new_token())
    if read_modules(encode(text)) != text:
        raise DefectError("zxing-cpp reads another text than was encoded")
    names = tuple(readers())
    if "pyzbar" not in names:
        return Diagnosis(
            part="decoders",
            state="warn",
            fact="zxing-cpp reads our symbol; the second reader, pyzbar, is not there",
            remedy="apt-get install libzbar0",
        )
    return Diagnosis(part="decoders", state="ok", fact=f"{', '.join(names)}; our symbol reads back")
