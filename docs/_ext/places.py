"""Links to files beside `docs/`, so that they work on the site as they do on a repository page.

A page of the repository that the site includes (a README, the changelog) is that page of the site.
Any other file of the repository is a download, which MyST makes of it by itself.
"""

from __future__ import annotations

import re
from pathlib import Path
from posixpath import normpath, relpath

from sphinx.application import Sphinx

PAGES = {
    "../CHANGELOG.md": "changelog.md",
    "../CONTRIBUTING.md": "contributing.md",
    "../deploy/dask/README.md": "cluster.md",
}
"""By its path from `docs/`, the page that includes a file."""
_LINK = re.compile(r"\]\(([^)#\s]+)")


def _on_the_site(folder: str, target: str) -> str:
    """The target of a link of a page in a folder of `docs/`, as the site has it."""
    page = PAGES.get(normpath(f"{folder}/{target}"))
    return relpath(page, folder) if page else target


def _redirect(app: Sphinx, page: str, source: list[str]) -> None:
    """Point the links of one page to the pages that include their targets."""
    folder = Path(page).parent.as_posix()
    source[0] = _LINK.sub(lambda link: f"]({_on_the_site(folder, link[1])}", source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Look at each page before it is parsed."""
    app.connect("source-read", _redirect)
    return {"parallel_read_safe": True}
