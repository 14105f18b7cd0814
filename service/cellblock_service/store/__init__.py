"""What the service remembers of executions after they have ended, and across restarts: records in one SQLite file."""

from cellblock_service.store.changes import Begun, Change, Ended, Record, StatusAt, StatusChanged
from cellblock_service.store.errors import (
    NotWritten,
    RecordsForeign,
    RecordsInUse,
    RecordsTooNew,
    RecordsUnreadable,
    RecordsUnusable,
    StoreError,
)
from cellblock_service.store.records import Counts, Records
from cellblock_service.store.writer import Condition

__all__ = [
    "Begun",
    "Change",
    "Condition",
    "Counts",
    "Ended",
    "NotWritten",
    "Record",
    "Records",
    "RecordsForeign",
    "RecordsInUse",
    "RecordsTooNew",
    "RecordsUnreadable",
    "RecordsUnusable",
    "StatusAt",
    "StatusChanged",
    "StoreError",
]
