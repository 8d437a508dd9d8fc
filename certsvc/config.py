"""Settings: environment variables CERTSVC_* over certsvc.toml over defaults; docs/operating.md lists them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from certsvc.domain.identity import is_uscc
from certsvc.errors import SettingsError
from certsvc.qr.payload import verify_url
from certsvc.qr.token import new_token
from certsvc.sealing.tsa_messages import is_policy

PREFIX: Final = "CERTSVC_"
_ISSUER_NAME_MAX: Final = 40
_TYPE_CODE: Final = re.compile(r"[0-9A-Z]{21}", re.ASCII)
S3_SCHEME: Final = "s3://"
_BUCKET_URL: Final = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*)?)?/?",
    re.ASCII,
)
_ROOT: Final = Path(__file__).resolve().parent.parent


class Settings(BaseModel):
    """Every setting; ``CERTSVC_DATA_DIR`` sets ``data_dir`` and so on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    env: Literal["dev", "production"] = "dev"
    """``production`` refuses development keys and a public URL without https."""
    data_dir: Path = Path("var")
    """All state lies under it unless another setting names a place."""
    database_url: str = ""
    """SQLAlchemy URL, sqlite or postgresql+psycopg; default a SQLite file in data_dir."""
    storage_url: str = ""
    """Folder for issued files, or ``s3://bucket/prefix``; default ``issued`` in data_dir."""
    s3_endpoint: str = ""
    """http or https URL of the S3-compatible store, without bucket; default Amazon's own."""
    s3_region: str = Field(default="us-east-1", pattern=r"^[a-z0-9-]{1,40}$")
    s3_access_key: str = ""
    s3_secret_key: SecretStr = SecretStr("")
    s3_secret_key_file: Path | None = None
    """File with the secret key, readable by its owner only; wins over s3_secret_key."""
    s3_addressing: Literal["path", "host"] = "path"
    """Whether the bucket stands in the path or in the host's name."""
    s3_timeout_s: float = Field(default=10, ge=0.5, le=12)
    """Longest wait in seconds for one request that reads; one that writes may take twice as long."""
    keys_dir: Path = Path()
    """Folder of keys; default ``keys`` in data_dir."""
    templates_dir: Path = _ROOT / "templates"
    """Certificate types, fonts and web pages."""
    public_url: str = "http://127.0.0.1:8000"
    """Scheme, host and port, no path: what the QR carries."""
    signature: Literal["p256", "rsa2048", "rsa3072"] = "p256"
    key_daily_cap: int = Field(default=0, ge=0)
    """How many certificates a key may be used for in one day of Beijing's; 0 for any number."""
    pkcs11_module: Path | None = None
    """Library of the hardware that holds private keys; None when all lie in keys_dir."""
    pkcs11_token: str = ""
    """Label of the token in it."""
    pkcs11_pin: SecretStr = SecretStr("")
    pkcs11_pin_file: Path | None = None
    """File with the PIN, readable by its owner only; wins over pkcs11_pin."""
    issuer_name: str = "示例省住房和城乡建设厅（测试）"
    issuer_uscc: str = "11990000000000019A"
    type_code: str = "11990000000000019A001"
    """证照类型代码, 21 characters: of types whose policy.toml states none."""
    type_codes: str = ""
    """``TYPE=CODE`` with commas between: codes of single types, over what policy.toml states."""
    timestamp: Literal["none", "queue", "b-t", "b-lta"] = "none"
    """Time stamps by a third party (docs/timestamps.md): what a copy has before it is handed out."""
    tsa_url: str = ""
    """http or https address of the time-stamping authority."""
    tsa_trust: Path | None = None
    """PEM file with its root certificates; those of earlier authorities stay in it."""
    tsa_policy: str = ""
    """Object identifier, dotted, of the policy to ask for; default the authority's own."""
    crls_dir: Path = Path()
    """Folder of revocation lists (``*.crl``) for ``b-lta``; default ``crls`` in keys_dir."""
    scan_processes: int = Field(default=1, ge=1, le=64)
    """Child processes, per server process, in which files from strangers are opened."""
    session_idle_minutes: int = Field(default=15, ge=1, le=240)
    """Minutes after which a login that is not used ends."""
    session_hours: int = Field(default=8, ge=1, le=24)
    """Hours after which a login ends, however much it is used."""
    retention_days: int = Field(default=3650, ge=0, le=36500)
    """Days for which personal data is kept after the end of a holder's last registration."""
    portal_jwks: Path | None = None
    """JSON Web Key Set with the upstream portal's public keys; None: holders come in by links alone."""
    portal_issuer: str = ""
    """What the portal's assertions name as ``iss``."""
    trusted_proxies: str = ""
    """Addresses or networks, with commas between, of proxies whose X-Forwarded-For is believed."""
    client_cert: Literal["off", "optional", "required"] = "off"
    """Whether those proxies tell which client certificate (RFC 9440) a caller of the API showed."""

    @property
    def codes_by_type(self) -> Mapping[str, str]:
        """What type_codes says, by certificate type."""
        pairs = (one.partition("=") for one in self.type_codes.split(",") if one.strip())
        return {name.strip(): code.strip() for name, _, code in pairs}

    @property
    def s3_bucket(self) -> tuple[str, str] | None:
        """Bucket and prefix; None when issued files lie in a folder."""
        found = _BUCKET_URL.fullmatch(self.storage_url)
        return (found["bucket"], found["prefix"] or "") if found else None

    @property
    def proxy_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The same as networks."""
        return tuple(ip_network(one.strip()) for one in self.trusted_proxies.split(",") if one.strip())


def load_settings(environ: Mapping[str, str], file: Path | None = None) -> Settings:
    """Read the settings.

    Args:
        environ: the process environment; only CERTSVC_* names are read, unknown ones are refused.
        file: a TOML file with the same names in lower case without prefix; missing is fine.

    Raises:
        SettingsError: a name is unknown or a value makes no sense.
    """
    values: dict[str, object] = {}
    if file is not None and file.is_file():
        try:
            values.update(tomllib.loads(file.read_text(encoding="utf-8")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{file.name} is not TOML: {error}") from error
    values.update(
        {
            name.removeprefix(PREFIX).lower(): value
            for name, value in environ.items()
            if name.startswith(PREFIX)
        }
    )
    unknown = sorted(values.keys() - Settings.model_fields.keys())
    if unknown:
        names = ", ".join(PREFIX + name.upper() for name in unknown)
        raise SettingsError(f"unknown setting {names}; known: {', '.join(setting_names())}")
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        told = "; ".join(f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise SettingsError(told) from error
    return _completed(settings)


def setting_names() -> tuple[str, ...]:
    """List the environment names of every setting."""
    return tuple(PREFIX + name.upper() for name in Settings.model_fields)


def _completed(settings: Settings) -> Settings:
    """Fill the places that default to a spot under data_dir, and check what fields alone cannot tell."""
    _check_public_url(settings)
    if settings.database_url and not settings.database_url.startswith(("sqlite", "postgresql")):
        raise SettingsError("CERTSVC_DATABASE_URL must start with sqlite:/// or postgresql://")
    _check_storage(settings)
    if settings.pkcs11_module is not None and not settings.pkcs11_token:
        raise SettingsError("CERTSVC_PKCS11_TOKEN must name the token in CERTSVC_PKCS11_MODULE")
    _check_issuer(settings)
    _check_proxies(settings)
    _check_client_cert(settings)
    _check_timestamps(settings)
    if (settings.portal_jwks is None) != (not settings.portal_issuer):
        raise SettingsError(
            "CERTSVC_PORTAL_JWKS and CERTSVC_PORTAL_ISSUER belong together: set both or neither"
        )
    data = settings.data_dir
    return settings.model_copy(
        update={
            "database_url": settings.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
            or f"sqlite:///{(data / 'registry.db').absolute()}",
            "storage_url": settings.storage_url.removeprefix("file://") or str(data / "issued"),
            "keys_dir": (keys := settings.keys_dir if settings.keys_dir != Path() else data / "keys"),
            "crls_dir": settings.crls_dir if settings.crls_dir != Path() else keys / "crls",
            "public_url": settings.public_url.rstrip("/"),
        }
    )


def _check_public_url(settings: Settings) -> None:
    url = urlsplit(settings.public_url)
    if url.username or any(part not in {"", "/"} for part in (url.path, url.query, url.fragment)):
        raise SettingsError(
            "CERTSVC_PUBLIC_URL must be scheme, host and port only, e.g. https://verify.example.cn"
        )
    if settings.env == "production" and url.scheme != "https":
        raise SettingsError("CERTSVC_PUBLIC_URL must be https in production")
    try:
        # What cannot be written into a symbol would otherwise be found with the first certificate.
        verify_url(settings.public_url, new_token())
    except SettingsError as error:
        raise SettingsError(f"CERTSVC_PUBLIC_URL: {error.note}") from error


def _check_storage(settings: Settings) -> None:
    if not settings.storage_url.startswith(S3_SCHEME):
        if "://" in settings.storage_url.removeprefix("file://"):
            raise SettingsError("CERTSVC_STORAGE_URL must be a folder or s3://bucket/prefix")
        return
    if not _BUCKET_URL.fullmatch(settings.storage_url):
        raise SettingsError(
            "CERTSVC_STORAGE_URL must be s3://bucket/prefix: a bucket of 3 to 63 of a-z, 0-9, . and -, "
            "a prefix of A-Z, a-z, 0-9, _ and -; keys are set by CERTSVC_S3_ACCESS_KEY and _SECRET_KEY_FILE"
        )
    if not settings.s3_access_key or not (
        settings.s3_secret_key.get_secret_value() or settings.s3_secret_key_file
    ):
        raise SettingsError(
            "CERTSVC_S3_ACCESS_KEY and CERTSVC_S3_SECRET_KEY_FILE (or CERTSVC_S3_SECRET_KEY) must be set for "
            "a CERTSVC_STORAGE_URL that begins with s3://"
        )
    try:
        url = urlsplit(settings.s3_endpoint)
        usable = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    bare = usable and not url.username and url.path in {"", "/"} and not url.query and not url.fragment
    if settings.s3_endpoint and not bare:
        raise SettingsError(
            "CERTSVC_S3_ENDPOINT must be scheme, host and port only, e.g. https://s3.example.cn"
        )
    if settings.env == "production" and settings.s3_endpoint.startswith("http://"):
        raise SettingsError("CERTSVC_S3_ENDPOINT must be https in production: issued files travel to it")


def _check_proxies(settings: Settings) -> None:
    try:
        networks = settings.proxy_networks
    except ValueError as error:
        raise SettingsError(f"CERTSVC_TRUSTED_PROXIES: {error}") from error
    if any(network.prefixlen == 0 for network in networks):
        raise SettingsError("CERTSVC_TRUSTED_PROXIES must not name everybody: any caller could name another")


def _check_client_cert(settings: Settings) -> None:
    if settings.client_cert != "off" and not settings.proxy_networks:
        raise SettingsError(
            "CERTSVC_CLIENT_CERT needs CERTSVC_TRUSTED_PROXIES: certificates are believed from those alone"
        )


def _check_timestamps(settings: Settings) -> None:
    if settings.tsa_policy and not is_policy(settings.tsa_policy):
        raise SettingsError("CERTSVC_TSA_POLICY is no dotted object identifier, e.g. 1.2.156.1")
    if settings.timestamp == "none" and not settings.tsa_url:
        return
    if settings.tsa_trust is None:
        raise SettingsError("CERTSVC_TSA_TRUST must name the PEM file with the authority's root certificates")
    try:
        url = urlsplit(settings.tsa_url)
        usable = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if not usable or url.username or url.fragment:
        raise SettingsError(
            "CERTSVC_TSA_URL must be an http or https address without a user name, e.g. http://tsa.example.cn/"
        )


def _check_issuer(settings: Settings) -> None:
    sample = {
        name: Settings.model_fields[name].default for name in ("issuer_name", "issuer_uscc", "type_code")
    }
    if not 1 <= len(settings.issuer_name.strip()) <= _ISSUER_NAME_MAX:
        raise SettingsError(f"CERTSVC_ISSUER_NAME must have 1 to {_ISSUER_NAME_MAX} characters")
    if not is_uscc(settings.issuer_uscc):
        raise SettingsError(
            "CERTSVC_ISSUER_USCC is not a 统一社会信用代码: 18 characters with a check character"
        )
    if not _TYPE_CODE.fullmatch(settings.type_code):
        raise SettingsError("CERTSVC_TYPE_CODE must be 21 characters of 0-9 and A-Z")
    for name, code in settings.codes_by_type.items():
        if not name or not _TYPE_CODE.fullmatch(code):
            raise SettingsError(
                "CERTSVC_TYPE_CODES must be TYPE=CODE,TYPE=CODE; a code is 21 characters of 0-9 and A-Z"
            )
    left = [PREFIX + name.upper() for name, value in sample.items() if getattr(settings, name) == value]
    if settings.env == "production" and left:
        raise SettingsError(
            f"{', '.join(left)} still name the sample issuer; set the real ones in production"
        )
