"""NumPy's own tests, run in sandboxes and in npm's pyodide under Node, their outcomes compared: `make test-numpy`."""
