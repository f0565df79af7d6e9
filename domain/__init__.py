"""The words of Undertone: types, ports and errors that every room shares.

Glossary, one word per thing:

item        a piece of feedback as it was brought in (`FeedbackItem`); its *key* is `source/id`.
reading     what we understood of an item: sentiment and drivers, each with a verbatim quote.
driver      a reason of dissatisfaction, named in `taxonomy.yaml`.
head        a judge fitted on labelled texts: the shipped one of sentiment, or one that is taught on
            a team's own labels.
fact        an operational row (order, delivery, payment, deploy ...) with revisions.
case        a solved problem of the past.
issue       one problem that several customers report; ours. A *ticket* is theirs.
match       why an item hangs on an issue: method, score, runner-up.
alarm       the moment at which an issue is known to be emerging, in event time.
predicate   a closed expression over facts; the cause of an issue is one.
hypothesis  a possible cause with the evidence for and against it.
reach       who is hit and wrote, who is hit and silent, who is at risk and when.
casefile    everything known about an alarmed issue at one world time.
draft       structured text whose sentences carry evidence marks.
proposal    a frozen draft for one destination that waits for a decision.
decision    what a person did with a proposal.
wish        a change of a draft that a reviewer ticks and code can make.
redraft     another draft that was asked for: the request, and what came of it.
escalation  a reviewer's word that a decision is not theirs; then only a lead decides.
approval    a token for exactly the frozen bytes, spent once.
delivery    one recipient's copy (or one ticket) on its way, with its own state.
attempt     one try on the wire, written before it is made.
submission  a draft with all that a proposal needs, not frozen yet.
copy        the frozen bytes for one recipient, or of one ticket.
owner       the person who is accountable for a touchpoint, from `owners.yaml`.
term        one exact thing by which a draft is known in a search: an address, an order number.
world time  the latest `at` or `recorded_at` stored; the wall clock is for people only.

This package imports the standard library and pydantic, nothing else.
"""
