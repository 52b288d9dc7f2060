#!/usr/bin/env bash
# A hook of pre-commit: builds its own checkout of Weir once, and runs the command with what pre-commit gives.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
if [ ! -e "$root/packages/cli/dist/bundle/index.js" ]; then
  (cd "$root" && npm ci --ignore-scripts --omit=optional --no-audit --no-fund && npm run build) >&2
fi
exec node "$root/packages/cli/bin/weir.js" "$@"
