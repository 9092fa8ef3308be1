"""What is kept of a run while it runs, so that one that was killed goes on."""
