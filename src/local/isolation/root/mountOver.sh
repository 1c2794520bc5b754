# Mounts an overlay over a folder. Its topmost layer, "upper", takes the owner and mode that the mount will show.
#
# Arguments: the folder of the layers; the file or folder with that owner and mode; the mount's options; the mount point.
cd "$1" && { chmod --reference="$2" upper; chown --reference="$2" upper; } 2>/dev/null
mount -n -t overlay overlay -o "$3" "$4"
