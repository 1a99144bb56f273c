#!/usr/bin/env bash
# Makes what is shipped of a program that needs no more than the C library: dist.sh PROGRAM FOLDER
#   dppa-run-VERSION-linux-ARCH.tar.gz   bin/ and share/, to be unpacked anywhere
#   dppa-run_VERSION_ARCH.deb            the same under /usr
#   Dockerfile                           an image with that package; docker build FOLDER
set -euo pipefail
program=$1 out=$2 here=$(cd "$(dirname "$0")" && pwd)
version=$("$program" --version | awk '{ print $2; exit }')
arch=$(dpkg --print-architecture)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$out"

name=dppa-run-$version-linux-$(uname -m)
strip -o "$stage/dppa-run" "$program"
make -s -C "$here/.." install-files PREFIX="$stage/$name" PROGRAM="$stage/dppa-run" >/dev/null
install -D -m 644 "$here/../LICENSE" "$stage/$name/share/doc/dppa-run/copyright"
tar -C "$stage" --sort=name --owner=0 --group=0 --numeric-owner -czf "$out/$name.tar.gz" "$name"

# The newest symbol that the program takes of the C library says which one it needs.
libc=$(objdump -T "$program" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -Vu | tail -1)
mkdir -p "$stage/deb/DEBIAN"
mv "$stage/$name" "$stage/deb/usr"
cat > "$stage/deb/DEBIAN/control" <<CONTROL
Package: dppa-run
Version: $version
Architecture: $arch
Maintainer: the maintainers of dppa
Section: science
Priority: optional
Depends: libc6 (>= $libc)
Installed-Size: $(du -sk "$stage/deb/usr" | cut -f1)
Description: merges and prunes language models by recipes written in Lua
 A recipe states as formulas which parts of which fine-tuned models go into a
 base model; a native engine streams the checkpoints through them, in bounded
 memory, and writes a model that any Hugging Face reader loads.
CONTROL
dpkg-deb --root-owner-group --build "$stage/deb" "$out/dppa-run_${version}_$arch.deb" >/dev/null
sed "s/@PACKAGE@/dppa-run_${version}_$arch.deb/" "$here/Dockerfile" > "$out/Dockerfile"

echo "made in $out, for Linux with glibc $libc or newer:"
(cd "$out" && du -h --apparent-size "$name.tar.gz" "dppa-run_${version}_$arch.deb" Dockerfile)
echo "the program itself: $(stat -c %s "$stage/dppa-run" | awk '{ printf "%.1f MB", $1 / 1e6 }')"
