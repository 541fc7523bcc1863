"""A class of submissions: found, graded, written."""
