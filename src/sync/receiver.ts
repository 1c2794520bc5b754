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
tree=$stage/${TREE}
status=0
mark=

exists() { [ -e "$1" ] || [ -L "$1" ]; }
is_folder() { [ -d "$1" ] && [ ! -L "$1" ]; }

# In a folder that its owner may not write nothing can be removed.
remove() { rm -rf -- "$1" 2>/dev/null || { chmod -R u+rwx -- "$1" 2>/dev/null; rm -rf -- "$1"; }; }

# A push that died may have left its folder behind.
remove_stale() {
  for stale in ${STAGING_PREFIX}*; do
    pid=\${stale##*-}
    [ "$stale" != "$stage" ] && { kill -0 "$pid" 2>/dev/null || [ -d "/proc/$pid" ]; } || remove "$stale"
  done
}

# Nothing but this push's folder is in the target.
is_fresh() {
  for entry in * .[!.]* ..?*; do
    [ "$entry" = "$stage" ] || ! exists "$entry" || return 1
  done
}

# Whether ENTRY needs no moving to PLACE, because a link put it there before.
is_there() {
  if [ -L "$1" ]; then
    [ -L "$2" ] && [ "$(readlink -- "$1")" = "$(readlink -- "$2")" ]
  else
    [ ! -L "$2" ] && [ "$1" -ef "$2" ]
  fi
}

# move FROM INTO: what is in folder FROM goes into folder INTO, but for folders that are in both. A subshell, for an
# argument list of its own.
move() (
  from=$1 into=$2 status=0
  set --
  for entry in "$from"/* "$from"/.[!.]* "$from"/..?*; do
    exists "$entry" || continue
    place=$into/\${entry##*/}
    { is_folder "$entry" && is_folder "$place"; } || is_there "$entry" "$place" && continue
    set -- "$@" "$entry"
    [ $# -lt 64 ] || { mv -f -- "$@" "$into/" || status=1; set --; }
  done
  [ $# -eq 0 ] || mv -f -- "$@" "$into/" || status=1
  exit $status
)

# merge HOW FROM INTO: removes what stands in the way in INTO, all the way down, then does HOW for each folder that is in
# both. Only positional parameters are local.
merge() {
  [ -w "$3" ] || chmod u+rwx -- "$3"
  for entry in "$2"/* "$2"/.[!.]* "$2"/..?*; do
    place=$3/\${entry##*/}
    exists "$entry" && exists "$place" || continue
    if is_folder "$entry" && is_folder "$place"; then
      merge "$1" "$entry" "$place"
    elif is_folder "$entry" || is_folder "$place"; then
      remove "$place"
    fi
  done
  "$1" "$2" "$3" || status=1
}

has_gnu_cp() { case $(cp --version 2>/dev/null) in *"GNU coreutils"*) ;; *) false ;; esac }

# One process for a whole tree: for each file a link beside its place, then a rename. The top folder stays as it is.
link_all() {
  chmod --reference=. -- "$tree" && chown --reference=. -- "$tree" && cp -alfT -- "$tree" .
} 2>/dev/null

command -v tar >/dev/null 2>&1 || exit ${ReceiverExit.noTar}
mkdir -p -- "$1" && cd -- "$1" || exit ${ReceiverExit.noTarget}
remove_stale
trap 'remove "$stage"' EXIT
trap 'exit 129' HUP INT PIPE TERM
mkdir -- "$stage" "$tree" || exit ${ReceiverExit.noTarget}

tar -x -p -o -f - -C "$stage" || exit ${ReceiverExit.notUnpacked}
{ read -r mark <"$stage/${MARK}"; } 2>/dev/null
[ "$mark" = ${MARK_TEXT} ] || exit ${ReceiverExit.cut}

if is_fresh; then
  move "$tree" . || status=1
elif has_gnu_cp && { link_all || { merge true "$tree" . && link_all; }; }; then
  :
else
  merge move "$tree" .
fi
sh "$stage/${MODES}" 2>/dev/null
[ $status -eq 0 ] || exit ${ReceiverExit.notInPlace}
`;
