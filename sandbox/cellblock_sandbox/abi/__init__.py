"""The guest's binary interface: errno and flag values, struct sizes and offsets. Generated tables only."""
