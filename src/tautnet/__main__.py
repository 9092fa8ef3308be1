"""``python -m tautnet``."""

from tautnet.cli import main

main()
