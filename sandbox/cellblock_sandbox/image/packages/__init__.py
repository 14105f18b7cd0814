"""Packages for a guest: from requirements, as people write them, to wheels that are whole, checked and on disk.

`provide` is the front of this room. What it stands on: `target` (the guest), `policy` (the operator's rules),
`catalogue` (what there is), `resolver` (what fits together), `index` (package indexes), `wheels` and `inspection`
(fetching, and looking before anything is used).
"""

from cellblock_sandbox.image.packages.inspection import Contents, inspect
from cellblock_sandbox.image.packages.policy import Policy
from cellblock_sandbox.image.packages.provide import open_catalogue, provide
from cellblock_sandbox.image.packages.published import published
from cellblock_sandbox.image.packages.resolver import Resolution, resolve
from cellblock_sandbox.image.packages.target import Target
from cellblock_sandbox.image.wheel import Wheel

__all__ = [
    "Contents",
    "Policy",
    "Resolution",
    "Target",
    "Wheel",
    "inspect",
    "open_catalogue",
    "provide",
    "published",
    "resolve",
]
