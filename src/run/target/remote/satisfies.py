"""Exits with 0 if this Python's version satisfies a specifier, which is the argument, by the packaging in pip."""
import sys
from pip._vendor.packaging.specifiers import SpecifierSet

sys.exit(not SpecifierSet(sys.argv[1]).contains("%d.%d.%d" % sys.version_info[:3], prereleases=True))
