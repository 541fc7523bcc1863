"""One submission, graded: its cells run, its checks and its diagnosis."""
