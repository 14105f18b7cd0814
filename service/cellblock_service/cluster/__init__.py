"""Workers on other machines: the same worker processes, started and reached through a Dask cluster.

The service (`staff.py`) puts a plugin (`plugin.py`) on each Dask worker. For each of that worker's threads it then
opens a connection of Dask's own, at whose other end the plugin starts a worker process; what the two say to each other
is what a service and its workers say on one machine, carried as it is (`carrying.py`).

Needs the extra `cellblock[dask]`; nothing else imports this package unless CELLBLOCK_BACKEND asks for it.
"""
