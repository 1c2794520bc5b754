# Archives the folders below the working directory, without files, with the attribute that marks opaque ones. Argument: GNU
# tar.
find . -type d -print0 |
"$1" --null --format=pax --no-recursion --xattrs --xattrs-include='*overlay.opaque' -cf - -T -
