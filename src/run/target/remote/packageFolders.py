"""Prints the folders that this Python finds packages in, one a line."""
import sys

print("\n".join(path for path in sys.path if path.endswith("-packages")))
