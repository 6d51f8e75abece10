#!/bin/sh
# Runs the packed benchmark: ./run.sh engines [--quick] [--only PARTS]. Finds what a bare machine lacks in lib/, and tells Vulkan of an
# NVIDIA driver that nobody has told it of. INR_BENCH_PYTHON names a Python with PyTorch.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
temporary=${TMPDIR:-/tmp}

has_library() {
  ldconfig -p 2>/dev/null | grep -q "$1" && return 0
  for folder in /usr/lib/x86_64-linux-gnu /usr/lib/aarch64-linux-gnu /usr/lib64 /lib64 /usr/lib /usr/local/lib; do
    [ -e "$folder/$1" ] && return 0
  done
  return 1
}

# `ls` of both folders would fail where only one of them has files.
has_driver_file() {
  for file in /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json; do
    [ -e "$file" ] && return 0
  done
  return 1
}

path=${LD_LIBRARY_PATH:-}
for library in libvulkan.so.1 libstdc++.so.6 libgcc_s.so.1 libatomic.so.1; do
  folder="$here/lib/${library%%.*}"
  if ! has_library "$library" && [ -d "$folder" ]; then path="$path${path:+:}$folder"; fi
done
[ -z "$path" ] || export LD_LIBRARY_PATH="$path"

# A driver that is there without the file that names it: containers often mount the libraries alone. Of the two libraries that speak
# Vulkan, the GLX one needs those of X11 and the EGL one does not.
if [ -z "${VK_ICD_FILENAMES:-}${VK_DRIVER_FILES:-}" ] && ! has_driver_file; then
  for file in /usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json /usr/local/share/vulkan/icd.d/nvidia_icd.json; do
    if [ -e "$file" ]; then export VK_ICD_FILENAMES="$file" && break; fi
  done
  if [ -z "${VK_ICD_FILENAMES:-}" ]; then
    for library in libGLX_nvidia.so.0 libEGL_nvidia.so.0; do
      found=$(ldconfig -p 2>/dev/null | sed -n "s|.*$library.*=> ||p" | head -n 1)
      [ -n "$found" ] || continue
      if ldd "$found" 2>/dev/null | grep -q 'not found'; then continue; fi
      printf '{"file_format_version": "1.0.0", "ICD": {"library_path": "%s", "api_version": "1.3.0"}}\n' "$found" >"$temporary/inr-bench-icd.json"
      export VK_ICD_FILENAMES="$temporary/inr-bench-icd.json"
      break
    done
  fi
fi

export INR_TFJS_WASM="$here/tfjs-wasm/"
exec "$here/node" "$here/bench/main.js" "$@"
