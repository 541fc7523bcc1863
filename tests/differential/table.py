"""The table of edits: each row has a name, a lab, and the kernel's known judgement afterwards.

Rows that fit every lab take the labs in turn, so each kind of edit meets several of them. The
random combinations come from fixed seeds.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from . import answers, edits, lines, own_cells, own_code
from .notebooks import Edit, Notebook, Subject, subjects
from .rows import ALL, CELLS, NAMES, SOME, Maker, about, plain

LABS = ("gradient_basic", "gradient", "multilayer", "backprop_basic", "backprop")
COMBINATIONS = 48
EXCEPTIONS = {
    "line/machine": "the sandbox does not show the machine that it runs on",
}
"""Beginnings of ids, and why the grader may deduct points although the visible tests are green."""
QUICK, USUAL, WHOLE = "quick", "usual", "whole"
"""Which runs include a case: all runs, all but the quick one, or only that of the whole table."""


@dataclass(frozen=True)
class Case:
    """One edited notebook."""

    kind: str
    name: str
    lab: str
    make: Maker
    subject: int = 0
    """Index of the exercise that the edit is about; wraps round."""
    green: str = ALL
    """Whether the kernel finds all exercises correct afterwards, or only some."""
    short_clocks: bool = False
    """Whether it is graded under limits that its slow cells use up."""
    variants: int | None = None
    """Seed that chooses which solutions are variants; None if all are the master's own."""
    share: str = USUAL
    demonstrations: bool = True
    """Whether the kernel also runs the demonstrations; those of `gradient` take seconds."""

    @property
    def id(self) -> str:
        """What the test is called."""
        return f"{self.kind}/{self.name}-{self.lab}"

    @property
    def exception(self) -> str:
        """Why points may be lost although the kernel is content; mostly there is no reason."""
        reasons = (why for name, why in EXCEPTIONS.items() if self.id.startswith(f"{name}-"))
        return next(reasons, "")

    def edited(self, notebook: Notebook) -> Notebook:
        """The notebook after the edit."""
        chosen = subjects(notebook)
        return self.make(chosen[self.subject % len(chosen)], notebook)(notebook)


def _cells() -> Iterator[Case]:
    for turn, (name, (make, green)) in enumerate(CELLS.items()):
        for lab in (LABS[turn % 5], LABS[(turn + 2) % 5]):
            yield Case("cells", name, lab, make, turn % 4, green)
    yield Case("cells", "split-between-two-functions", "gradient_basic",
               plain(edits.split("sigmoid", edits.last_statement)))  # fmt: skip


_FUNCTIONS = (
    Subject("sse", "test_sse", "sum_of_squared_errors", ""),
    Subject("train", "test_train", "train", ""),
)


def _given() -> Iterator[Case]:
    """Given cells that the student changed, and what the visible tests leave behind."""
    scaled = edits.rewrite(
        "given_sigmoid", lambda t: t.replace("sigmoid(h):", "sigmoid(h, k=1):", 1)
    )
    calls = edits.rewrite("epoch_step", lambda t: t.replace("sigmoid(h)", "sigmoid(h, 1)"))
    own = "def sigmoid(h, k=1):\n    return 1 / (1 + np.exp(-h * k))\n\n\n"
    own += "def sigmoid_prime(h):\n    return sigmoid(h) * (1 - sigmoid(h))"
    retyped = edits.all_of(
        edits.before("given_sigmoid", own), edits.retype(edits.named("given_sigmoid"), "markdown")
    )
    history = edits.all_of(
        edits.before("epoch_step", "history = []"),
        edits.rewrite(
            "epoch_step",
            lambda t: t.replace("    total =", "    history.append(weights)\n    total =", 1),
        ),
        edits.after("test_epoch_step", "assert len(history) == 4\nlast, needed = history[-1], 1"),
        own_code.needing(_FUNCTIONS[1], "needed == 1"),
    )
    yield Case("given", "signature-changed", "gradient", plain(edits.all_of(scaled, calls)))
    yield Case("given", "made-text", "gradient", plain(edits.all_of(retyped, calls)))
    yield Case("given", "calls-of-the-tests-counted", "gradient", plain(history))
    for lab, name, exercise, holds in (
        ("gradient_basic", "h", _FUNCTIONS[0], "np.ndim(h) == 1"),
        ("gradient", "two_targets", _FUNCTIONS[1], "two_targets is not None"),
    ):
        needing = own_code.needing(exercise, holds)
        again = edits.all_of(edits.before("imports", f"{name} = None"), needing)
        yield Case("given", f"{name}-bound-again", lab, plain(again))


