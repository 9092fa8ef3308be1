"""The article that tautnet grew out of: its experiment as published, mended, and done honestly."""
