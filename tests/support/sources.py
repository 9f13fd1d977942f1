"""What the architecture tests read: the repository's own files, and what each module imports and calls."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = frozenset({".git", ".venv", "build", "dist", ".demo", "__pycache__", ".hypothesis", "node_modules"})
GENERATED = ("_pb2.py", "_pb2.pyi", "_pb2_grpc.py", "_pb2_grpc.pyi")


@dataclass(frozen=True, slots=True)
class Finding:
    """A place that breaks a rule."""

    path: str
    """Relative to the repository."""
    line: int
    """Counted from 1."""
    what: str
    """What stands there."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


def repository_files(*suffixes: str) -> list[Path]:
    """Returns the files of the repository, without what tools leave behind.

    Args:
        suffixes: Only names that end in one of these; all names where none is given.
    """
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(
            name for name in folders if name not in NOT_OURS and not name.endswith((".egg-info", "_cache"))
        )
        found += [Path(folder, name) for name in sorted(names) if not suffixes or name.endswith(suffixes)]
    return found


def written_modules(*folders: str) -> list[Path]:
    """Returns the hand-written Python files below some folders; a folder that is not there has none."""
    roots = [ROOT / folder for folder in folders]
    return [
        path
        for path in repository_files(".py")
        if not path.name.endswith(GENERATED) and any(path.is_relative_to(root) for root in roots)
    ]


def relative(path: Path) -> str:
    """Returns a path as the findings show it."""
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    """Returns a module's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yields line and full name of everything a module imports.

    `from a import b` yields `a.b`: whether `b` is a module does not matter to a rule about `a` or about `a.b`. Imports
    under `if TYPE_CHECKING` count too: a type that may not cross a boundary may not cross it in an annotation either.
    """
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def is_below(name: str, packages: tuple[str, ...]) -> bool:
    """Whether a dotted name is one of some packages or lies in one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def dotted(node: ast.expr) -> str:
    """Returns `a.b.c` for such an expression and an empty string for any other."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        left = dotted(node.value)
        return f"{left}.{node.attr}" if left else ""
    return ""
