# Says that it was cancelled.
# ends: error
# so that: error["type"] in ("Cancelled", "CancelledError", "KeyboardInterrupt")
import asyncio

raise asyncio.CancelledError
