"""nbgrader's gradebook and what lies beside it."""
