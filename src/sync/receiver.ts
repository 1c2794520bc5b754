import { STAGING_PREFIX } from "./builtinExcludes";
import { MARK, MARK_TEXT, MODES, TREE } from "./archiveLayout";

/** How the receiver ends. 0 is success; every other code leaves the target as it was, but for `notInPlace`. */
export const ReceiverExit = { noTar: 41, noTarget: 42, notUnpacked: 43, cut: 44, notInPlace: 45 } as const;

/** The command that takes a push's tar stream on its input and makes it the content of `remotePath`. */
export const receiverCommand = (remotePath: string): string[] => ["sh", "-c", RECEIVER, "sh", remotePath];

/**
 * POSIX sh, with what GNU, busybox and BSD userlands share. The stream is unpacked into a folder inside the target, which
 * is on the same file system and as writable as the target itself; then each entry is renamed or hard-linked into its
 * place, so a file under its final name is whole at every moment.
 */
const RECEIVER = `
export LC_ALL=C
stage=${STAGING_PREFIX}$$
status=0

exists() { [ -e "$1" ] || [ -L "$1" ]; }
is_folder() { [ -d "$1" ] && [ ! -L "$1" ]; }

# A push that died may have left its folder behind.
remove_stale() {
  for stale in ${STAGING_PREFIX}*; do
    pid=\${stale##*-}
    [ "$stale" != "$stage" ] && { kill -0 "$pid" 2>/dev/null || [ -d "/proc/$pid" ]; } || rm -rf -- "$stale"
  done
}

# Nothing but this push's folder is in the target.
is_fresh() {
  for entry in * .[!.]* ..?*; do
    [ "$entry" = "$stage" ] || ! exists "$entry" || return 1
  done
}

# move FROM INTO: what is in folder FROM goes into folder INTO. A subshell, for an argument list of its own.
move() (
  from=$1 into=$2 status=0
  set --
  for entry in "$from"/* "$from"/.[!.]* "$from"/..?*; do
    exists "$entry" || continue
    set -- "$@" "$entry"
    [ $# -lt 64 ] || { mv -f -- "$@" "$into/" || status=1; set --; }
  done
  [ $# -eq 0 ] || mv -f -- "$@" "$into/" || status=1
  exit $status
)

# merge FROM INTO: the same where both may hold folders of the same name. Only positional parameters are local.
merge() {
  [ -w "$2" ] || chmod u+rwx -- "$2"
  for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    place=$2/\${entry##*/}
    exists "$entry" && exists "$place" || continue
    if is_folder "$entry" && is_folder "$place"; then
      merge "$entry" "$place"
    elif is_folder "$entry" || is_folder "$place"; then
      rm -rf -- "$place"
    fi
  done
  move "$1" "$2" || status=1
  rmdir -- "$1" 2>/dev/null
}

# GNU cp merges the two in one process: for each file a link beside its place, then a rename.
merge_by_links() {
  case $(cp --version 2>/dev/null) in *"GNU coreutils"*) ;; *) return 1 ;; esac
  chmod --reference=. -- "$stage/${TREE}" && chown --reference=. -- "$stage/${TREE}" &&
    cp -alfT -- "$stage/${TREE}" .
}

command -v tar >/dev/null 2>&1 || exit ${ReceiverExit.noTar}
mkdir -p -- "$1" && cd -- "$1" || exit ${ReceiverExit.noTarget}
remove_stale
trap 'rm -rf -- "$stage"' EXIT
trap 'exit 129' HUP INT PIPE TERM
mkdir -- "$stage" "$stage/${TREE}" || exit ${ReceiverExit.noTarget}

tar -x -p -o -f - -C "$stage" || exit ${ReceiverExit.notUnpacked}
[ "$(cat "$stage/${MARK}" 2>/dev/null)" = ${MARK_TEXT} ] || exit ${ReceiverExit.cut}

if is_fresh; then
  move "$stage/${TREE}" . || status=1
else
  merge_by_links 2>/dev/null || merge "$stage/${TREE}" .
fi
sh "$stage/${MODES}" 2>/dev/null
[ $status -eq 0 ] || exit ${ReceiverExit.notInPlace}
`;
