"""Prints the folders in which this Python finds packages, one per line."""
import sys

print("\n".join(path for path in sys.path if path.endswith("-packages")))
