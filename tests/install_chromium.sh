#!/usr/bin/env bash
# The browser tests drive a real Chromium. Installs Debian's where it is missing and this user may.
set -euo pipefail
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing Chromium for the browser tests"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
else
  echo "the browser tests need Chromium: install it (Debian: apt-get install chromium) and run again" >&2
  exit 1
fi
