"""Settings: what cannot work is refused at the start, in words that name the setting."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from certsvc.config import load_settings, setting_names
from certsvc.errors import KeyMaterialError, SettingsError
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.trust import TRUST_FILE
from certsvc.wiring.storage import open_storage

PRODUCTION = {
    "CERTSVC_ENV": "production",
    "CERTSVC_PUBLIC_URL": "https://verify.example.cn",
    "CERTSVC_ISSUER_NAME": "另一示例机构",
    "CERTSVC_ISSUER_USCC": "91990000MA0000015Q",
    "CERTSVC_TYPE_CODE": "91990000MA0000015Q001",
}
"""A production setting of nobody that passes."""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CERTSVC_PUBLIC_URL", "https://verify.example.cn/path"),
        ("CERTSVC_PUBLIC_URL", "https://user@verify.example.cn"),
        ("CERTSVC_PUBLIC_URL", "https://核验.cn"),
        ("CERTSVC_PUBLIC_URL", "https://v_x.cn"),
        ("CERTSVC_PUBLIC_URL", "ftp://verify.example.cn"),
        ("CERTSVC_PUBLIC_URL", "https://verify.example.cn:99999"),
        ("CERTSVC_PUBLIC_URL", ""),
        ("CERTSVC_DATABASE_URL", "mysql://localhost/x"),
        ("CERTSVC_STORAGE_URL", "s3://bucket"),
        ("CERTSVC_STORAGE_URL", "gs://bucket"),
        ("CERTSVC_TRUSTED_PROXIES", "proxy.example.cn"),
        ("CERTSVC_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("CERTSVC_TRUSTED_PROXIES", "10.0.0.1, ::/0"),
        ("CERTSVC_ISSUER_USCC", "123"),
        ("CERTSVC_ISSUER_USCC", "911100006000373410"),
        ("CERTSVC_TYPE_CODE", "z"),
        ("CERTSVC_ISSUER_NAME", " "),
        ("CERTSVC_SIGNATURE", "ed25519"),
        ("CERTSVC_ENV", "staging"),
        ("CERTSVC_SCAN_PROCESSES", "0"),
    ],
)
def test_setting_that_cannot_work_is_refused_by_name(name: str, value: str) -> None:
    """Found with the first certificate, it would be an outage; found at the start, it is a sentence."""
    with pytest.raises(SettingsError, match=name):
        load_settings({name: value})


BUCKET = {
    "CERTSVC_STORAGE_URL": "s3://issued-files/a/b",
    "CERTSVC_S3_ENDPOINT": "https://s3.example.cn:9000",
    "CERTSVC_S3_ACCESS_KEY": "office",
    "CERTSVC_S3_SECRET_KEY": "nobody's secret",
}
"""A bucket that passes."""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CERTSVC_STORAGE_URL", "s3://"),
        ("CERTSVC_STORAGE_URL", "s3://Issued"),
        ("CERTSVC_STORAGE_URL", "s3://key:secret@issued"),
        ("CERTSVC_STORAGE_URL", "s3://issued/../other"),
        ("CERTSVC_STORAGE_URL", "s3://issued?x=1"),
        ("CERTSVC_S3_ACCESS_KEY", ""),
        ("CERTSVC_S3_SECRET_KEY", ""),
        ("CERTSVC_S3_ENDPOINT", "s3.example.cn"),
        ("CERTSVC_S3_ENDPOINT", "ftp://s3.example.cn"),
        ("CERTSVC_S3_ENDPOINT", "https://s3.example.cn/bucket"),
        ("CERTSVC_S3_ENDPOINT", "https://me@s3.example.cn"),
        ("CERTSVC_S3_ENDPOINT", "https://s3.example.cn:99999"),
        ("CERTSVC_S3_ADDRESSING", "dns"),
        ("CERTSVC_S3_TIMEOUT_S", "60"),
        ("CERTSVC_S3_REGION", "a b"),
    ],
)
def test_a_bucket_that_cannot_work_is_refused_by_name(name: str, value: str) -> None:
    """And its secret is told by none of it."""
    assert load_settings(BUCKET).s3_bucket == ("issued-files", "a/b")
    with pytest.raises(SettingsError, match=name) as caught:
        load_settings(BUCKET | {name: value})
    assert BUCKET["CERTSVC_S3_SECRET_KEY"] not in str(caught.value) + repr(load_settings(BUCKET))


def test_a_bucket_in_production_is_reached_by_https() -> None:
    """Issued files travel to it."""
    assert load_settings(PRODUCTION | BUCKET).s3_endpoint.startswith("https://")
    with pytest.raises(SettingsError, match="CERTSVC_S3_ENDPOINT"):
        load_settings(PRODUCTION | BUCKET | {"CERTSVC_S3_ENDPOINT": "http://s3.example.cn"})


def test_the_secret_of_a_bucket_is_read_from_a_private_file(tmp_path: Path) -> None:
    """One that others can read, or an empty one, is refused before anything is asked of the store."""
    file = tmp_path / "secret"
    settings = load_settings(BUCKET | {"CERTSVC_S3_SECRET_KEY_FILE": str(file)})
    for content, mode, error in (("s", 0o644, KeyMaterialError), ("\n", 0o600, SettingsError)):
        file.write_text(content)
        file.chmod(mode)
        with pytest.raises(error, match=r"(?i)secret"):
            open_storage(settings)
    file.write_text("s\n")
    assert open_storage(settings) is not None


def test_unknown_names_are_refused_and_others_are_not_read() -> None:
    """A misspelt setting must not be a setting nobody notices."""
    with pytest.raises(SettingsError, match="CERTSVC_PUBLICURL"):
        load_settings({"CERTSVC_PUBLICURL": "https://verify.example.cn"})
    assert load_settings({"PUBLIC_URL": "nonsense"}).public_url == "http://127.0.0.1:8000"


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    """The file holds what seldom changes."""
    file = tmp_path / "certsvc.toml"
    file.write_text('signature = "rsa2048"\ndata_dir = "elsewhere"\n', encoding="utf-8")

    settings = load_settings({"CERTSVC_SIGNATURE": "rsa3072"}, file)

    assert (settings.signature, settings.data_dir) == ("rsa3072", Path("elsewhere"))
    assert settings.keys_dir == Path("elsewhere/keys")


@pytest.mark.parametrize("left", ["CERTSVC_ISSUER_NAME", "CERTSVC_ISSUER_USCC", "CERTSVC_TYPE_CODE"])
def test_production_needs_an_issuer_of_its_own(left: str) -> None:
    """A real certificate must not carry the made-up issuer."""
    assert load_settings(PRODUCTION).env == "production"
    with pytest.raises(SettingsError, match=left):
        load_settings({name: value for name, value in PRODUCTION.items() if name != left})


def test_production_needs_https() -> None:
    """What a phone is sent to must not be readable and changeable on the way."""
    with pytest.raises(SettingsError, match="https"):
        load_settings(PRODUCTION | {"CERTSVC_PUBLIC_URL": "http://verify.example.cn"})


def test_test_keys_stay_test_keys_whatever_the_list_says(tmp_path: Path, dev_keys: Path) -> None:
    """The subject of the certificate says TEST ONLY; an edited list does not change that."""
    keys = Path(shutil.copytree(dev_keys, tmp_path / "keys"))
    trust = keys / TRUST_FILE
    edited = trust.read_text(encoding="utf-8").replace('"development": true', '"development": false')
    trust.write_text(edited, encoding="utf-8")

    assert Keystore.open(keys).is_development


def test_every_setting_has_its_environment_name() -> None:
    """Callers set them by these names."""
    assert {"CERTSVC_DATA_DIR", "CERTSVC_PUBLIC_URL", "CERTSVC_SIGNATURE"} <= set(setting_names())
