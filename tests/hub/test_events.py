"""Server-sent events as a program reads them: what is told, to whom, and how a stream ends."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import requests

from autograder.service.web.change_feed import PER_PERSON
from autograder.service.web.events import HEARTBEAT_S

from .small_class import ASSIGNMENTS

SOON_S = 20


class Stream:
    """One open stream: its blocks, each as a dict of its fields; a comment is under ""."""

    def __init__(self, answer: requests.Response) -> None:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        self._lines = answer.iter_lines(chunk_size=1, decode_unicode=True)

    def block(self) -> dict[str, str] | None:
        """The next block; None when the stream came to its end."""
        fields: dict[str, str] = {}
        for line in self._lines:
            if not line and fields:
                return fields
            name, _, text = line.partition(":")
            fields[name] = text.strip()
        return None

    def events(self) -> Iterator[dict[str, Any]]:
        """The data of each event from here on, with the event's id; no signs of life."""
        while (block := self.block()) is not None:
            if "id" in block:
                yield {**json.loads(block["data"]), "event-id": block["id"]}

    def until(self, number: int, words: str) -> dict[str, Any]:
        """The next event about this attempt with these words."""
        return next(e for e in self.events() if e["id"] == number and words in e["words"])


@contextmanager
def listening(small_hub, role: str, path: str = "events", last: str = "") -> Iterator[Stream]:
    """A stream that somebody listens to."""
    headers = {"Authorization": f"token {small_hub.tokens[role]}"}
    if last:
        headers["Last-Event-ID"] = last
    with requests.get(
        small_hub.prefix + path, headers=headers, stream=True, timeout=SOON_S
    ) as answer:
        yield Stream(answer)


def test_a_stream_begins_with_what_is_so(small_hub):
    """Every attempt of whoever listens, and nobody else's."""
    own = {attempt.id for attempt in small_hub.store.of("ada")}
    told = []
    with listening(small_hub, "student") as stream:
        assert stream.block() == {"retry": "3000"}
        for event in stream.events():
            told.append(event)
            if len(told) == len(own):
                break
    assert {event["id"] for event in told} == own
    assert {event["student"] for event in told} == {"ada"}


def test_changes_are_told_as_they_come(small_hub, reports):
    """The place in the queue, the grading, the mark."""
    desk = small_hub.desk
    with listening(small_hub, "other") as stream:
        number = desk.arrive("bela", ASSIGNMENTS[1])
        assert stream.until(number, "waiting")["ahead"] == 0
        desk.begin(number)
        assert stream.until(number, "being graded")["score"] is None
        desk.end(number, reports["bela", ASSIGNMENTS[1]])
        assert stream.until(number, "graded")["score"] == 8.0


def test_who_missed_nothing_is_told_nothing_twice(small_hub):
    """With the id of the last event: the next block is the sign of life."""
    with listening(small_hub, "student") as stream:
        last = next(stream.events())["event-id"]
    with listening(small_hub, "student", last=last) as stream:
        stream.block()
        began = time.monotonic()
        assert stream.block() == {"event": "alive", "data": "{}"}
        assert time.monotonic() - began > HEARTBEAT_S / 2


def test_who_missed_something_is_told(small_hub, reports):
    """With an older id, the stream begins with what is so."""
    with listening(small_hub, "other") as stream:
        last = next(stream.events())["event-id"]
    number = small_hub.desk.arrive("bela", ASSIGNMENTS[1])
    small_hub.desk.grade(number, reports["bela", ASSIGNMENTS[1]])
    with listening(small_hub, "other", last=last) as stream:
        assert stream.until(number, "graded")["counts"]


def test_a_person_has_so_many_streams_and_no_more(small_hub):
    """One too many is 429, in words; when one is closed, there is room again, and soon."""
    headers = {"Authorization": f"token {small_hub.tokens['student']}"}

    def one_more() -> requests.Response:
        return requests.get(
            small_hub.prefix + "events", headers=headers, stream=True, timeout=SOON_S
        )

    with ExitStack() as stack:
        for _ in range(PER_PERSON):
            stack.enter_context(listening(small_hub, "student"))
        with one_more() as refused:
            assert refused.status_code == 429
            assert "close other windows" in refused.json()["message"]
        with listening(small_hub, "other"):
            pass  # another person has places of their own
    ends = time.monotonic() + HEARTBEAT_S
    while time.monotonic() < ends:
        with one_more() as answer:
            if answer.status_code == 200:
                return
        time.sleep(0.1)
    pytest.fail("the places were not given back")


def test_the_class_stream_says_only_that_something_changed(small_hub, reports):
    """A version that grows, and the length of the queue; no names."""
    with listening(small_hub, "instructor", "class/events") as stream:
        events = stream.events()
        first = next(events)
        number = small_hub.desk.arrive("bela", ASSIGNMENTS[1])
        second = next(events)
        small_hub.desk.grade(number, reports["bela", ASSIGNMENTS[1]])
    assert set(second) == {"version", "queue", "event-id"}
    assert second["version"] > first["version"]
    assert second["queue"] == first["queue"] + 1
