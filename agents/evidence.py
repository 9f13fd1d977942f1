"""Evidence files: signed bytes that contradict one another, kept as they came, for a verifier that trusts nobody.

Never does: judge. What a file proves follows from the signatures in it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping

from agents.home import Home, write_private


def save_evidence(home: Home, kind: str, now: int, parts: Mapping[str, bytes | int | str]) -> str:
    """Writes an evidence file and returns its name. The same parts give the same file.

    Args:
        home: whose evidence folder takes it.
        kind: what it is evidence of.
        now: Unix milliseconds UTC.
        parts: named parts; bytes stand as base64.
    """
    fields = {
        name: {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for name, value in sorted(parts.items())
    }
    body = json.dumps({"version": 1, "kind": kind, "parts": fields}, indent=1, sort_keys=True)
    name = f"{kind.lower()}-{hashlib.sha256(body.encode()).hexdigest()[:16]}.json"
    path = home.evidence_path / name
    if not path.exists():
        write_private(path, json.dumps({"saved": now, **json.loads(body)}, indent=1, sort_keys=True).encode())
    return name
