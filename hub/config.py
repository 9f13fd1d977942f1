"""The hub's settings: environment variables `COMITY_HUB_…`, a TOML file, good values where neither says anything.

The environment wins over the file. A key that nobody knows is refused: a misspelt limit must not go unnoticed. Secrets
are no settings: the passphrase comes by file descriptor or systemd credential, object store credentials by the
provider's own variables.

Never does: open, create or check anything it names.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX: Final = "COMITY_HUB_"
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f.:]{2,45}")


class ConfigError(Exception):
    """The settings are not usable. The message names each key, never its value."""


class Settings(BaseSettings):
    """Everything that may differ between two hubs of the same release."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    home: Path = Path("/var/lib/comity-hub")
    """Folder of the key file, the genesis and, by default, database and blobs."""
    database_url: str = ""
    """SQLAlchemy address, `sqlite:///…` or `postgresql+psycopg://…`; empty for `hub.sqlite` in the home."""
    profiles_path: str = ""
    """Folder of deadline profiles known beside those of this release; empty for `profiles` in the home."""
    listen: str = "127.0.0.1:7443"
    """Host and port to serve on; port 0 takes a free one."""
    names: Annotated[tuple[str, ...], NoDecode] = ("localhost", "127.0.0.1", "::1")
    """Host names and addresses that clients connect to, for the server's certificate; comma-separated in a variable."""
    certificate_days: int = Field(default=30, ge=1, le=365)
    """Validity of the server's certificate; it is renewed by itself after half of it."""
    client_certificate_days: int = Field(default=365, ge=1, le=400)
    """Greatest validity of a certificate issued to a registered TLS key."""

    blobs_url: str = ""
    """Where sealed attachments lie: empty for a folder in the home, a folder's path, or `s3://bucket/prefix`."""
    blobs_s3_endpoint: str = ""
    """Address of an S3-compatible service other than AWS."""
    blobs_s3_region: str = ""
    """Region of the bucket."""
    upload_keep_hours: int = Field(default=24, ge=1, le=720)
    """An upload that nobody finished, or that no envelope named, is collected after this long."""

    agency_requests_per_second: float = Field(default=500.0, gt=0)
    """Tokens that an agency gets: a request costs one, and more for its bytes and for each item and recipient in it."""
    agency_request_burst: int = Field(default=2000, ge=100)
    """Tokens that an agency may spend at once."""
    anonymous_requests_per_second: float = Field(default=10.0, gt=0)
    """Requests that one TLS key may make which is not registered: about health, averaged."""
    anonymous_request_burst: int = Field(default=100, ge=1)
    """Requests that such a key may make at once."""
    agency_streams: int = Field(default=64, ge=1)
    """Streams that an agency may have open at once, on any number of connections."""
    key_streams: int = Field(default=16, ge=1)
    """Streams that one TLS key may have open at once."""
    key_health_watches: int = Field(default=2, ge=1)
    """Watches of the hub's health that one TLS key may have open at once."""
    health_watches: int = Field(default=256, ge=1)
    """Watches of the hub's health that may be open at once, everybody's together."""
    agency_statements_per_day: int = Field(default=1000, ge=1)
    """Directory statements of one agency in any 24 hours, revocations and disputes not counted."""
    agency_stored_bytes: int = Field(default=100 << 30, ge=0)
    """Bytes of attachments that an agency may keep here."""
    agency_stored_blobs: int = Field(default=100_000, ge=1)
    """Attachments that an agency may keep here, however small."""
    agency_unfinished_uploads: int = Field(default=256, ge=1)
    """Of these, uploads that are not complete."""

    queue_size: int = Field(default=4096, ge=1)
    """Commands that wait for the sequencer; more are refused with BUSY."""
    agency_queue_percent: int = Field(default=25, ge=1, le=100)
    """Share of that queue which one agency may fill; one whole call of 256 always fits."""
    batch_size: int = Field(default=256, ge=1, le=4096)
    """Greatest number of commands in one transaction."""
    verifier_processes: int = Field(default=1, ge=0, le=64)
    """Processes that take envelopes apart and verify signatures; 0 to do it in the serving process."""
    read_threads: int = Field(default=4, ge=1, le=64)
    """Threads, with a database connection each, that read."""
    feed_page_bytes: int = Field(default=64 << 20, ge=1 << 20)
    """Bytes of feed pages that all readers together hold; beyond it the page used longest ago is read again."""

    max_connection_streams: int = Field(default=64, ge=1, le=1024)
    """Calls at once on one connection."""
    max_metadata_bytes: int = Field(default=8192, ge=1024, le=65536)
    """Greatest size of a call's metadata."""
    default_deadline_seconds: float = Field(default=30.0, gt=0, le=600)
    """For a call whose client named none."""
    stall_seconds: float = Field(default=60.0, gt=0, le=600)
    """A reader or writer of a stream that moves nothing for so long is cut."""
    recheck_seconds: float = Field(default=15.0, gt=0, le=30)
    """How often the caller of a stream is looked up again; PROTOCOL.md promises 30 s."""
    keepalive_seconds: int = Field(default=30, ge=5, le=600)
    """How often a silent connection is asked whether it lives."""
    shutdown_grace_seconds: float = Field(default=20.0, ge=0, le=30)
    """How long calls may take to finish when the hub stops."""
    scrub_seconds: float = Field(default=3600.0, gt=0)
    """How long one pass of the background check over everything stored takes."""

    otlp_endpoint: str = ""
    """Where traces and metrics go by OTLP over gRPC; empty for nowhere."""
    otlp_insecure: bool = False
    """True where that is a collector on the same host, without TLS."""
    trace_ratio: float = Field(default=0.05, ge=0, le=1)
    """Share of batches whose spans are kept."""
    prometheus_port: int = Field(default=0, ge=0, le=65535)
    """Port of the Prometheus endpoint; 0 for none."""
    prometheus_host: str = "127.0.0.1"
    """Address of the Prometheus endpoint."""
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")
    """Least severe line that is written."""

    @field_validator("names", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value

    @field_validator("names")
    @classmethod
    def _named(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not all(_NAME.fullmatch(name) for name in value):
            raise ValueError("host names or IP addresses, at least one")
        return value

    @field_validator("listen")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        parts = urlsplit(f"//{value}")
        if not parts.hostname or parts.port is None or parts.path:
            raise ValueError("host:port")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_engine(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("sqlite:/// or postgresql+psycopg://")
        return value

    @property
    def database(self) -> str:
        """SQLAlchemy address of the database."""
        return self.database_url or f"sqlite:///{self.home / 'hub.sqlite'}"

    @property
    def profiles(self) -> Path:
        """Folder of the deadline profiles."""
        return Path(self.profiles_path) if self.profiles_path else self.home / "profiles"

    @property
    def blobs(self) -> str:
        """Folder or `s3://` address of the attachments."""
        return self.blobs_url or str(self.home / "blobs")


def load_settings(config: Path | None = None, **given: Any) -> Settings:
    """Returns the settings of this process.

    Args:
        config: TOML file, or None.
        **given: what the command line said; None for what it left open. It wins over everything.

    Raises:
        ConfigError: the file cannot be read, a key is unknown, or a value does not fit.
    """
    variables = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(key for key in os.environ if key.startswith(PREFIX) and key not in variables)
    if unknown:
        raise ConfigError(f"unknown setting: {', '.join(unknown)}")
    values = {name: value for name, value in _file(config).items() if not os.environ.get(PREFIX + name.upper())}
    values |= {name: value for name, value in given.items() if value is not None}
    try:
        return Settings(**values)
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc']))}: {_fault(fault['type'], fault['msg'])}" for fault in error.errors()
        ]
        raise ConfigError("; ".join(faults)) from None


def _file(config: Path | None) -> dict[str, Any]:
    if config is None:
        return {}
    try:
        return tomllib.loads(config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise ConfigError("the configuration file cannot be read") from None


def _fault(kind: str, message: str) -> str:
    return "unknown setting" if kind == "extra_forbidden" else message
