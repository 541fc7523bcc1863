"""The order in which waiting attempts are served: nobody waits behind another's many attempts.

Next is the student with the fewest attempts being graded; among these, the one whose last turn is
longest ago; and of this student's attempts, the one that arrived first.
"""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar


class Waits(Protocol):
    """The facts about a waiting attempt that decide its turn."""

    student: str
    arrived: float
    id: int


One = TypeVar("One", bound=Waits)


def serving_order(
    waiting: Iterable[One], running: Mapping[str, int], served: Mapping[str, float]
) -> list[One]:
    """The attempts in the order in which they will be served if nothing else arrives.

    Args:
        waiting: attempts in any order.
        running: by student, how many attempts are being graded now.
        served: by student, when an attempt was last begun; seconds since 1970.
    """
    queues: dict[str, deque[One]] = {}
    for attempt in sorted(waiting, key=lambda one: (one.arrived, one.id)):
        queues.setdefault(attempt.student, deque()).append(attempt)
    taken: Counter[str] = Counter()

    def turn(student: str) -> tuple[int, int, float, float, int, str]:
        head = queues[student][0]
        since = served.get(student, 0.0)
        return running.get(student, 0), taken[student], since, head.arrived, head.id, student

    heap = [turn(student) for student in queues]
    heapq.heapify(heap)
    order = []
    while heap:
        student = heapq.heappop(heap)[-1]
        order.append(queues[student].popleft())
        taken[student] += 1
        if queues[student]:
            heapq.heappush(heap, turn(student))
    return order
