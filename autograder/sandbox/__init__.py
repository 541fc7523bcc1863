"""The sandbox: a warm process inside an outer wall, whose forks are forked once per submission.

    warm ──────── starts ──▶ outer wall (bubblewrap) ──▶ zygote (NumPy, IPython loaded)
                                                            │ fork + account + control group
    supervisor ── asks ────────────────────────────────▶ keeper, one for each sandbox
        │                                                   │ fork + namespaces + filters
        └──────────── channel (wire) ──────────────────▶ worker (the student's code)

`warm` and `supervisor` run in the grader; `zygote`, `keeper`, `jail` and `worker` run inside the
wall. `policy` lists what is allowed, as data. `doctor` tests which tier holds on this machine.
"""
