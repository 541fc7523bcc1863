"""Hostile and faulty submissions against the whole grader, and honest work inside its sandbox."""
