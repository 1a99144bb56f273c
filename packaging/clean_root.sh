#!/usr/bin/env bash
# Starts what dist.sh has made where nothing else is: clean_root.sh FOLDER
# In a root with no more than the C library: the archive, then the package's files. Where debootstrap is installed, the package
# is also installed by dpkg into a minimal Debian. Needs root, or user namespaces.
set -euo pipefail
out=$1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
own=(unshare --mount)
[ "$(id -u)" = 0 ] || own+=(--map-root-user)
if ! "${own[@]}" true 2>/dev/null; then
  echo "skipped: neither root nor user namespaces here, so there is no clean root to start it in"; exit 0
fi

# Runs a command in the root $1, where /proc is, as everywhere: programs in Swift find their arguments there.
inside() {
  mkdir -p "$1/proc" "$1/tmp"
  "${own[@]}" sh -c 'mount --rbind /proc "$0/proc" && exec chroot "$0" "$@"' "$@"
}

# Merges the small models, in the root $1 with the program $2, and checks what is written.
try() {
  inside "$1" "$2" --version | tee "$root/version"
  grep -q "^dppa-run [0-9]" "$root/version"
  inside "$1" "$2" run ties --out /merged --quiet
  inside "$1" "$2" verify /merged
  test -s "$1/merged/model.safetensors"
}

# A root with the C library for the program $2, which may need no other.
bare() {
  local needed
  needed=$(ldd "$2" | awk '/=>/ { print $3 } /ld-linux/ { print $1 }' | sort -u)
  for library in $needed; do
    case $(basename "$library") in
      libc.so.* | libm.so.* | libpthread.so.* | libdl.so.* | librt.so.* | libutil.so.* | ld-linux*) ;;
      *) echo "error: the program needs $library, which is not of the C library" >&2; return 1 ;;
    esac
    install -D "$library" "$1$library"
  done
}

archive=$(ls "$out"/dppa-run-*.tar.gz) package=$(ls "$out"/dppa-run_*.deb)
echo "== $(basename "$archive") beside the C library alone"
mkdir "$root/archive"
tar -C "$root/archive" --strip-components=1 -xzf "$archive"
bare "$root/archive" "$root/archive/bin/dppa-run"
try "$root/archive" /bin/dppa-run

echo "== $(basename "$package") beside the C library alone"
dpkg-deb -x "$package" "$root/package"
bare "$root/package" "$root/package/usr/bin/dppa-run"
try "$root/package" /usr/bin/dppa-run

if [ "$(id -u)" = 0 ] && command -v debootstrap >/dev/null; then
  echo "== $(basename "$package") installed into a minimal Debian"
  debootstrap --variant=minbase bookworm "$root/debian" > "$root/debootstrap.log" || { cat "$root/debootstrap.log"; exit 1; }
  cp "$package" "$root/debian/"
  inside "$root/debian" dpkg -i "/$(basename "$package")"
  try "$root/debian" /usr/bin/dppa-run
else
  echo "skipped: no debootstrap here, or not root, so the package was not installed into a Debian of its own"
fi
