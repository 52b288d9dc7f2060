#!/usr/bin/env bash
# A hook of pre-commit: builds its own checkout of Weir once, and runs the command with what pre-commit gives.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
if [ ! -e "$root/packages/cli/dist/bundle/index.js" ]; then
  # Only what the command is made of: nothing that tests, and no script of a package.
  (cd "$root" && npm ci --workspace @weir/cli --ignore-scripts --no-audit --no-fund && node scripts/bundle.mjs --from-sources) >&2
fi
exec node "$root/packages/cli/bin/weir.js" "$@"
