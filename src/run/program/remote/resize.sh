# Sets the size of a shell's terminal. Arguments: the file that login.sh wrote; rows; columns.
{ read -r device; } <"$1" && stty rows "$2" cols "$3" <"$device"
