"""Threads of the service: submissions come in, are graded, and go out."""
