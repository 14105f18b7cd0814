"""The engine room: the only one that imports wasmtime."""
