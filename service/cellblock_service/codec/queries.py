"""Parameters of an address, checked as fields are: each refusal names the parameter and what was expected."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cellblock_service.errors import InvalidValue

MAX_SEARCH = 100
MOST, USUAL = 1000, 50
"""Items in one answer: at most, and if the request doesn't say."""


def search(query: Mapping[str, str]) -> str:
    """What is searched for; nothing by default. Raises InvalidValue."""
    text = query.get("search", "")
    if len(text) > MAX_SEARCH:
        raise InvalidValue(f"search: expected at most {MAX_SEARCH} characters", field="search")
    return text.strip()


def limit(query: Mapping[str, str]) -> int:
    """How many items are wanted. Raises InvalidValue."""
    text = query.get("limit", str(USUAL))
    number = int(text) if re.fullmatch("[0-9]{1,9}", text) else 0
    if not 1 <= number <= MOST:
        raise InvalidValue(f"limit: expected an integer from 1 to {MOST}", field="limit")
    return number
