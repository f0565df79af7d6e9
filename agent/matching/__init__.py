"""A read item joins an issue or opens one; an issue that emerges raises one alarm.

`context` gives what a reporter's own records show, `nearest` compares distilled
problems, `emergence` judges counts against the usual level, and `stream` puts them
together in event time. The same items give the same matches and alarms, whatever the
batches they come in.
"""
