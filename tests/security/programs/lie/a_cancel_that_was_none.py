# Says that it was cancelled.
# ends: error CancelledError
import asyncio

raise asyncio.CancelledError
