"""Suites with scores and intervals that gate in CI. They are handed an engine, never build one."""
