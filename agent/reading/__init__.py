"""From customer text to a reading: redact first, then understand.

`redact` replaces personal data by typed placeholders and keeps the offsets; `clauses`
cuts away greetings, quotes and signatures; `sentiment` and `drivers` judge what is left
with lexical and dense features together; `local` is the reader that is always there.
Nothing that ships is trained on customer data: the sentences in `sentences.yaml` are
written for this product, the drivers come from the taxonomy file. `taught/` makes heads of
a team's own labels.
"""
