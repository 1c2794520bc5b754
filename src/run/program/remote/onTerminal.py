"""Runs a program on a terminal of its own. Arguments: the program."""
import pty, sys

status = pty.spawn(sys.argv[1:])
sys.exit(status >> 8 or status and 128 + status % 128)
