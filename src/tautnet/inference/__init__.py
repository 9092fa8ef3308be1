"""Numbers that say how sure."""
