"""A token of SoftHSM2 that is thrown away, with the two keys that are measured."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from certsvc.sealing.hsm import PKCS11, HSMPlace

MODULE: Final = Path("/usr/lib/softhsm/libsofthsm2.so")
LABELS: Final = {"p256": "bench-p256", "rsa2048": "bench-rsa"}
_TOKEN: Final = "certsvc-bench"
_PIN: Final = "bench"


def is_here() -> bool:
    """Whether SoftHSM2 is on this machine."""
    return shutil.which("softhsm2-util") is not None and MODULE.exists()


def make_hsm(folder: Path) -> PKCS11:
    """Make a token with a P-256 key and an RSA-2048 key; this process uses it from now on."""
    import pkcs11
    from pkcs11.util.ec import encode_named_curve_parameters

    (folder / "tokens").mkdir(parents=True)
    conf = folder / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(conf)
    label = ["--label", _TOKEN, "--so-pin", _PIN, "--pin", _PIN]
    subprocess.run(["softhsm2-util", "--init-token", "--free", *label], check=True, capture_output=True)
    with pkcs11.lib(str(MODULE)).get_token(token_label=_TOKEN).open(rw=True, user_pin=_PIN) as session:
        curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
        parameters = session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True)
        parameters.generate_keypair(store=True, label=LABELS["p256"])
        session.generate_keypair(pkcs11.KeyType.RSA, 2048, store=True, label=LABELS["rsa2048"])
    return PKCS11(HSMPlace(module=MODULE, token=_TOKEN, pin=_PIN))