def _rotating(kind: str, table: dict[str, object], places: tuple[str, ...], make, green=ALL):
    for turn, name in enumerate(table):
        place = places[turn % len(places)]
        yield Case(kind, f"{name}-{place}", LABS[turn % 5], make(name, place), turn % 3, green)


def _own_code() -> Iterator[Case]:
    yield from _rotating(
        "bound", own_code.BINDINGS, ("solution", "own", "apart"),
        lambda name, place: about(lambda s: own_code.bind(s, name, place)))  # fmt: skip
    yield from _rotating(
        "again", own_code.AGAIN, ("end", "tests"),
        lambda name, place: about(lambda s: own_code.again(s, name, place)), SOME)  # fmt: skip
    yield from _rotating(
        "state", own_code.STATES, ("end", "tests"),
        lambda name, place: about(lambda s: own_code.state(s, name, place)), SOME)  # fmt: skip
    yield from _rotating(
        "line", lines.LINES, ("own", "solution"),
        lambda name, place: about(
            lambda s: own_code.needs_line(s, lines.LINES[name], place)), SOME)  # fmt: skip
    yield from _rotating(
        "own", own_cells.CELLS, ("above", "between", "end", "start"),
        lambda name, place: about(
            lambda s: own_cells.placed(own_cells.CELLS[name], place, s.tests, s.solution)),
        SOME)  # fmt: skip
    yield from _rotating(
        "spelling", own_cells.SPELLINGS, ("",),
        lambda name, place: plain(own_cells.SPELLINGS[name]))  # fmt: skip


def _answers() -> Iterator[Case]:
    """Other forms of answers: of numbers and arrays in every lab, of pairs where there are some."""
    for turn, (name, form) in enumerate(answers.ONE.items()):
        lab, subject = (("gradient_basic", 5), ("gradient", 0), ("multilayer", 2))[turn % 3]
        yield Case("answer", name, lab, about(
            lambda s, form=form: answers.answering(s, form)), subject, SOME)  # fmt: skip
        yield Case("answer", f"number-{name}", "gradient_basic", about(
            lambda s, form=form: answers.answering(s, form)), 2, SOME)  # fmt: skip
    for turn, (name, form) in enumerate(answers.PAIR.items()):
        lab, subject = (("backprop_basic", 3), ("backprop", 2))[turn % 2]
        yield Case("answer", f"pair-{name}", lab, about(
            lambda s, form=form: answers.answering(s, form)), subject, SOME)  # fmt: skip
    yield from _rotating(
        "while", answers.WHILE, ("called",),
        lambda name, _: about(lambda s: answers.doing(s, answers.WHILE[name])), SOME)  # fmt: skip


def _names_of() -> Iterator[Case]:
    for lab in LABS:
        for where in ("own", "function", "solution"):
            for kind in ("tests", "demonstration"):
                if (lab, kind) == ("gradient_basic", "tests"):
                    continue  # its tests bind no name that a later exercise could use
                yield Case("needs", f"{kind}-{where}", lab, about(
                    lambda s, k=kind, w=where: own_code.needs_name_of(s, k, w)), -1)  # fmt: skip


