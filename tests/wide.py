"""Wide tables: tests with many alike rows. A usual run takes some, the same ones every time.

@pytest.mark.wide(rows=12)
@pytest.mark.parametrize(…)
"""

from __future__ import annotations

from collections import defaultdict

import pytest


def rows_to_leave_out(items: list[pytest.Item]) -> set[pytest.Item]:
    """All rows of the wide tables but some: as many, evenly spaced, and those always wanted."""
    tables: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("wide"):
            tables[item.nodeid.partition("[")[0]].append(item)
    kept = {row for table in tables.values() for row in _spread(table)}
    return {row for table in tables.values() for row in table} - kept


def _spread(table: list[pytest.Item]) -> list[pytest.Item]:
    marker = table[0].get_closest_marker("wide")
    asked = marker.kwargs if marker else {}
    rows, always = int(asked.get("rows", len(table))), asked.get("always", ())
    if rows >= len(table):
        return table
    spread = [table[round(n * (len(table) - 1) / max(rows - 1, 1))] for n in range(rows)]
    return [*spread, *(row for row in table if _row_name(row) in always)]


def _row_name(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[2].removesuffix("]")


def leave_out(config: pytest.Config, items: list[pytest.Item], left_out: set[pytest.Item]) -> None:
    """Take tests out of the run."""
    if left_out:
        config.hook.pytest_deselected(items=[*left_out])
        items[:] = [item for item in items if item not in left_out]
