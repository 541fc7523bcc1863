"""The jail: a warm process inside an outer wall, forked once per submission.

    supervisor ── starts ──▶ outer wall (bubblewrap) ──▶ zygote (NumPy, IPython loaded)
        │                                                   │ fork + namespaces + filters
        └──────────── channel (wire) ──────────────────▶ worker (the student's code)

`supervisor` runs in the grader; `zygote`, `jail` and `worker` run inside the wall. `policy` is the
list of what is allowed, as data. `doctor` says which tier holds here, by trying.
"""
