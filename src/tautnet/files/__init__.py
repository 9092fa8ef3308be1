"""What goes out: files."""
