# Ends a sender. Argument: the file with its process id.
read -r pid <"$1" && kill "$pid"
