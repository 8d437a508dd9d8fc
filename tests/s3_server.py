"""A real S3-compatible server as a process of its own, on a free port, with a bucket in it."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from certsvc.storage.bucket import BucketPlace
from certsvc.storage.s3 import S3Storage

ACCESS: Final = "test-access"
SECRET: Final = "test-secret-key-of-nobody"
BUCKET: Final = "issued-files"
PAGE: Final = 100
"""Objects it lists at a time; a real one lists a thousand."""
_CONTEXT: Final = ssl.create_default_context()
"""Made once: each call would else read all authorities again."""
_START_S: Final = 60
_AUTHORITY: Final = f"AWS4-HMAC-SHA256 Credential={ACCESS}/20260101/us-east-1/s3/aws4_request, "
"""The server looks at whose key it is, and at nothing else."""


@dataclass
class Moto:
    """One server; it forgets everything when it ends."""

    log: Path
    port: int = field(default=0)
    process: subprocess.Popen[bytes] | None = None
    tls: Path | None = None
    """Folder with tls.pem, tls.key and house.pem, its authority, where it is to be reached by https."""

    @property
    def endpoint(self) -> str:
        """URL of it."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def trust(self) -> ssl.SSLContext:
        """What to connect with."""
        return ssl.create_default_context(cafile=self.tls / "house.pem") if self.tls else _CONTEXT

    def start(self) -> None:
        """Start it and wait until it answers; on the port it had before, if it had one."""
        self.port = self.port or _free_port()
        program = Path(sys.executable).with_name("moto_server")
        certificate = ["-c", str(self.tls / "tls.pem"), "-k", str(self.tls / "tls.key")] if self.tls else []
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [program, "-H", "127.0.0.1", "-p", str(self.port), *certificate],
                stdout=log,
                stderr=log,
                env=os.environ | {"PYTHONWARNINGS": "default", "MOTO_S3_DEFAULT_MAX_KEYS": str(PAGE)},
            )
        until = time.monotonic() + _START_S
        while True:
            try:
                httpx.get(f"{self.endpoint}/moto-api/", timeout=2, verify=self.trust)
                return
            except httpx.TransportError:
                if self.process.poll() is not None or time.monotonic() > until:
                    raise AssertionError(f"moto_server did not start: {self.log.read_text()}") from None
                time.sleep(0.1)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def make_bucket(self, bucket: str = BUCKET) -> None:
        """Make a bucket."""
        made = httpx.put(f"{self.endpoint}/{bucket}", headers=self._headers(), verify=self.trust)
        assert made.status_code == 200, made.text

    def keep_versions(self, bucket: str) -> None:
        """Have a bucket keep what is removed from it."""
        text = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        done = httpx.put(
            f"{self.endpoint}/{bucket}?versioning", content=text, headers=self._headers(), verify=self.trust
        )
        assert done.status_code == 200, done.text

    def objects(self, prefix: str, bucket: str = BUCKET) -> dict[str, bytes]:
        """Return every object below a prefix, by its place behind it; not by our own client."""
        import boto3

        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=ACCESS,
            aws_secret_access_key=SECRET,
        )
        found = {}
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/"):
            for one in page.get("Contents", []):
                body = client.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()
                found[one["Key"].removeprefix(f"{prefix}/")] = body
        return found

    def write(self, place: str, content: bytes, bucket: str = BUCKET) -> None:
        """Put an object as somebody who is not us would."""
        done = httpx.put(
            f"{self.endpoint}/{bucket}/{place}", content=content, headers=self._headers(), verify=self.trust
        )
        assert done.status_code == 200, done.text

    def place(
        self, prefix: str, *, endpoint: str = "", bucket: str = BUCKET, timeout_s: float = 5
    ) -> BucketPlace:
        """Say where a store below *prefix* is."""
        return BucketPlace(
            bucket=bucket,
            prefix=prefix,
            endpoint=endpoint or self.endpoint,
            region="us-east-1",
            access_key=ACCESS,
            secret_key=SECRET,
            timeout_s=timeout_s,
        )

    def store(self, prefix: str, **changes: object) -> S3Storage:
        """Open a store below *prefix*."""
        return S3Storage(self.place(prefix, **changes))  # type: ignore[arg-type]

    def settings(self, prefix: str, endpoint: str = "") -> dict[str, str]:
        """Return the settings, as settings_in() takes them, of a service whose files lie here."""
        return {
            "storage_url": f"s3://{BUCKET}/{prefix}",
            "s3_endpoint": endpoint or self.endpoint,
            "s3_access_key": ACCESS,
            "s3_secret_key": SECRET,
        }

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"{_AUTHORITY}SignedHeaders=host, Signature=0"}


@contextmanager
def running_moto(folder: Path) -> Iterator[Moto]:
    """Run a server with an empty bucket."""
    server = Moto(folder / "moto.log")
    server.start()
    try:
        server.make_bucket()
        yield server
    finally:
        server.kill()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
