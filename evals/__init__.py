"""Figures with intervals over worlds with known truth and public data, and a gate on them.

`worlds` builds or loads companies with planted faults, `stages` works them with the
product's own steps, `suites/` (one folder each) score what came, `run` puts them together,
`report/` writes it down, `gate` holds it against the reviewed figures in `baseline.json`.
The app hands in the engine as `Seats`; nothing here builds one. Tests: scorers against
numbers worked by hand, one contract over all suites.
"""
