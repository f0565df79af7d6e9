"""The suites, one folder each, found by their `suite.toml`.

To add one: a folder with `suite.toml` (what it measures, its metrics, its least cases) and
`measure.py` with `measure(bench) -> Measured`. One contract test runs over all of them.
"""
