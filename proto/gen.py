"""Regenerates the Python stubs beside the `.proto` files, or proves that the committed ones are fresh.

Run by `make gen` (`python proto/gen.py`) and by `make check` (`python proto/gen.py --check`).

1. Find every contract file under `proto/comity`.
2. Let protoc write modules, their types and the gRPC types into an empty temporary folder.
3. Compare with what is committed; without `--check`, move what differs into place, file by file, and remove orphans.

It never generates `google/*`: the googleapis-common-protos and protobuf packages provide those modules, and two
copies of one message type in a process are an error of protobuf's descriptor pool.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import sysconfig
import tempfile
from importlib import resources
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent
SUFFIXES = ("_pb2.py", "_pb2.pyi", "_pb2_grpc.py", "_pb2_grpc.pyi")


def contract_files() -> list[str]:
    """Returns the contract's `.proto` files, relative to the source root, in a stable order."""
    return sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "comity").rglob("*.proto"))


def generate(target: Path, sources: list[str]) -> None:
    """Writes the stubs of `sources` below `target`.

    Args:
        target: An existing, empty folder.
        sources: Paths relative to `proto/`.

    Raises:
        SystemExit: protoc refused a file; its own words are already on standard error.
    """
    plugin = Path(sysconfig.get_path("scripts")) / "protoc-gen-mypy_grpc"
    paths = [ROOT, ROOT / "third_party", resources.files("grpc_tools") / "_proto"]
    common = ["protoc", *(f"--proto_path={path}" for path in paths), f"--plugin=protoc-gen-mypy_grpc={plugin}"]
    with_service = [name for name in sources if re.search(r"^service ", (ROOT / name).read_text("utf-8"), re.MULTILINE)]
    for arguments in (
        [f"--python_out={target}", f"--pyi_out={target}", *sources],
        [f"--grpc_python_out={target}", f"--mypy_grpc_out=quiet:{target}", *with_service],
    ):
        code = protoc.main([*common, *arguments])
        if code != 0:
            raise SystemExit(code)


def stubs_below(root: Path) -> dict[str, bytes]:
    """Returns every generated file below `root` by its relative path."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.name.endswith(SUFFIXES)
    }


def install(fresh: dict[str, bytes], committed: dict[str, bytes]) -> list[str]:
    """Makes the committed stubs equal to `fresh`, replacing whole files at once.

    Returns:
        The names that were written or removed.
    """
    changed = sorted(name for name in fresh.keys() | committed.keys() if fresh.get(name) != committed.get(name))
    for name in changed:
        place = ROOT / name
        if name not in fresh:
            place.unlink()
            continue
        # A reader never sees half a module: the new file takes the old one's name in one step.
        scratch = place.with_name(f".{place.name}.new")
        scratch.write_bytes(fresh[name])
        os.replace(scratch, place)
    return changed


def main() -> int:
    """Entry point.

    Returns:
        0, or 1 when `--check` found a stale stub.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a committed stub is stale")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), contract_files())
        fresh = stubs_below(Path(folder))
    committed = stubs_below(ROOT)
    if not check:
        for name in install(fresh, committed):
            sys.stdout.write(f"gen: {name}\n")
        return 0
    stale = sorted(name for name in fresh.keys() | committed.keys() if fresh.get(name) != committed.get(name))
    for name in stale:
        sys.stderr.write(f"stale: proto/{name} - run make gen\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
