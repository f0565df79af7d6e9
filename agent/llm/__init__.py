"""The model behind the same seats as the local engine.

`chat` is the one place that constructs a model and the one adapter around it: deadline,
retries, budget, strict JSON; no exception of a library leaves it. `reader`,
`investigator` and `writer` sit in the ports `Reader`, `Investigator`, `Writer` and hold
the local engine's answer, which stands whenever the model's cannot be bound.
Tested against a scripted HTTP server, never against a patched client.
"""
