"""Faults planted on purpose, to see whether the gate notices them.

One module per stage with `FAULTS`, found by listing this folder. A fault gets what a stage
gives and changes a copy of it; the stages before it are taken from the clean chain. A drill
passes when the suites of that stage turn the gate red. A check that cannot fail is found
this way.
"""
