# Reads a push's tar stream from standard input and puts its content into the target. POSIX sh, with commands that GNU,
# busybox and BSD share. A file under its final name is always complete: an entry is unpacked on the target's own file
# system, then renamed or hard-linked into place.
#
#   this machine          the sandbox
#
#   pushSession -stdin--> gzip -dc --> tar -x --> TARGET/.modal-push-PID/   the stage, removed at the end
#                         (if compressed)           tree/    entries to write
#                                                   checks-N shell script: what must exist, what to delete
#                                                   modes    shell script: modes of folders
#                                                   mark     "complete": the stream is not cut
#                                                   cut      created here if gzip fails
#                         marker: "generation" --> empty
#           <-stdout---   . checks      removes TARGET/path, or renames it to TARGET/path.sandbox-STAMP and reports it
#                         mv or cp -l   tree/path --> TARGET/path
#                         . modes
#           <-exit code-  marker: empty --> "next generation"
#
# Arguments: the target; "first" if the target must be empty, else "next"; the expected content of its marker ("" for
# none); the marker's content afterwards; the suffix of the names of entries that are moved aside; "gzip" or "plain";
# the marker's name; the prefix of the stage's name; the names of tree, checks, modes and mark in the stream; the
# mark's text.
#
# Prints a line for each checked path that was not as expected: "left N" should have been deleted and still exists,
# "kept N" and "aside N" made way and have another name. The first line is "copied" if the files' ctimes are
# meaningless (see note_push); the last is "at" and the time of the marker.
# Exit codes: 41 no tar, 42 no target, 43 unpacking failed, 44 the stream is cut, 45 not everything is in place, 46
# the marker or the target's content differs, 47 no gzip. All but 45 leave the target unchanged.
export LC_ALL=C
target=$1 push=$2 expected_generation=$3 next_generation=$4 stamp=$5 format=$6 marker=$7 prefix=$8
shift 8
stage=$prefix$$
tree=$stage/$1 checks=$stage/$2 modes=$stage/$3 mark=$stage/$4 mark_text=$5
status=0
placing=
newline='
'

exists() { [ -e "$1" ] || [ -L "$1" ]; }
is_folder() { [ -d "$1" ] && [ ! -L "$1" ]; }

# Nothing can be removed from a folder that its owner may not write.
remove() { rm -rf -- "$1" 2>/dev/null || { chmod -R u+rwx -- "$1" 2>/dev/null; rm -rf -- "$1"; }; }

# unlink_strays FROM INTO: cp first links a file under a temporary name, which remains if cp is killed.
unlink_strays() {
  for stray in "$2"/Cu??????; do
    exists "$stray" || continue
    for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
      [ "${stray##*/}" = "${entry##*/}" ] || is_folder "$entry" || [ ! "$stray" -ef "$entry" ] || rm -f -- "$stray"
    done
  done
  for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    is_folder "$entry" && unlink_strays "$entry" "$2/${entry##*/}"
  done
}

