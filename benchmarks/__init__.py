"""What grading costs, measured beside other ways to grade: `python -m benchmarks.compare`."""
