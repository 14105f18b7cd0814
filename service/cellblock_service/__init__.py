"""The Cellblock service: runs the Python of a flow over HTTP, in sandboxes kept by a pool of worker processes.

Rooms: `settings` (every knob), `application` (wiring), `api` (one thin file per resource), `codec` (bytes in, bytes
out), `workers` (the processes that hold sandboxes), `observe` (logs), `cli` (the `cellblock` command) and `client` (for
programs that use a service, and of the service itself only `codec`).
Of the sandbox it imports the front door and the value codec, nothing deeper.
"""
