"""What a student reads about one notebook: a self-contained HTML page, a short text, cell lines.

Everything here turns a finished `Report` into words. It knows nothing of courses, suites, jails or
gradebooks, reads and writes no file, and decides no mark. `words` holds the vocabulary, `view` what
is worth saying, `page` and `text` the two forms; `templates/` holds the HTML.
"""

from autograder.feedback.page import feedback_page, notice_page
from autograder.feedback.text import cell_lines, feedback_text
from autograder.feedback.view import Manual

__all__ = ["Manual", "cell_lines", "feedback_page", "feedback_text", "notice_page"]
