"""From a submission to what has left: propose, decide, dispatch, settle.

`propose` renders a draft, has its destination freeze the bytes, and keeps both under a
version. `decide` is what a person does with a version: exactly one decision wins, and an
approval is spent in the transaction that writes the outbox rows. `asking` has the two
answers that decide nothing yet: another draft, and somebody else's decision. `dispatch`
carries rows out and renders nothing: it hands over the frozen bytes or none. `settle` is
for a person in front of a delivery that nobody knows the end of.

Two protocols, because the outside differs. A tracker can be asked whether it has a
ticket, so it is asked before anything is created, and again while the end is unknown.
Mail cannot be asked, so an answer that was lost makes the delivery unknown until a
person releases it. Both write an attempt before the wire and commit after every step;
`FaultPoint` names the places in between at which the crash tests kill the process.

Adding a destination is adding a folder in `connectors` with an `actions.py`.
Tested by `tests/unit/test_delivery_*.py` and, with real crashes and a real mail server,
by `tests/journey/test_out_once.py`.
"""
