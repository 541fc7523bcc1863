"""A course: its model, its settings, its notebooks, and where its files lie."""
