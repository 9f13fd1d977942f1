"""One file of vectors in the making."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from vectors.functions import run


@dataclass
class Book:
    """A file: what it is about, what all its cases share, and the cases. A case is run as soon as it is added."""

    name: str
    """Of the file, without its suffix."""
    about: str
    """One sentence for a reader."""
    shared: dict[str, Any] = field(default_factory=dict)
    """Inputs of every case."""
    cases: list[dict[str, Any]] = field(default_factory=list)
    """The cases."""
    materials: dict[str, Any] = field(default_factory=dict)
    """What randomness gave once and is kept; no input of its own."""

    def good(self, name: str, function: str, **parts: Any) -> Any:
        """Adds a case that succeeds, and returns its output."""
        key, value = self._add(name, function, parts)
        if key != "output":
            raise ValueError(f"{self.name}: {name}: {value}")
        return value

    def bad(self, name: str, function: str, expect: str, **parts: Any) -> None:
        """Adds a case that fails in one way."""
        key, value = self._add(name, function, parts)
        if (key, value) != ("expect", expect):
            raise ValueError(f"{self.name}: {name}: {value}")

    def any(self, name: str, function: str, **parts: Any) -> None:
        """Adds a case whose outcome is whatever the contract says."""
        self._add(name, function, parts)

    def _add(self, name: str, function: str, parts: dict[str, Any]) -> tuple[str, Any]:
        if any(case["name"] == name for case in self.cases):
            raise ValueError(f"{self.name}: two cases are called {name}")
        case = {"name": name, "function": function, **parts}
        key, value = run(case, {"shared": self.shared, "cases": self.cases})
        self.cases.append(case | {key: value})
        return key, value

    def text(self) -> str:
        """The file's content: one case a line, so that a change shows."""
        head = {"about": self.about, "materials": self.materials, "shared": self.shared}
        lines = [f" {json.dumps(key)}: {_line(value)}," for key, value in head.items() if value]
        cases = ",\n  ".join(_line(case) for case in self.cases)
        return "{\n" + "\n".join(lines) + '\n "cases": [\n  ' + cases + "\n ]\n}\n"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))
