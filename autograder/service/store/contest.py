"""Which of a student's attempts at an assignment gives the mark: the rule, without a database."""

from __future__ import annotations

from collections.abc import Iterable

from autograder.service.store.attempt import Attempt, Fate, Ruling, Why

_STRENGTH = {Fate.EARNED: 2, Fate.WITHHELD: 1, Fate.UNGRADED: 0}


def contest(attempts: Iterable[Attempt], keep: str) -> dict[int, Why]:
    """Why each of a student's finished attempts at an assignment gives the mark, or does not.

    They are looked at in the order of their arrival, and each takes the mark over or leaves it. One
    that an instructor let count takes it over at the time of that decision.
    An attempt decides as a whole: with one notebook that cannot be graded and that could be graded
    before, it takes nothing over. At most one attempt counts: see `gives_mark`.

    Args:
        attempts: the finished ones.
        keep: `latest` or `best`.
    """
    ordered = sorted(attempts, key=_turn)
    rivals = [one for one in ordered if one.ruling is not Ruling.ASIDE]
    found = {one.id: Why.ASIDE for one in ordered}
    chosen: Attempt | None = None
    for one in rivals:
        against = None if chosen is None else _why_not(one, chosen, keep)
        if against is None:
            if chosen is not None:
                found[chosen.id] = _passed_by(one, keep)
            chosen = one
        else:
            found[one.id] = against
    if chosen is not None:
        found[chosen.id] = _why_it(chosen, ordered[-1], keep)
    return found


def _turn(attempt: Attempt) -> tuple[float, int]:
    came = attempt.arrived.timestamp()
    ruled = attempt.ruled if attempt.ruling is Ruling.COUNTS else 0.0
    return max(came, ruled), attempt.id


def gives_mark(why: Why) -> bool:
    """Whether an attempt of which this is said is the one that counts."""
    return why in (Why.LATEST, Why.LATEST_GRADED, Why.BEST, Why.RULED)


def _why_not(one: Attempt, chosen: Attempt, keep: str) -> Why | None:
    """Why a later attempt does not take the mark over from the one that has it, if it does not."""
    if one.ruling is Ruling.COUNTS:
        return None
    before = dict(chosen.fates)
    weaker = {
        fate
        for name, fate in one.fates
        if _STRENGTH[fate] < _STRENGTH[before.get(name, Fate.UNGRADED)]
    }
    if weaker:
        return Why.UNGRADED if Fate.UNGRADED in weaker else Why.WITHHELD
    if keep == "best" and _points(one) < _points(chosen):
        return Why.BETTER
    return None


def _passed_by(later: Attempt, keep: str) -> Why:
    """Why an attempt that had the mark does not have it any more."""
    return Why.BETTER if keep == "best" and not later.ruling else Why.LATER


def _why_it(chosen: Attempt, last: Attempt, keep: str) -> Why:
    if chosen.ruling is Ruling.COUNTS:
        return Why.RULED
    if keep == "best":
        return Why.BEST
    return Why.LATEST if chosen.id == last.id else Why.LATEST_GRADED


def _points(attempt: Attempt) -> float:
    """Any mark is better than a withheld one."""
    return -1.0 if attempt.score is None else attempt.score
