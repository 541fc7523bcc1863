"""Grading one submission: running its cells, its checks and its diagnosis."""
