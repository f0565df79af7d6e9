"""The model behind the same seats as the local engine.

`chat` is the one place that constructs a model and the one adapter around it: deadline,
retries, budget, strict JSON; no exception of a library leaves it. `provider` knows one
address and gives each issue its budget. `reader`, `investigator` and `writer` sit in the
ports `Reader`, `Investigator`, `Writer` and hold the local engine's answer, which stands
whenever the model's cannot be bound; `made_by.note` and the trace then say why.

`recording` keeps answers by the hash of the request and gives them again without a network;
`wire` puts it where the network would be. The reader asks about one text at a time, so a
text that a model obeys alters no other reading, and a recorded answer depends on that text alone.

The model names ids, attribute values and verbatim quotes. `tools` gives it counts to look
at, `binding` counts each cause that it names again, `wording` refuses a sentence that
says anything else than the one it stands for. No tool writes, and no word of the model
reaches a draft beyond the order and grammar of words that were there.

To add a tool, add its arguments and its `ToolSpec` in `tools`: it reads, answers within a
page, and names no customer. To put the model into the seats, call `make_model_seats`.
Tested against a scripted HTTP server, never against a patched client.
"""
