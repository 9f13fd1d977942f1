"""Who may import whom: the contracts of import-linter, and the boundaries that run between files of one package."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.sources import ROOT, Finding, imports_of, is_below, relative, written_modules

WIRE = ("grpc", "grpc_status", "grpc_health", "google.protobuf", "google.rpc", "comity.v1")
DATABASE = ("sqlalchemy", "psycopg", "psycopg_pool", "sqlite3", "alembic")
CRYPTOGRAPHY = ("nacl", "cryptography", "Crypto", "hashlib.blake2b", "hmac")


def may_speak_wire(name: str) -> bool:
    """The interceptors, each rpc.py, the table of errors, and the composition root."""
    return (
        name.startswith("hub/interceptors/") or name.endswith("/rpc.py") or name in {"hub/building.py", "hub/errors.py"}
    )


def may_speak_database(name: str) -> bool:
    """Each store.py, the schema, the connection, and the one road in."""
    allowed = {"hub/schema.py", "hub/claim.py", "hub/db.py", "hub/bulk.py", "hub/log/sequencer.py"}
    return name.endswith("/store.py") or name in allowed


def trespasses(folder: str, packages: tuple[str, ...], is_allowed: Callable[[str], bool]) -> list[Finding]:
    """Returns every import of some packages by a module of a folder that may not."""
    return [
        Finding(relative(path), line, name)
        for path in written_modules(folder)
        if not is_allowed(relative(path))
        for line, name in imports_of(path)
        if is_below(name, packages)
    ]


def test_the_import_contracts_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'proto'}:{ROOT}"}
    result = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stdout + result.stderr


def test_protobuf_and_grpc_stop_at_the_rpc_modules() -> None:
    assert trespasses("hub", WIRE, may_speak_wire) == []


def test_the_database_stops_at_the_store_modules() -> None:
    assert trespasses("hub", DATABASE, may_speak_database) == []


@pytest.mark.parametrize("folder", ["hub", "agents"])
def test_cryptography_is_imported_in_comity_only(folder: str) -> None:
    assert trespasses(folder, CRYPTOGRAPHY, lambda _: False) == []


def test_a_feature_has_the_same_four_files_as_every_other() -> None:
    features = [ROOT / "hub" / name for name in ("directory", "exchange", "log", "feed", "blobs")]
    incomplete = [
        f"{relative(feature)}/{name}"
        for feature in features
        for name in ("rpc.py", "service.py", "store.py")
        if feature.is_dir() and not (feature / name).exists()
    ]

    assert incomplete == []


@pytest.mark.parametrize("name", ["utils", "common", "helpers", "misc"])
def test_no_module_is_a_drawer_for_everything(name: str) -> None:
    drawers = [relative(path) for path in written_modules(".") if name in (path.stem, path.parent.name)]

    assert drawers == []
