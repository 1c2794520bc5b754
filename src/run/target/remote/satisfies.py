"""Exits with 0 if this Python's version satisfies a version specifier. Uses pip's copy of packaging. Argument: the specifier."""
import sys
from pip._vendor.packaging.specifiers import SpecifierSet

sys.exit(not SpecifierSet(sys.argv[1]).contains("%d.%d.%d" % sys.version_info[:3], prereleases=True))
