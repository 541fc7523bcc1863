"""The service's numbers for Prometheus.

They are read from the store on request, so they always match it, and a restart forgets nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from autograder.service.grading import GradingService
from autograder.service.store.attempt import Attempt, State

BUCKETS_S = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 120.0, 300.0)
"""Upper ends of the histogram's buckets."""


class Numbers(Collector):
    """The numbers of one course's grading, read from its store.

    Args:
        service: the grading service.
    """

    def __init__(self, service: GradingService) -> None:
        self._service = service

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance, so that the store is read only on request."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every number, as of now."""
        attempts = self._service.attempts.of()
        waiting = [attempt for attempt in attempts if attempt.state is State.WAITING]
        yield GaugeMetricFamily(
            "autograder_queue_length", "Attempts that wait to be graded.", len(waiting)
        )
        yield GaugeMetricFamily(
            "autograder_oldest_waiting_seconds",
            "Age of the attempt that waits longest.",
            _oldest_s(waiting),
        )
        yield _by_state(attempts)
        yield _durations(attempts)
        yield CounterMetricFamily(
            "autograder_faults",
            "Gradings that broke off and were begun again or given up.",
            sum(_faults(attempt) for attempt in attempts),
        )
        yield GaugeMetricFamily(
            "autograder_failing_activities",
            "What the service cannot do now and tries again.",
            len(self._service.status()["faults"]),
        )


def _oldest_s(waiting: Sequence[Attempt]) -> float:
    now = datetime.now(UTC)
    return max(((now - attempt.arrived).total_seconds() for attempt in waiting), default=0.0)


def _by_state(attempts: Sequence[Attempt]) -> Metric:
    counts = Counter(attempt.state for attempt in attempts)
    family = GaugeMetricFamily("autograder_attempts", "Attempts by state.", labels=["state"])
    for state in State:
        family.add_metric([str(state)], counts[state])
    return family


def _durations(attempts: Sequence[Attempt]) -> Metric:
    took = [
        (attempt.finished - attempt.started).total_seconds()
        for attempt in attempts
        if attempt.started and attempt.finished
    ]
    steps = Counter(bisect_left(BUCKETS_S, seconds) for seconds in took)
    sums = accumulate(steps[position] for position in range(len(BUCKETS_S) + 1))
    names = [*map(str, BUCKETS_S), "+Inf"]
    family = HistogramMetricFamily(
        "autograder_grading_seconds", "From the start of a grading to its end."
    )
    family.add_metric([], [*zip(names, sums, strict=True)], sum_value=sum(took))
    return family


def _faults(attempt: Attempt) -> int:
    """How often grading this attempt broke off."""
    given_up = attempt.state is State.NEEDS_PERSON and attempt.score is None
    return max(attempt.tries - 1, 0) + given_up


def registry_of(service: GradingService) -> CollectorRegistry:
    """A registry with the numbers of this service only."""
    registry = CollectorRegistry()
    registry.register(Numbers(service))
    return registry
