"""The arguments of a call as they cross the border: one row, of which the last ones have names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def in_row(args: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    """The arguments of a call as one row, and the names of the last of them."""
    return (*args, *named.values()), tuple(named)


def split(row: Sequence[Any], names: Sequence[str]) -> tuple[Sequence[Any], dict[str, Any]]:
    """The arguments of a call from one row: those without a name, and those with one."""
    first = len(row) - len(names)
    return row[:first], dict(zip(names, row[first:], strict=True))
