"""What an audit works with: the rules and keys of this service, its register and files opened for reading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from certsvc.audit.premises import Bench, KeyFact, Premises, SealingKey
from certsvc.config import Settings
from certsvc.domain.policy import Issuer
from certsvc.registry.review_open import open_review
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.port import PinnedKey, PinnedSeal
from certsvc.sealing.trust import TrustedKey
from certsvc.storage.erasure_list import FILE_NAME, ErasureList
from certsvc.wiring.loading import load_kinds
from certsvc.wiring.storage import list_issued, open_storage


def open_bench(settings: Settings, former_urls: Sequence[str] = ()) -> Bench:
    """Open what one process needs to audit.

    Args:
        settings: where everything is.
        former_urls: public URLs that QR symbols of older copies lead to, and that still lead here.

    Raises:
        KeyMaterialError: the key folder cannot be used.
        TemplateError: a certificate type is damaged.
        UnavailableError: the list of erasures is damaged, or cannot be read.
    """
    keystore = Keystore.open(settings.keys_dir)
    storage = open_storage(settings)
    erasures = ErasureList(settings.keys_dir / FILE_NAME, keystore.registry_secret)
    return Bench(
        premises=Premises(
            policies={name: kind.policy for name, kind in load_kinds(settings).items()},
            keys={key.key_id: _key(key) for key in keystore.pinned},
            seals={seal.key_id: _key(seal) for seal in keystore.pinned_seals},
            roots=keystore.root_pem,
            issuer=Issuer(name=settings.issuer_name, uscc=settings.issuer_uscc, type_code=settings.type_code),
            origins=frozenset(url.rstrip("/").upper() for url in (settings.public_url, *former_urls)),
            log_keys=tuple(key.certificate for key in keystore.service_keys("log")),
            key_facts=tuple(fact for key in keystore.keys for fact in _facts(key)),
            tsa_roots=settings.tsa_trust,
            erasures={entry.holder_id: entry.at for entry in reversed(erasures.entries())},
        ),
        review=open_review(settings.database_url, keystore.registry_secret),
        shelf=storage,
        listing=list_issued(settings, storage),
    )


def _key(pinned: PinnedKey | PinnedSeal) -> SealingKey:
    return SealingKey(
        key_id=pinned.key_id,
        certificate=pinned.certificate,
        valid_from=pinned.valid_from,
        valid_to=pinned.valid_to,
        retired_at=pinned.retired_at,
        compromised_since=pinned.compromised_since,
        seal=pinned.seal if isinstance(pinned, PinnedSeal) else None,
    )


def _facts(key: TrustedKey) -> Iterator[KeyFact]:
    instants = {
        "rotate": key.active_from or key.valid_from,
        "retire": key.retired_at,
        "compromise": key.compromised_since,
    }
    for action, since in instants.items():
        if since is not None:
            yield KeyFact(action=action, key_id=key.key_id, since=since)
