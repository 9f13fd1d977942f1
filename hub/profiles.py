"""Deadline profiles of a hub's own folder, known beside those of this release.

An agreement names a profile by the digest of its file; what is sent under one that is not known here is refused. So the
folder holds every profile that was ever agreed on: the checks of what is stored need the old ones, too. It is read when
a process begins.

Never does: look at agreements.
"""

from __future__ import annotations

from pathlib import Path

from comity.errors import MalformedError
from comity.workflow.profiles import MAX_PROFILE_BYTES, know_profiles

from hub.config import ConfigError


def know_folder(folder: Path) -> int:
    """Makes the profiles of a folder known to this process; returns how many there are. No folder holds none.

    Args:
        folder: `*.json` of it are profiles, whatever else lies there.

    Raises:
        ConfigError: one cannot be read, or is no deadline profile.
    """
    known = 0
    for file in sorted(folder.glob("*.json")):
        try:
            with file.open("rb") as opened:
                known += len(know_profiles([opened.read(MAX_PROFILE_BYTES + 1)]))
        except OSError:
            raise ConfigError(f"the deadline profile {file.name} cannot be read") from None
        except MalformedError as error:
            raise ConfigError(f"{file.name} is not taken: {error}") from None
    return known
