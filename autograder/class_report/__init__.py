"""What an instructor reads about a class: one self-contained HTML page, and rows for a terminal.

Everything here is counted from finished reports. It knows nothing of gradebooks, files or
sandboxes, and decides no mark. `tally` counts, `page` shows, `rows` gives the plain form.
"""

from autograder.class_report.page import class_page
from autograder.class_report.rows import class_rows

__all__ = ["class_page", "class_rows"]
