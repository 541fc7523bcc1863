"""A course: its model, its settings, its notebooks, and the places of its files."""
