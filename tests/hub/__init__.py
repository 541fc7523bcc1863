"""Tests of the service on a hub; deploy/hub, whose programs know each other by name, is at hand."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy" / "hub"))
