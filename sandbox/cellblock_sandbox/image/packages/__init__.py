"""Packages for a guest: from requirements, as people write them, to wheels that are whole, checked and on disk.

`provide` is the front of this room. What it stands on: `target` (the guest), `policy` (the operator's rules),
`catalogue` (what there is), `resolver` (what fits together), `index` (package indexes), `wheels` and `inspection`
(fetching, and looking before anything is used).
"""
