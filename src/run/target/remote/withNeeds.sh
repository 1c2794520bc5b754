# Becomes a Python script that has the packages it requires: with uv, or else in a virtual environment that is kept and
# that also sees the image's own packages.
#
# Arguments: the environment's folder; the versions of Python that satisfy the script, as ">=3.11"; the packages, one
# per line; satisfies.py; packageFolders.py; the script and its arguments.
# Exit codes: the script's, 127 if there is no python3, 1 and a message on stderr if the environment can't be created.
place=$1 python=$2 needs=$3 satisfies=$4 package_folders=$5
shift 5
if command -v uv >/dev/null 2>&1; then exec uv run --script "$@"; fi
command -v python3 >/dev/null 2>&1 || exit 127
fail() {
  echo "$1" >&2
  exit 1
}
make() {
  python3 -m pip --version >/dev/null 2>&1 || fail 'The script requires packages or a version of Python, but the image has neither uv nor pip. Choose an image that has one of them in the setting "modalSandboxes.image".'
  python3 -c "$satisfies" "$python" ||
    fail "The script requires Python $python, but the image has $(python3 --version). Choose an image with that version, or one with uv, which installs it."
  rm -rf "$place" && python3 -m venv --without-pip "$place" || exit
  # The environment also sees the image's packages and its pip.
  python3 -c "$package_folders" >"$(echo "$place"/lib/python*/site-packages)/image.pth"
  echo "$needs" >"$place/needs.txt"
  "$place/bin/python" -m pip install --disable-pip-version-check --quiet -r "$place/needs.txt" >&2 ||
    fail 'The packages that the script requires could not be installed. See the output above.'
  : >"$place/ready"
}
if [ ! -e "$place/ready" ]; then
  mkdir -p "${place%/*}"
  (
    command -v flock >/dev/null 2>&1 && flock 9
    [ -e "$place/ready" ] || make
  ) 9>"$place.lock" || exit
fi
exec "$place/bin/python" "$@"
