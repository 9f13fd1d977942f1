"""The settings of `comity-sync`: one TOML file, read at the start and again at SIGHUP.

A key that nobody knows is refused: a misspelt limit must not go unnoticed. No secret is a setting: the passphrase is a
credential of systemd, or comes by a file descriptor.

Never does: open, create or check anything that the file names.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Final

from comity.errors import ComityError, MalformedError
from comity.names import check_desk, check_member
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
FILE_LIMIT: Final = 1 << 20
"""Greatest length of the file, in bytes."""


class ConfigError(ComityError):
    """The settings are not usable. The message names each key, never its value."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Wanted(_Part):
    """One list that is to be followed."""

    owner: str
    """Desk that owns it, `agency/desk`."""
    list_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    """The list, 32 hexadecimal digits."""

    @field_validator("owner")
    @classmethod
    def _desk(cls, value: str) -> str:
        return _name(check_desk, value)


class Follow(_Part):
    """What is followed."""

    only: bool = False
    """True: of the lists this desk subscribes to, none but those in `lists` are taken."""
    lists: tuple[Wanted, ...] = ()
    """Lists that somebody here must subscribe to; one that is offered and not yet subscribed to is an alarm."""


class Lag(_Part):
    """When a list counts as LAGGING."""

    minutes: Annotated[int, Field(ge=1, le=10_080)] = 20
    """So long without the next batch; five more than the heartbeat that the owner has promised where that is longer."""
    batches: Annotated[int, Field(ge=1, le=4096)] = 1
    """So many batches missing. A missing batch is asked for at once in any case."""
    retry_seconds: Annotated[int, Field(ge=1, le=86_400)] = 60
    """After which a batch that was asked for is asked for again; doubled each time, up to a day."""


class Snapshots(_Part):
    """What a list may cost before anything of it is verified. More is refused, and that is an alarm."""

    records: Annotated[int, Field(ge=1)] = 5_000_000
    """Most records in one list."""
    megabytes: Annotated[int, Field(ge=1, le=2048)] = 2048
    """Most MiB of one list, and of what is downloaded for it."""


class Screening(_Part):
    """The screening store and its local API."""

    store: Path | None = None
    """The store's file; None for `screening.db` in the home. It has one writer: one process of this agency."""
    address: str = ""
    """`unix:/path`, or `127.0.0.1:port` with a token; empty for none."""
    token_file: Path | None = None
    """File with the token of a TCP address."""
    max_age_minutes: Annotated[int, Field(ge=1, le=525_600)] = 60
    """A list that is older keeps the answer "clear" from being given, by `comity screen` on the same store too."""
    rules: Path | None = None
    """File with the rules by which hits are reported back; None for none."""


class Observe(_Part):
    """What is shown of this process."""

    listen: str = Field(default="127.0.0.1:9465", pattern=r"^(127\.0\.0\.1|\[::1\]|0\.0\.0\.0|\[::\]):[0-9]{1,5}$|^$")
    """Where /live, /ready and /metrics are answered; port 0 takes a free one, empty for none."""


class Alarms(_Part):
    """Who is told."""

    command: tuple[str, ...] = ()
    """Program and arguments, run for each new alarm with its kind and its subject behind them; empty for none."""


class Mail(_Part):
    """What is kept of machines' mail."""

    keep_days: Annotated[int, Field(ge=1, le=3650)] = 14
    """After so many days PUBLISH and SNAPSHOT messages leave the mailbox; nothing else ever does."""


class Owner(_Part):
    """Lists of this desk's own."""

    enabled: bool = True
    """Publishes what people have signed, heartbeats, snapshots, and answers to subscribers."""


class Config(_Part):
    """All settings of one process: one home, as one member."""

    home: Path
    """The home's directory."""
    member: str = ""
    """Who acts, `agency/m-xxxxxxxx`, by rights a member with the role agent; empty where the home has only one."""
    credential: str = "comity-sync-passphrase"
    """Name of the systemd credential that opens the member's key file."""
    patience_seconds: Annotated[float, Field(gt=0, le=600)] = 20.0
    """For how long a call to the hub is tried again before the connection counts as broken."""
    warn_days: Annotated[int, Field(ge=1, le=365)] = 60
    """How long before it ends a thing is named by `comity-sync doctor` and in the log."""
    disk_free_megabytes: Annotated[int, Field(ge=0)] = 1024
    """So much must be free on the home's disk."""
    follow: Follow = Follow()
    lag: Lag = Lag()
    snapshots: Snapshots = Snapshots()
    screening: Screening = Screening()
    observe: Observe = Observe()
    alarms: Alarms = Alarms()
    mail: Mail = Mail()
    owner: Owner = Owner()

    @field_validator("member")
    @classmethod
    def _member(cls, value: str) -> str:
        return _name(check_member, value) if value else value

    def is_followed(self, owner: str, list_id: str) -> bool:
        """Returns whether a list, by its owner's desk and hexadecimal id, is followed once it is subscribed to."""
        follow = self.follow
        return not follow.only or any((one.owner, one.list_id) == (owner, list_id) for one in follow.lists)

    def is_wanted(self, owner: str, list_id: str) -> bool:
        """Returns whether the settings name a list, by its owner's desk and hexadecimal id."""
        return any((one.owner, one.list_id) == (owner, list_id) for one in self.follow.lists)

    @property
    def store_path(self) -> Path:
        """The screening store's file."""
        return self.screening.store or self.home / "screening.db"


def load_config(path: Path) -> Config:
    """Reads the settings.

    Raises:
        ConfigError: no such file, or one that cannot be used; every wrong key is named.
    """
    try:
        with path.open("rb") as file:
            data = file.read(FILE_LIMIT + 1)
        found: dict[str, Any] = tomllib.loads(data[:FILE_LIMIT].decode("utf-8"))
    except OSError:
        raise ConfigError("the settings cannot be read") from None
    except ValueError:  # not UTF-8 or not TOML
        raise ConfigError("the settings are no TOML") from None
    if len(data) > FILE_LIMIT:
        raise ConfigError("the settings are too long to be any")
    try:
        return Config.model_validate(found)
    except ValidationError as error:
        keys = sorted({".".join(str(part) for part in problem["loc"]) for problem in error.errors()})
        raise ConfigError(f"settings that are missing, unknown or out of range: {', '.join(keys)}") from None


def _name(check: Any, value: str) -> str:
    try:
        return str(check(value))
    except MalformedError:
        raise ValueError("not a name") from None
