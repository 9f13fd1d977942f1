"""Values: dataclasses that are never changed, made quickly.

`dataclass(frozen=True)` costs three times as much to make, because each field is set through `object.__setattr__`. What
hub and agents make by the thousand is frozen for the type checker alone, which `make check` runs over everything.

Never does: stop code at run time that the type checker would not have let through.
"""

from __future__ import annotations

import dataclasses
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def value(cls: type[T]) -> type[T]:
    """Makes a class a value: a dataclass with slots, equal and hashed by its fields, not to be changed."""
    return dataclasses.dataclass(slots=True, unsafe_hash=True)(cls)
