"""What comes in: readers, built-in tables, the encoder and the scaling."""
