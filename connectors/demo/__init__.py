"""A seeded synthetic shop with planted faults and the truth about them.

`company` names the shop, `operations` gives a customer's facts, `conversations` their
messages, `overlays/` the faults (one module each, found by listing the folder), and
`world` writes everything as plain files. Customers are generated one by one from their
own seed, so that memory does not grow with size. The truth lies in `truth/`, apart from
what any product may read. See README.md for the rules by which members are counted.
"""
