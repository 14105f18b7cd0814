"""The HTTP resources, one thin file each, and the middlewares in front of them (`access`, `problems`, `guard`)."""
