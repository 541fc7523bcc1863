"""Marks for learning-management systems: files for their import, and what LTI 1.3 needs."""
