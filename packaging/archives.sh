#!/usr/bin/env bash
# Makes a folder in which the linker finds the libraries of the program as archives alone: archives.sh FOLDER
set -euo pipefail
folder=$1
mkdir -p "$folder"
archive() {
  local path
  path=$(gcc -print-file-name="lib$1.a")
  case $path in */*) echo "$path" ;; *) return 1 ;; esac
}
for name in lua5.4 stdc++; do
  ln -sf "$(archive $name)" "$folder/lib$name.a" || { echo "error: there is no lib$name.a" >&2; exit 1; }
done
# What unwinds is in libgcc_s where it is shared.
ln -sf "$(archive gcc_eh)" "$folder/libgcc_s.a"
# OpenBLAS brings LAPACK, which is Fortran; its quadruple precision has a library where processors lack it.
echo "GROUP ( $(archive openblas) $(archive gfortran) $(archive quadmath || true) )" > "$folder/libopenblas.a"
