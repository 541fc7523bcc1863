"""Python started from the sandbox's own copy, where nothing can be mounted: the *reduced* tier.

Landlock lets a submission read the copy and nothing else of the machine. So environment variables
tell Python to find its library, its packages and the shared libraries in the copy. They are not
written in the command line, which every account can read.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from autograder.sandbox import places
from autograder.sandbox.inside import policy
from autograder.sandbox.outer_wall import lay_out_modules
from autograder.sandbox.replica import PythonCopy

_PACKAGES = "AUTOGRADER_PACKAGES"
"""The variable that lists the modules and packages, separated as in a search path."""
SERVE = "from autograder.sandbox.inside.zygote import main\n"
PROGRAM = (
    "import os, site, sys\n"
    f"modules, *packages = os.environ[{_PACKAGES!r}].split(os.pathsep)\n"
    "for package in packages: site.addsitedir(package)\n"
    "sys.path.insert(0, modules)\n"
    f"{SERVE}"
)
"""The program that the relocated Python runs to set up its paths and serve."""


class RelocatedPython(PythonCopy):
    """A Python that runs from the copy; `release` it in the end."""

    @property
    def readable(self) -> list[str]:
        """The places that Landlock allows."""
        return [str(self._replica.root)]

    @property
    def executable(self) -> str:
        """Python's program in the copy."""
        return self._inside(os.path.realpath(sys.executable))

    def environment(self, scratch: Path) -> dict[str, str]:
        """Variables that make Python and its libraries find everything in the copy."""
        libraries = {
            os.path.dirname(path) for path in self.shown if ".so" in os.path.basename(path)
        }
        packages = [self._inside(path) for path in places.python_packages()]
        return {
            "PYTHONHOME": self._inside(os.path.realpath(sys.base_prefix)),
            "PYTHONTZPATH": self._inside("/usr/share/zoneinfo"),
            policy.LOCALES: self._inside("/usr/lib/locale"),
            "LD_LIBRARY_PATH": ":".join(self._inside(path) for path in sorted(libraries)),
            _PACKAGES: os.pathsep.join([str(lay_out_modules(scratch)), *packages]),
        }

    def _inside(self, path: str) -> str:
        return f"{self._replica.root}{path}"
