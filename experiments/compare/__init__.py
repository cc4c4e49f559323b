"""`greensplit compare`: studies, plans and scenarios side by side, or one place before and after.

- `command` says what is named (`entries`), reads studies (`reading`) and simulates the rest (`gathering`, `simulating`).
- `values` are what runs left, by place and seed; `rivals` have them, `places` sorts rivals by scenario.
- `judging` and `comparison` say how rivals differ; `lookback` and `periods` do so for before and after.
- `finding` and `told` say it in words, `figures` and `page` draw it, `writing` writes it.
"""
