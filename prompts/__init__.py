"""Frozen prompts, one folder each, and the one renderer.

A folder holds `prompt.toml` (purpose, variables, live version, hash and note of each
release) and `v1.md`, `v2.md` ...: the system text. Released text is frozen: `catalog`
refuses a file whose hash is not the one in `prompt.toml`. To change a prompt add the
next version, put its hash into `prompt.toml` and make it live.
Customer text never enters a template: it travels as data in its own message.
"""
