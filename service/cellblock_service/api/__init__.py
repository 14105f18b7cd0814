"""The HTTP resources, one thin file each, and the two middlewares in front of them (`problems`, `guard`)."""
