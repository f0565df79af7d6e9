"""The outermost room: settings, wiring, command line, jobs, API and inbox.

Only `wiring` names concrete classes, looks at the clock, makes random ids or reads
settings. Everybody else receives them.
"""
