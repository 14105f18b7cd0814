"""One corpus of short programs, run in npm's pyodide under Node (the peer) and in a sandbox, outcomes compared."""
