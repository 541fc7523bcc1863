"""Tests of the service: its store, its intake, its grading, its pages, and all of it on a hub."""
