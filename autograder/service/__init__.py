"""Grading as a service of a JupyterHub: on arrival, with pages for students and instructors."""
