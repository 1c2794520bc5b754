import { STAGING_PREFIX, SYNC_MARKER } from "../rules/builtinExcludes";
import { CHECKS, MARK, MARK_TEXT, MODES, TREE } from "../archive/archiveLayout";

/** How the receiver ends. 0 is success; every other code leaves the target as it was, but for `notInPlace`. */
export const ReceiverExit = {
  noTar: 41,
  noTarget: 42,
  notUnpacked: 43,
  cut: 44,
  notInPlace: 45,
  drifted: 46,
  noGzip: 47,
} as const;

export interface Delivery {
  readonly remotePath: string;
  /** What the target's marker must say: of no push, if "". */
  readonly expected: string;
  /** Whether there must not be anything in the target at all. */
  readonly isFirst: boolean;
  /** What the marker says afterwards. */
  readonly generation: string;
  /** Ends the names under which the receiver sets aside what it must not overwrite: `keptName`. */
  readonly stamp: string;
  /** Whether the stream comes through gzip. */
  readonly isCompressed: boolean;
}

/**
 * The command that takes a push's tar stream on its input and makes it the content of the target. It prints a line for
 * each of `checkedPaths` that is not what it was expected to be: `left N` is still there although it was to be deleted,
 * `kept N` and `aside N` made way for what was sent and are now called `keptName`.
 */
export const receiverCommand = (delivery: Delivery): string[] => {
  const { remotePath, expected, isFirst, generation, stamp, isCompressed } = delivery;
  const format = isCompressed ? "gzip" : "plain";
  return ["sh", "-c", RECEIVER, "sh", remotePath, isFirst ? "first" : "next", expected, generation, stamp, format];
};

export type Verb = "left" | "kept" | "aside";

/** Where a path is now. A name that would be too long with an ending gets another one altogether. */
export function keptName(path: string, verb: Verb, index: number, stamp: string): string {
  if (verb === "left") return path;
  if (verb === "kept") return `${path}.sandbox-${stamp}`;
  return `${path.slice(0, path.lastIndexOf("/") + 1)}sandbox-${stamp}-${index}`;
}

/**
 * POSIX sh, with what GNU, busybox and BSD userlands share. The stream is unpacked into a folder inside the target, which
 * is on the same file system and as writable as the target itself; then each entry is renamed or hard-linked into its
 * place, so a file under its final name is whole at every moment.
 */