def combined(seed: int) -> Maker:
    """Two to four edits drawn at random, each about an exercise drawn at random."""

    def make(_: Subject, notebook: Notebook) -> Edit:
        draw = random.Random(seed)
        exercises = subjects(notebook)
        pool: list[Callable[[Subject], Edit]] = [
            lambda s: own_code.bind(s, draw.choice(list(own_code.BINDINGS)), "solution"),
            lambda s: own_code.again(s, draw.choice(list(own_code.AGAIN)), "end"),
            lambda s: own_code.state(s, draw.choice(list(own_code.STATES)), "end"),
            lambda s: own_code.needs_line(s, draw.choice(list(lines.LINES.values())), "own"),
            lambda s: own_cells.placed(
                draw.choice(list(own_cells.CELLS.values())),
                draw.choice(("above", "between", "end", "start")), s.tests, s.solution),
            lambda s: edits.copy(s.solution, draw.choice(("below", "end"))),
            lambda s: edits.keep_stub(s.solution, "below", draw.random() < 0.5),
            lambda s: edits.merge_upwards(s.solution, "spare = 1"),
            lambda s: edits.copy(s.tests, "end"),
            lambda s: edits.move(s.tests, "end"),
            lambda s: edits.delete(edits.named(s.tests)),
            lambda s: edits.strip_metadata(edits.named(s.solution)),
        ]  # fmt: skip
        chosen = draw.sample(exercises, min(len(exercises), draw.randint(2, 4)))
        return edits.all_of(*(draw.choice(pool)(subject) for subject in chosen))

    return make


def _combinations() -> Iterator[Case]:
    for seed in range(COMBINATIONS):
        yield Case(
            "combined", f"seed-{seed}", LABS[seed % 5], combined(seed), green=SOME, variants=seed
        )


def _long() -> Iterator[Case]:
    """Slow cells of the student's own, under limits of seconds; they cost no exercise anything."""
    slow = {
        "five-own-cells": lambda s: edits.before(s.solution, *["import time; time.sleep(3.9)"] * 5),
        "three-behind-all": lambda s: edits.at_end(*["import time; time.sleep(7.5)"] * 3),
        "two-and-endless": lambda s: edits.all_of(
            edits.before(s.solution, *["import time; time.sleep(4.2)"] * 2),
            edits.at_end("while True:\n    pass"),
        ),
    }
    for turn, (name, make) in enumerate(slow.items()):
        yield Case("long", name, LABS[turn], about(make), turn, short_clocks=True)


def _names_and_places() -> Iterator[Case]:
    """What only the whole table holds: where exercises are checked, and what cells leave behind."""
    for turn, (name, (make, green)) in enumerate(NAMES.items()):
        yield Case("names", name, LABS[turn % 5], make, turn % 3, green)
    for turn, (name, cells) in enumerate(lines.CELLS.items()):
        yield Case("between", name, LABS[turn % 5], about(
            lambda s, cells=cells: own_code.needs_cells(s, *cells)), turn % 3, SOME)  # fmt: skip


def _shared(turn: int, case: Case) -> Case:
    """The case with its share of the runs, and without long demonstrations it is not about."""
    many = ("line", "own", "answer", "while", "combined", "names", "between")
    some = ("cells", "again", "bound", "needs", "spelling", "state")
    whole = turn % 5 != 0 if case.kind in many else case.kind in some and turn % 2 == 1
    share = QUICK if turn % 10 == 0 else WHOLE if whole else USUAL
    shown = case.lab != "gradient" or case.kind == "needs" or "demonstration" in case.name
    return replace(case, share=share, demonstrations=shown)


CASES = tuple(
    _shared(turn, case)
    for turn, case in enumerate(
        [
            *_cells(),
            *_given(),
            *_own_code(),
            *_names_of(),
            *_answers(),
            *_long(),
            *_combinations(),
            *_names_and_places(),
        ]
    )
)
