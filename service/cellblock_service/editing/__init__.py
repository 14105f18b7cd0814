"""What an editor asks about a block while it is being written: what is wrong with it, and how a name may go on."""
