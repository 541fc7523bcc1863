"""nbgrader courses as they are: their marks, their tests cells, and attacks on those."""
