# Replaces folders in an overlay over "lower" by empty ones, which the overlay driver marks so in "upper". Arguments: the
# folders, as absolute paths within the overlay.
set -e
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged
for folder; do rm -r "merged$folder"; mkdir "merged$folder"; done
