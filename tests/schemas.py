"""The schemas of the package, and what real output has against them."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

ENDING = ".schema.json"


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """Every schema by its name, as an installed package carries it."""
    found = (one for one in files("autograder.schemas").iterdir() if one.name.endswith(ENDING))
    return {one.name.removesuffix(ENDING): json.loads(one.read_text("utf-8")) for one in found}


@cache
def _registry() -> Registry[Any]:
    named = ((name + ENDING, Resource.from_contents(one)) for name, one in schemas().items())
    return Registry().with_resources(named)


def faults(name: str, value: Any) -> list[str]:
    """What a value has against a schema: one line for each fault, with its place."""
    validator = Draft202012Validator(
        schemas()[name],
        registry=_registry(),
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )
    return [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(value)]
