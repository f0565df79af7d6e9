"""A read item joins an issue or opens one; an issue that emerges raises one alarm.

`reports` says which items report a problem, `context` what the reporter's own records
show, `join` which issue a report hangs on (by records, else by the likest words, else a
new one), `alarms` when an issue emerges and what it then consists of, `slices` what its
members share. `stream` puts them together in event time; the judgement of counts lies in
`agent.casework.detect`. The same items give the same matches and alarms, whatever the
batches they come in, and a stream restored from the store goes on as if never stopped.
"""