# A push that was killed may have left its folder behind.
remove_stale() {
  for stale in "$prefix"*; do
    pid=${stale##*-}
    [ "$stale" != "$stage" ] && { kill -0 "$pid" 2>/dev/null || [ -d "/proc/$pid" ]; } ||
      { unlink_strays "$stale/${tree#*/}" .; remove "$stale"; }
  done
}

# Returns true if the target contains only this push's folder.
is_fresh() {
  for entry in * .[!.]* ..?*; do
    [ "$entry" = "$stage" ] || ! exists "$entry" || return 1
  done
}

# is_there ENTRY PLACE: true if ENTRY need not be moved to PLACE, because a link already put it there.
is_there() {
  if [ -L "$1" ]; then
    [ -L "$2" ] && [ "$(readlink -- "$1")" = "$(readlink -- "$2")" ]
  else
    [ ! -L "$2" ] && [ "$1" -ef "$2" ]
  fi
}

# move FROM INTO: moves the content of folder FROM into folder INTO, except folders that are in both.
move() {
  from=$1 into=$2
  set --
  for entry in "$from"/* "$from"/.[!.]* "$from"/..?*; do
    exists "$entry" || continue
    place=$into/${entry##*/}
    { is_folder "$entry" && is_folder "$place"; } || is_there "$entry" "$place" && continue
    set -- "$@" "$entry"
    [ $# -lt 64 ] || { mv -f -- "$@" "$into/" || status=1; set --; }
  done
  [ $# -eq 0 ] || mv -f -- "$@" "$into/" || status=1
}

# merge HOW FROM INTO: removes what is in the way in INTO and below it, then calls HOW for each folder that is in both.
# Only positional parameters are local.
merge() {
  [ -w "$3" ] || chmod u+rwx -- "$3"
  for entry in "$2"/* "$2"/.[!.]* "$2"/..?*; do
    place=$3/${entry##*/}
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

# Handles a whole tree in one process: links each file next to its place, then renames the link. Existing folders are
# not changed.
link_all() { cp -rPlfT -- "$tree" . 2>/dev/null; }

# The last push wrote its marker last. In a copy of a file system, all files have the ctime of the copy, so the marker has
# a ctime that is not its mtime: no ctime says anything then.
pushed_at=
note_push() {
  pushed_at=
  # shellcheck disable=SC2046
  set -- $(stat -c '%Y %Z %z' -- "$marker" 2>/dev/null)
  [ $# -ge 4 ] && [ "$1" = "$2" ] || return
  case $4 in *.*) pushed_at=$2.${4#*.} ;; *) pushed_at=$2.0 ;; esac
}

# is_later CTIME TIME: CTIME as stat's '%Z %z', TIME as seconds and nanoseconds.
is_later() {
  case $1 in *.*) nanos=${1#*.} nanos=${nanos%% *} ;; *) nanos=0 ;; esac
  [ "${1%% *}" -gt "${2%.*}" ] || { [ "${1%% *}" -eq "${2%.*}" ] && [ "$nanos" -gt "${2#*.}" ]; }
}

# same STATS TIMES FILE...: true if files have the sizes and mtimes of STATS and were not written since they were last
# known. Pushed files have mtimes in whole seconds; pulled files keep the fraction that a program set. TIMES has a
# word for each file: the fraction and, after a comma, the time until which the file is known; without it, the time of
# the last push applies. Without stat, TIMES cannot be used, and three processes are needed for each file.
same() {
  wanted=$1$newline rest=$2
  shift 2
  IFS=$newline
  for line in $(stat -c '%Z %z/%s %Y %y' -- "$@" 2>/dev/null); do
    one=${wanted%%"$newline"*} wanted=${wanted#*"$newline"}
    fraction=${rest%% *} rest=${rest#* } latest=$pushed_at
    case $fraction in *,*) latest=${fraction#*,} fraction=${fraction%%,*} ;; esac
    if [ -n "$latest" ] && [ ! "$is_copy" ] && is_later "${line%%/*}" "$latest"; then
      wanted=differs
      break
    fi
    case ${line#*/} in
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
  wanted=$1$newline
  shift 2
  for one; do
    size=${wanted%% *} mtime=${wanted%%"$newline"*} wanted=${wanted#*"$newline"}
    mtime=${mtime#* }
    [ -f "$one" ] && [ ! -L "$one" ] && [ $(($(wc -c <"$one"))) -eq "$size" ] &&
      touch -d "@$mtime" -- "$stage/from" && touch -d "@$((mtime + 1))" -- "$stage/to" &&
      [ ! "$one" -ot "$stage/from" ] && [ "$one" -ot "$stage/to" ] || return 1
  done
}

# Returns true if identical content is already there.
is_sent() {
  sent=$tree/${1#./}
  if [ -L "$1" ] || [ -L "$sent" ]; then
    is_there "$sent" "$1"
  else
    [ -f "$1" ] && [ -f "$sent" ] && cmp -s -- "$1" "$sent"
  fi
}

# Moves aside an entry that must not be overwritten. A file keeps its name until the pushed file replaces it.
keep() {
  said=kept aside=$2.sandbox-$stamp
  if exists "$aside" || ! { ! is_folder "$2" && ln -- "$2" "$aside" || mv -- "$2" "$aside"; } 2>/dev/null; then
    said=aside aside=${2%/*}/sandbox-$stamp-$1
    mv -- "$2" "$aside" || exit 45
  fi
  echo "$said $1"
}

drop() {
  rm -f -- "$@" 2>/dev/null && return
  for one; do chmod u+rwx -- "${one%/*}"; done
  rm -f -- "$@"
}

# The script in CHECKS calls the functions below. The first argument is the index of the first path.
gone() {
  index=$1 expected=$2 fractions=$3
  shift 3
  same "$expected" "$fractions" "$@" && { drop "$@"; return; }
  for path; do
    line=${expected%%"$newline"*} expected=${expected#*"$newline"}
    fraction=${fractions%% *} fractions=${fractions#* }
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
    rmdir -- "$path" || { chmod u+rwx -- "${path%/*}" "$path" && rmdir -- "$path"; }
  done 2>/dev/null
}
known() {
  index=$1 expected=$2 fractions=$3
  shift 3
  same "$expected" "$fractions" "$@" && return
  for path; do
    line=${expected%%"$newline"*} expected=${expected#*"$newline"}
    fraction=${fractions%% *} fractions=${fractions#* }
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

command -v tar >/dev/null 2>&1 || exit 41
[ "$format" = plain ] || [ "$(echo well | gzip -c 2>/dev/null | gzip -dc 2>/dev/null)" = well ] || exit 47
cd -- "$target" 2>/dev/null || { mkdir -p -- "$target" && cd -- "$target"; } || exit 42
remove_stale
is_expected && { [ "$push" = next ] || is_fresh; } || exit 46
trap '[ "$placing" != link ] || unlink_strays "$tree" .; remove "$stage"' EXIT
trap 'exit 129' HUP INT PIPE TERM
mkdir -- "$stage" "$tree" || exit 42

unpack() { tar -x -p -o -f - -C "$stage"; }
# tar may stop reading before the end, and gzip would then fail although nothing is missing.
unzip() { { gzip -dc 2>/dev/null || : >"$stage/cut"; } | { unpack && cat >/dev/null; }; }
case $format in gzip) unzip ;; *) unpack ;; esac || exit 43
[ ! -e "$stage/cut" ] || exit 44
text=
{ read -r text <"$mark"; } 2>/dev/null
[ "$text" = "$mark_text" ] || exit 44

is_expected || exit 46
if is_fresh; then is_empty=yes; else is_empty=; [ "$push" = next ] || exit 46; fi

is_copy=
[ "$push" = first ] || ! exists "$marker" || note_push || { is_copy=yes && echo copied; }
# Until the push ends, no other push can rely on the target's content.
: >"$marker" || exit 45
. "$checks"
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
. "$modes" 2>/dev/null
[ $status -eq 0 ] || exit 45
# The marker comes last, because removing a file's other hard link changes the file's ctime too.
remove "$stage"
echo "$next_generation" >"$marker" || exit 1
note_push
echo "at $pushed_at"