const RECEIVER = `
export LC_ALL=C
stage=${STAGING_PREFIX}$$
tree=$stage/${TREE}
marker=${SYNC_MARKER}
status=0
mark=
placing=
newline='
'
expected_generation=$3
stamp=$5

exists() { [ -e "$1" ] || [ -L "$1" ]; }
is_folder() { [ -d "$1" ] && [ ! -L "$1" ]; }

# In a folder that its owner may not write nothing can be removed.
remove() { rm -rf -- "$1" 2>/dev/null || { chmod -R u+rwx -- "$1" 2>/dev/null; rm -rf -- "$1"; }; }

# unlink_strays FROM INTO: cp links a file under a name of its own first, which stays where cp is killed.
unlink_strays() {
  for stray in "$2"/Cu??????; do
    exists "$stray" || continue
    for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
      [ "\${stray##*/}" = "\${entry##*/}" ] || is_folder "$entry" || [ ! "$stray" -ef "$entry" ] || rm -f -- "$stray"
    done
  done
  for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    is_folder "$entry" && unlink_strays "$entry" "$2/\${entry##*/}"
  done
}

# A push that died may have left its folder behind.
remove_stale() {
  for stale in ${STAGING_PREFIX}*; do
    pid=\${stale##*-}
    [ "$stale" != "$stage" ] && { kill -0 "$pid" 2>/dev/null || [ -d "/proc/$pid" ]; } ||
      { unlink_strays "$stale/${TREE}" .; remove "$stale"; }
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

# move FROM INTO: what is in folder FROM goes into folder INTO, but for folders that are in both.
move() {
  from=$1 into=$2
  set --
  for entry in "$from"/* "$from"/.[!.]* "$from"/..?*; do
    exists "$entry" || continue
    place=$into/\${entry##*/}
    { is_folder "$entry" && is_folder "$place"; } || is_there "$entry" "$place" && continue
    set -- "$@" "$entry"
    [ $# -lt 64 ] || { mv -f -- "$@" "$into/" || status=1; set --; }
  done
  [ $# -eq 0 ] || mv -f -- "$@" "$into/" || status=1
}

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
  "$1" "$2" "$3"
}

has_gnu_cp() { case $(cp --version 2>/dev/null) in *"GNU coreutils"*) ;; *) false ;; esac }

# One process for a whole tree: for each file a link beside its place, then a rename. Folders that are there stay as they
# are.
link_all() { cp -rPlfT -- "$tree" . 2>/dev/null; }

# The last push wrote its marker last. After a push that broke off, and in a copy of a file system, whose files all have
# the ctime of the copy, the marker's ctime says nothing.
pushed_at=
note_push() {
  [ -n "$expected_generation" ] || return
  set -- $(stat -c '%Y %Z %z' -- "$marker" 2>/dev/null)
  [ $# -ge 4 ] && [ "$1" = "$2" ] || return
  case $4 in *.*) pushed_at=$2.\${4#*.} ;; *) pushed_at=$2.0 ;; esac
}

# is_later CTIME TIME: CTIME as stat's '%Z %z', TIME as seconds and nanoseconds.
is_later() {
  case $1 in *.*) nanos=\${1#*.} nanos=\${nanos%% *} ;; *) nanos=0 ;; esac
  [ "\${1%% *}" -gt "\${2%.*}" ] || { [ "\${1%% *}" -eq "\${2%.*}" ] && [ "$nanos" -gt "\${2#*.}" ]; }
}

# Whether files still have the sizes and times that a push gave them, which are in whole seconds, and were not written
# after it. A pulled file has the fraction of a second that a program gave it (FRACTIONS, a word for each), and may have
# been written until the pull. Without stat: whether they are older than the marker.
same() {
  wanted=$1$newline rest=$2
  shift 2
  IFS=$newline
  for line in $(stat -c '%Z %z/%s %Y %y' -- "$@" 2>/dev/null); do
    one=\${wanted%%"$newline"*} wanted=\${wanted#*"$newline"}
    fraction=\${rest%% *} rest=\${rest#* } latest=$pushed_at
    case $fraction in *,*) latest=\${fraction#*,} fraction=\${fraction%%,*} ;; esac
    if [ -n "$pushed_at" ] && is_later "\${line%%/*}" "$latest"; then
      wanted=differs
      break
    fi
    case \${line#*/} in
      "$one "*.000000* | "$one "*."$fraction"*) ;;
      *.*) wanted=differs; break ;;
      "$one "*) ;;
      *) wanted=differs; break ;;
    esac
  done
  unset IFS
  [ -z "$wanted" ]
}
command -v stat >/dev/null 2>&1 || same() {
  shift 2
  for one; do
    [ -f "$one" ] && [ ! -L "$one" ] && [ ! "$one" -nt "$marker" ] || return 1
  done
}

# Whether what is sent is there already, byte for byte.
is_sent() {
  sent=$tree/\${1#./}
  if [ -L "$1" ] || [ -L "$sent" ]; then
    is_there "$sent" "$1"
  else
    [ -f "$1" ] && [ -f "$sent" ] && cmp -s -- "$1" "$sent"
  fi
}

# Sets aside what must not be overwritten. A file keeps its name until the new one takes it.
keep() {
  said=kept aside=$2.sandbox-$stamp
  if exists "$aside" || ! { ! is_folder "$2" && ln -- "$2" "$aside" || mv -- "$2" "$aside"; } 2>/dev/null; then
    said=aside aside=\${2%/*}/sandbox-$stamp-$1
    mv -- "$2" "$aside" || exit ${ReceiverExit.notInPlace}
  fi
  echo "$said $1"
}

drop() {
  rm -f -- "$@" 2>/dev/null && return
  for one; do chmod u+rwx -- "\${one%/*}"; done
  rm -f -- "$@"
}

# What follows is what CHECKS is written in. The first argument is the number of the first path.
gone() {
  index=$1 expected=$2 fractions=$3
  shift 3
  same "$expected" "$fractions" "$@" && { drop "$@"; return; }
  for path; do
    line=\${expected%%"$newline"*} expected=\${expected#*"$newline"}
    fraction=\${fractions%% *} fractions=\${fractions#* }
    if exists "$path"; then
      if same "$line" "$fraction" "$path"; then drop "$path"; else echo "left $index"; fi
    fi
    index=$((index + 1))
  done
}
gone_link() {
  exists "$3" || return
  if [ "$(readlink -- "$3")" = "$2" ]; then drop "$3"; else echo "left $1"; fi
}
gone_folders() {
  rmdir -- "$@" 2>/dev/null && return
  for path; do
    is_folder "$path" || continue
    rmdir -- "$path" || { chmod u+rwx -- "\${path%/*}" "$path" && rmdir -- "$path"; }
  done 2>/dev/null
}
known() {
  index=$1 expected=$2 fractions=$3
  shift 3
  same "$expected" "$fractions" "$@" && return
  for path; do
    line=\${expected%%"$newline"*} expected=\${expected#*"$newline"}
    fraction=\${fractions%% *} fractions=\${fractions#* }
    if exists "$path" && ! same "$line" "$fraction" "$path" && ! is_sent "$path"; then keep "$index" "$path"; fi
    index=$((index + 1))
  done
}
known_link() {
  exists "$3" && ! { [ -L "$3" ] && [ "$(readlink -- "$3")" = "$2" ]; } && ! is_sent "$3" && keep "$1" "$3"
}
folders() {
  index=$1
  shift
  for path; do
    if exists "$path" && ! is_folder "$path"; then keep "$index" "$path"; fi
    index=$((index + 1))
  done
}
unknown() {
  index=$1
  shift
  for path; do
    if exists "$path" && ! is_sent "$path"; then keep "$index" "$path"; fi
    index=$((index + 1))
  done
}

is_expected() {
  generation=
  { read -r generation <"$marker"; } 2>/dev/null
  [ "$generation" = "$expected_generation" ]
}

command -v tar >/dev/null 2>&1 || exit ${ReceiverExit.noTar}
[ "$6" = plain ] || [ "$(echo well | gzip -c 2>/dev/null | gzip -dc 2>/dev/null)" = well ] || exit ${ReceiverExit.noGzip}
cd -- "$1" 2>/dev/null || { mkdir -p -- "$1" && cd -- "$1"; } || exit ${ReceiverExit.noTarget}
remove_stale
is_expected && { [ "$2" = next ] || is_fresh; } || exit ${ReceiverExit.drifted}
trap '[ "$placing" != link ] || unlink_strays "$tree" .; remove "$stage"' EXIT
trap 'exit 129' HUP INT PIPE TERM
mkdir -- "$stage" "$tree" || exit ${ReceiverExit.noTarget}

unpack() { tar -x -p -o -f - -C "$stage"; }
# tar need not read to the very end, for which gzip would be taken for broken.
unzip() { { gzip -dc 2>/dev/null || : >"$stage/cut"; } | { unpack && cat >/dev/null; }; }
case $6 in gzip) unzip ;; *) unpack ;; esac || exit ${ReceiverExit.notUnpacked}
[ ! -e "$stage/cut" ] || exit ${ReceiverExit.cut}
{ read -r mark <"$stage/${MARK}"; } 2>/dev/null
[ "$mark" = ${MARK_TEXT} ] || exit ${ReceiverExit.cut}

is_expected || exit ${ReceiverExit.drifted}
if is_fresh; then is_empty=yes; else is_empty=; [ "$2" = next ] || exit ${ReceiverExit.drifted}; fi

note_push
# From here to the end no push can rely on what is here.
: >"$marker" || exit ${ReceiverExit.notInPlace}
. "$stage/${CHECKS}"
if [ $is_empty ]; then
  move "$tree" .
elif [ "$placing" = none ]; then
  :
elif [ "$placing" = link ] && has_gnu_cp && { link_all || { merge true "$tree" . && link_all; }; }; then
  :
else
  merge move "$tree" .
fi
placing=
. "$stage/${MODES}" 2>/dev/null
[ $status -eq 0 ] || exit ${ReceiverExit.notInPlace}
# The marker comes last: to remove what a file is linked to changes the file's ctime too.
remove "$stage"
echo "$4" >"$marker"
`;
