"""A token of SoftHSM2 in a folder of its own, with keys in it that were made there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.tools import need_softhsm

TOKEN = "certsvc-tests"
PIN = "4711-test"
MAKE_KEYS = """
import sys, pkcs11
from pkcs11.util.ec import encode_named_curve_parameters
module, token, pin = sys.argv[1:]
with pkcs11.lib(module).get_token(token_label=token).open(rw=True, user_pin=pin) as session:
    curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
    for label in ("pdf-p256", "receipt-p256"):
        session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True).generate_keypair(
            store=True, label=label
        )
    session.generate_keypair(pkcs11.KeyType.RSA, 2048, store=True, label="pdf-rsa")
"""
"""In a process of its own: a module is initialised for a whole process, with the folder it had then."""


@dataclass(frozen=True)
class SoftHSM:
    """Where it is."""

    module: Path
    folder: Path

    @property
    def settings(self) -> Mapping[str, str]:
        """The CERTSVC_* settings that name it."""
        return {
            "CERTSVC_PKCS11_MODULE": str(self.module),
            "CERTSVC_PKCS11_TOKEN": TOKEN,
            "CERTSVC_PKCS11_PIN_FILE": str(self.folder / "pin"),
        }

    @property
    def environ(self) -> Mapping[str, str]:
        """What SoftHSM2 itself has to be told, in every process that uses it."""
        return {"SOFTHSM2_CONF": str(self.folder / "softhsm2.conf")}

    def go_away(self) -> None:
        """Pull the token out."""
        (self.folder / "tokens").rename(self.folder / "pulled")

    def come_back(self) -> None:
        """Put it in again."""
        (self.folder / "pulled").rename(self.folder / "tokens")


def make_softhsm(folder: Path) -> SoftHSM:
    """Make a token with two P-256 keys and an RSA-2048 key; skips the test where SoftHSM2 is not there."""
    made = SoftHSM(need_softhsm(), folder)
    (folder / "tokens").mkdir(parents=True)
    (folder / "softhsm2.conf").write_text(
        f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    (folder / "pin").touch(mode=0o600)
    (folder / "pin").write_text(PIN + "\n")
    environ = {**os.environ, **made.environ}
    label = ["--label", TOKEN, "--so-pin", "so-test", "--pin", PIN]
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", *label], env=environ, check=True, capture_output=True
    )
    subprocess.run([sys.executable, "-c", MAKE_KEYS, str(made.module), TOKEN, PIN], env=environ, check=True)
    return made
