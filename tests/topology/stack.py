"""The parts of a deployment as plain processes: API processes, workers, and the proxy before them.

Each API process and worker has a data folder of its own, as on a machine of its own; keys, database and store
are shared. The proxy runs ``deploy/nginx.conf`` itself.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.flows.server import free_port
from tests.tools import ROOT, need

START_S: Final = 90
NGINX_CONF: Final = ROOT / "deploy" / "nginx.conf"
_MAIN: Final = """daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/certsvc.conf;
}}
"""


@dataclass(slots=True, kw_only=True)
class Part:
    """One API process or worker, with all its children in a process group of its own."""

    name: str
    arguments: tuple[str, ...]
    environ: Mapping[str, str]
    log: Path
    port: int | None = None
    """Where it listens; None for a worker."""
    process: subprocess.Popen[bytes] | None = field(default=None)
    started: float = 0.0

    def start(self) -> None:
        """Start it; returns at once."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "certsvc", *self.arguments],
                cwd=ROOT,
                env=dict(self.environ),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.started = time.monotonic()

    def is_ready(self) -> bool:
        """Tell whether it answers that it can work; a worker is believed after a while."""
        assert self.process is not None
        assert self.process.poll() is None, f"{self.name} ended by itself: {self.log.read_text()[-2000:]}"
        if self.port is None:
            return time.monotonic() - self.started > 3.0
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def wait_ready(self) -> None:
        """Return once it is ready."""
        until = time.monotonic() + START_S
        while not self.is_ready():
            assert time.monotonic() < until, f"{self.name} was not ready: {self.log.read_text()[-2000:]}"
            time.sleep(0.1)

    def kill(self) -> None:
        """End it and every child of it as a power cut would."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end(self) -> int:
        """Ask it to end and wait until it has; returns its exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=60)


def api(name: str, folder: Path, settings: Mapping[str, str]) -> Part:
    """Make an API process that is not started yet."""
    port = free_port()
    arguments = ("serve", "--port", str(port), "--workers", "1", "--batch-workers", "0")
    return Part(name=name, arguments=arguments, environ=settings, log=folder / f"{name}.log", port=port)


def worker(name: str, folder: Path, settings: Mapping[str, str]) -> Part:
    """Make a worker that is not started yet."""
    return Part(name=name, arguments=("worker",), environ=settings, log=folder / f"{name}.log")


def filled_in(values: Mapping[str, str]) -> str:
    """Return the proxy's configuration with its ``${…}`` filled in; a name nobody gave is a KeyError."""
    text = NGINX_CONF.read_text(encoding="utf-8")
    # The comment that explains the form names none.
    return re.sub(r"\$\{([A-Z_]+)\}", lambda found: values[found[1]], text)


@dataclass(slots=True, kw_only=True)
class Proxy:
    """nginx with a certificate it signed itself."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where the public finds the service."""
        return f"https://127.0.0.1:{self.port}"

    def trust(self) -> ssl.SSLContext:
        """Return a context that trusts its certificate and no other."""
        return ssl.create_default_context(cafile=self.folder / "tls.pem")

    def end(self) -> None:
        """Stop it."""
        self.process.terminate()
        self.process.wait(timeout=30)


def start_proxy(folder: Path, port: int, ports: list[int], client_ca: Path | None = None) -> Proxy:
    """Start nginx before the API processes on *ports*; *client_ca* issues client certificates."""
    nginx = need("nginx")
    folder.mkdir()
    # The workers of nginx, where it is started by root, are nobody.
    make_certificate(folder)
    values = {
        "API_SERVERS": " ".join(f"server 127.0.0.1:{one} max_fails=1 fail_timeout=1s;" for one in ports),
        "NGINX_HTTPS_PORT": f"127.0.0.1:{port}",
        "NGINX_SERVER_NAME": "127.0.0.1",
        "NGINX_CERTIFICATE": str(folder / "tls.pem"),
        "NGINX_CERTIFICATE_KEY": str(folder / "tls.key"),
        "NGINX_CLIENT_CERT": "off" if client_ca is None else "optional",
        "NGINX_CLIENT_CA": str(client_ca or folder / "tls.pem"),
    }
    (folder / "certsvc.conf").write_text(filled_in(values), encoding="utf-8")
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder), encoding="utf-8")
    command = [
        str(nginx),
        "-p",
        str(folder),
        "-c",
        str(folder / "nginx.conf"),
        "-e",
        str(folder / "nginx.log"),
    ]
    subprocess.run([*command, "-t", "-q"], check=True, capture_output=True)
    with (folder / "said").open("ab") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
    return Proxy(folder=folder, port=port, process=process)


def make_certificate(folder: Path) -> None:
    """Write a certificate for this machine's own address, signed by itself."""
    subprocess.run(
        [
            *(str(need("openssl")), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.pem")),
        ],
        check=True,
        capture_output=True,
    )
