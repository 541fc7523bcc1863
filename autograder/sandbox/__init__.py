"""The sandbox: a warm process inside an outer wall, forked once per submission.

    supervisor ── starts ──▶ outer wall (bubblewrap) ──▶ zygote (NumPy, IPython loaded)
        │                                                   │ fork + namespaces + filters
        └──────────── channel (wire) ──────────────────▶ worker (the student's code)

`supervisor` runs in the grader; `zygote`, `jail` and `worker` run inside the wall. `policy` lists
what is allowed, as data. `doctor` tests which tier holds on this machine.
"""
