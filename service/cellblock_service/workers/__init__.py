"""The processes that hold sandboxes: what runs in one (`process`), its handle here (`worker`), and the `pool`."""
