"""What can be wrong with the records, as one tree of exceptions.

    StoreError
      RecordsUnusable       the file can't be opened: permissions, a folder in its place, an SQLite that is too old
        RecordsTooNew       a newer version of the service wrote it
        RecordsForeign      it is the database of another program
        RecordsInUse        another service has it
      RecordsUnreadable     reading failed just now
      NotWritten            writing failed just now; the records wait in memory and are tried again

The first four end the start of the service, each with a text that says what to do. A damaged file is no error: it is
moved aside and a new one begun.
"""

from __future__ import annotations


class StoreError(Exception):
    """Something is wrong with the records."""


class RecordsUnusable(StoreError):
    """The records' file can't be opened."""


class RecordsTooNew(RecordsUnusable):
    """The records' file has a layout of a later version."""


class RecordsForeign(RecordsUnusable):
    """The file belongs to another program."""


class RecordsInUse(RecordsUnusable):
    """Another running service keeps its records in this file."""


class RecordsUnreadable(StoreError):
    """The records can't be read now."""


class NotWritten(StoreError):
    """The records can't be written now; the writer goes on trying."""
