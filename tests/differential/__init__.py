"""Notebooks edited as people edit them, judged by a real kernel and by this grader."""
