"""What is minimised: losses, penalties, networks, and the problem they make together."""
