"""From an alarmed issue to proposals: detect, diagnose, reach, rank, draft, check, assign.

Every step is pure: records and a `FactTable` in, records out. Numbers are counted by
queries whose ids travel with them, so that each one shows the rows behind it.
"""
