"""One folder per connector, found by its `manifest.toml`; there is no central list.

`mapping.py` turns foreign payloads into records; further files are capabilities:
`feedback.py` pulls words, `webhook.py` receives them, `facts.py` pulls rows, and
`actions.py` is a destination.
"""
