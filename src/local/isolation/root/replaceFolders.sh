# Replaces folders in an overlay over "lower" with empty ones, which the overlay driver marks as opaque in "upper". Arguments:
# the folders, as absolute paths within the overlay.
set -e
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged
for folder; do rm -r "merged$folder"; mkdir "merged$folder"; done
