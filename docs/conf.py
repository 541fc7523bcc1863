"""How Sphinx builds this documentation; `make docs` runs it."""

from __future__ import annotations

import sys
from pathlib import Path

from autograder import __version__

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "nbassay"
author = "The nbassay authors"
copyright = author
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "sphinx_copybutton",
    "places",
    "settings",
]
exclude_patterns = ["_build"]

# Pages are plain Markdown, so that they read well on a repository page, too. Headings get the
# anchors that a repository page gives them.
myst_heading_anchors = 4
# `single backticks` in a docstring or a help text are code.
default_role = "code"
# An option is `--course`, not a dash and a word; settings have straight quotes.
smartquotes = False

# Signatures stay short; the list of parameters has the types.
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
# Types of other libraries, and those of ours that a check's author never names.
nitpick_ignore_regex = [
    ("py:.*", r"(numpy|np|collections|typing)\..*"),
    ("py:.*", r"(Any|Function|NDArray|float64|bool_|Callable|Iterator|ndarray|dtype)"),
    ("py:.*", r"autograder\.(remote|report|checks\.(api|catalogue|compare|pictures))\..*"),
    ("py:.*", r"(RemoteFunction|Curve|Disagreement|NotNumbers|Drawing|Mistake|Variant)"),
    ("py:.*", r"(NoFigure|Answering|Outcome|Array)"),
]

# A console block is copied without its prompt and without what the commands print.
copybutton_prompt_text = r"\$ "
copybutton_prompt_is_regexp = True

html_theme = "pydata_sphinx_theme"
html_title = project
html_copy_source = False
html_show_sourcelink = False
# A browser that opens the site as files may not fetch the pages that it would quote from.
html_show_search_summary = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
}
# The landing page needs no sidebar: its own links are the way in.
html_sidebars: dict[str, list[str]] = {"index": []}

# Example addresses, and services that run on the reader's own machine.
linkcheck_ignore = [r"https?://(localhost|127\.0\.0\.1|hub\.example\.org)"]
