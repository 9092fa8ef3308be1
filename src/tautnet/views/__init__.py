"""What is seen: pictures, the terminal table, the report."""
