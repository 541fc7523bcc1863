"""Tests of this course, on copies of it."""
