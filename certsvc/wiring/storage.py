"""Where issued files lie: a folder or a bucket, as the settings say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from certsvc.config import Settings
from certsvc.errors import SettingsError
from certsvc.sealing.files import read_private
from certsvc.storage.bucket import Bucket, BucketPlace
from certsvc.storage.listing import Listed, listed
from certsvc.storage.local import LocalStorage
from certsvc.storage.s3 import S3Storage
from certsvc.storage.s3_listing import listed_in_bucket


def open_storage(settings: Settings) -> LocalStorage | S3Storage:
    """Open the store of issued files; nothing is asked of it yet.

    Raises:
        KeyMaterialError: the file with the secret key is missing or can be read by others.
        SettingsError: that file is empty.
    """
    if settings.s3_bucket is None:
        return LocalStorage(Path(settings.storage_url))
    bucket, prefix = settings.s3_bucket
    return S3Storage(
        BucketPlace(
            bucket=bucket,
            prefix=prefix,
            endpoint=_endpoint(settings, bucket),
            region=settings.s3_region,
            access_key=settings.s3_access_key,
            secret_key=_secret(settings),
            timeout_s=settings.s3_timeout_s,
            host_style=settings.s3_addressing == "host",
        )
    )


def issued_at(settings: Settings) -> Path | Bucket:
    """Return the folder or bucket of issued files, for who copies packs. As open_storage() raises."""
    storage = open_storage(settings)
    return storage.bucket if isinstance(storage, S3Storage) else Path(settings.storage_url)


def list_issued(settings: Settings, storage: LocalStorage | S3Storage) -> Callable[[], Iterator[Listed]]:
    """Return what goes through all that lies in the store."""
    if isinstance(storage, S3Storage):
        return partial(listed_in_bucket, storage.bucket)
    return partial(listed, Path(settings.storage_url))


def _endpoint(settings: Settings, bucket: str) -> str:
    """Return the endpoint as the client wants it: with the bucket, where that stands in the host's name."""
    amazon = "amazonaws.com.cn" if settings.s3_region.startswith("cn-") else "amazonaws.com"
    url = urlsplit(settings.s3_endpoint or f"https://s3.{settings.s3_region}.{amazon}")
    host = f"{bucket}.{url.netloc}" if settings.s3_addressing == "host" else url.netloc
    return f"{url.scheme}://{host}"


def _secret(settings: Settings) -> str:
    if settings.s3_secret_key_file is None:
        return settings.s3_secret_key.get_secret_value()
    secret = read_private(settings.s3_secret_key_file, "the secret key of the S3 store").decode().strip()
    if not secret:
        raise SettingsError("CERTSVC_S3_SECRET_KEY_FILE names an empty file")
    return secret
