"""Each sentence of `docs/security.md` names the tests that hold it, and those tests exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "security.md"
WITHOUT = ("The promise", "Who is held off", "How it is tested", "Reporting a weakness")
"""Sections that explain, and promise nothing."""
_MARK = re.compile(r"<!-- test: (.*?) -->")


def sentences(text: str) -> list[str]:
    """List items and rows of tables, outside the sections that promise nothing."""
    found, section = [], ""
    for line in text.splitlines():
        if line.startswith("## "):
            section = line[3:].strip()
        if section in WITHOUT or not section:
            continue
        row = line.startswith("| ") and not line.startswith("| what could")
        if row or re.match(r"[-*] |\d+\. ", line):
            found.append(line)
        elif line.startswith("  ") and found:
            found[-1] += line
    return found


PROMISED = sentences(DOCUMENT.read_text(encoding="utf-8"))


@cache
def functions_of(path: str) -> frozenset[str]:
    """Names of the test functions of a module."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


def named_by(sentence: str) -> list[str]:
    """The tests that a sentence names."""
    return [name.strip() for mark in _MARK.findall(sentence) for name in mark.split(",")]


@pytest.mark.parametrize("sentence", PROMISED, ids=lambda line: line[:50].strip("-| "))
def test_a_sentence_has_its_tests(sentence: str) -> None:
    """Every sentence is held by at least one test that there is."""
    names = named_by(sentence)
    assert names, f"no test holds: {sentence}"
    for name in names:
        path, _, function = name.partition("::")
        assert function.startswith("test_")
        assert function in functions_of(path), name


def test_there_are_sentences_for_each_tier() -> None:
    """The document speaks of both tiers, of what holds and of what remains."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for heading in ("In both tiers", "In *full*", "In *reduced*", "What remains in *reduced*"):
        assert f"### {heading}\n" in text
    assert len(PROMISED) > 40


@pytest.mark.parametrize(
    "line", ["- It holds.", "| a | b |", "1. It holds.", "- It holds. <!-- test: -->"]
)
def test_a_sentence_without_a_test_is_noticed(line: str) -> None:
    """The look at the document finds a new sentence, and that it names nothing."""
    (found,) = sentences(f"## New\n\n{line}\n")
    assert not any(named_by(found))
