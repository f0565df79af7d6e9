"""The approval inbox: what the person at the desk sees and does.

White is what leaves, grey is why. `backend` is the one seat that pages ask; `views*`
turn domain records into view models and are pure; `templates` turn view models into
HTML; `pages` and `acts` are the addresses. Every act is a form that works without
script; `static/app.js` adds keys, live counts and loading in place. Customers' words
reach a page only as escaped text, and characters that cannot be seen are shown.

Tested by `tests/unit/test_inbox_*.py` over records, by `tests/contract/test_api.py` over
HTTP, and by `tests/browser/test_inbox_*.py` in a real browser.
"""
