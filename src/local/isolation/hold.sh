# A shell around a sandbox: builds the root in the folder it starts in, then lives as long as the sandbox. The function
# assemble comes before this in the same program.
#
# Arguments: those of assemble; "--"; the command that starts the sandbox.
set -e
assemble "$@"
while [ "$1" != -- ]; do shift; done
shift
mount -n --make-rshared root
"$@"
