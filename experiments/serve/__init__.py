"""`greensplit serve`: the studies of a folder as a local web app.

Whatever lies in the folder may be hostile or broken. Nothing of it is run, nothing is written, no link is followed, and
what cannot be read is said in the row of its study.

- `command` listens and ends; `guard` decides who is let in and what a browser may do with an answer.
- `catalogue` finds the studies, `records` says what is read of their files, `files` reads them.
- `ledger` and `progress` follow a study that runs, `warning` names junctions, `comparison` sets studies side by side.
- `listing` searches, filters, sorts and pages; `app` answers requests from the templates beside it.
"""
