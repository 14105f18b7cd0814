"""Bytes in, bytes out: request bodies cut into fields, answers stitched together.

Payloads (`data`, `inputs`, `msg`, `result`) stay packed all the way between the client and the guest; only the
small fields around them are ever decoded here.
"""
