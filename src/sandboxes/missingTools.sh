# Prints the programs that an image lacks, one per line. Arguments: the programs.
for name; do command -v "$name" >/dev/null 2>&1 || echo "$name"; done
