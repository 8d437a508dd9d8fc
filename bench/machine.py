"""What the figures were measured on; nothing that names the machine."""

from __future__ import annotations

import os
import platform
import ssl
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import perf_counter


def machine_facts(core: int | None) -> Mapping[str, str]:
    """Return the facts a reader needs to judge the figures.

    Args:
        core: the core everything ran on; None when it could not be chosen.
    """
    outside = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True).stdout
    packages = ("cryptography", "gmpy2", "isal", "reportlab", "uharfbuzz")
    return {
        "day": f"{datetime.now(UTC):%Y-%m-%d} UTC",
        "processor": f"{_processor()}, {os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "used": "one core, the same for all rows" if core is not None else "one thread, any core",
        "load before": f"{os.getloadavg()[0]:.1f} (above 0.5 something else was running)",
        "Python": f"{platform.python_implementation()} {platform.python_version()}, garbage collector on",
        "OpenSSL": f"{ssl.OPENSSL_VERSION} in Python, {outside.split(' (')[0].strip()} on the command line",
        "packages": ", ".join(f"{name} {version(name)}" for name in packages),
    }


def fsync_s(folder: Path) -> tuple[float, float]:
    """Return the seconds the disk under *folder* takes to keep 4 KB: median and p99 of two hundred."""
    walls = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(200):
            file.write(bytes(4096))
            before = perf_counter()
            os.fsync(file.fileno())
            walls.append(perf_counter() - before)
    walls.sort()
    return walls[len(walls) // 2], walls[-2]


def _processor() -> str:
    """Return the processor's model as the kernel names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown processor"
