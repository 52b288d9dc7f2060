#!/usr/bin/env bash
# The steps of the action: `steps.sh STEP`. Everything comes in by the environment, so that no text of a pull request
# becomes part of a script. Every step but the last ends well: `conclude` fails the job, after all has been reported.
set -euo pipefail

# What the steps leave for each other and for whoever uses the action.
out="$RUNNER_TEMP/weir"

output() { printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"; }

# Runs weir with arguments of this script. WEIR is a command line, as the workflow's author wrote it; without it, what `prepare` built.
weir() {
  local -a words=(node "$GITHUB_ACTION_PATH/../../packages/cli/bin/weir.js")
  if [ -n "$WEIR" ]; then read -ra words <<<"$WEIR"; fi
  # Not as the function of that name.
  command "${words[@]}" "$@"
}

# Options that all commands take.
options=(--profile "${PROFILE:-kubernetes}")
if [ "${STRICT:-false}" = true ]; then options+=(--strict); fi

# The manifests of a checkout at $1 as a path: what is there, or what the render command prints there.
manifests() {
  if [ -z "$RENDER" ]; then
    printf '%s\n' "$1/$MANIFESTS"
  else
    if ! (cd "$1" && bash -euo pipefail -c "$RENDER") >"$out/$2.yaml"; then
      echo "::error::the render command failed ($2 side)" >&2
      return 1
    fi
    printf '%s\n' "$out/$2.yaml"
  fi
}

# What an exit code of weir means.
result() {
  case $1 in
    0) echo "$2" ;;
    1) echo "$3" ;;
    *) echo broken ;;
  esac
}

prepare() {
  mkdir -p "$out"
  if [ -n "$WEIR" ]; then return; fi
  if ! node -e "const [major, minor] = process.versions.node.split('.'); process.exit(major * 100 + +minor < 2019 ? 1 : 0)"; then
    echo "::error::weir needs Node 20.19 or newer: put a step with actions/setup-node before this one"
    exit 1
  fi
  cd "$GITHUB_ACTION_PATH/../.."
  # Only what the command is made of: nothing that tests, and no script of a package.
  npm ci --workspace @weir/cli --ignore-scripts --no-audit --no-fund >&2
  node scripts/bundle.mjs --from-sources
}

lint() {
  local path code=0 pages=()
  if ! path=$(manifests . new); then
    output result broken
    return
  fi
  [ -z "${PAGES:-}" ] || pages=(--pages "$PAGES")
  # Once for the annotations, which tell whether it fails, and once for the report.
  weir lint "${path#./}" "${options[@]}" -o github --fail-on "$FAIL_ON" || code=$?
  if [ "$code" -le 1 ] && weir lint "${path#./}" "${options[@]}" "${pages[@]}" -o sarif --fail-on never --quiet >"$out/weir.sarif"; then
    output file "$out/weir.sarif"
  fi
  output result "$(result "$code" passed failed)"
}

# Whether the revision to compare with is here, or can be fetched: a checkout has one commit, usually.
has_base() {
  git rev-parse --verify --quiet --end-of-options "$BASE^{commit}" >/dev/null && return
  git fetch --quiet --depth=1 origin -- "$BASE" >&2 || return
  # A branch that was fetched has no name here.
  git rev-parse --verify --quiet --end-of-options "$BASE^{commit}" >/dev/null || BASE=$(git rev-parse --verify --quiet FETCH_HEAD)
}

# Prints what the render command prints on both sides into old.yaml and new.yaml.
render_both() {
  local base="$out/base" code=0
  rm -rf "$base"
  git worktree prune
  git worktree add --quiet --detach --force "$base" "$BASE" >&2
  { manifests "$base" old && manifests . new; } >/dev/null || code=2
  git worktree remove --force "$base" >&2
  return "$code"
}

diff() {
  local code=0 sides
  if [ -z "$BASE" ]; then
    output result skipped
    return
  fi
  if ! has_base; then
    echo "::error::the revision $BASE is not here and cannot be fetched: let actions/checkout fetch it (fetch-depth: 0)"
    output result broken
    return
  fi
  if [ -n "$RENDER" ]; then
    sides=("$out/old.yaml" "$out/new.yaml")
    render_both || code=2
  else
    sides=(--git "$(git rev-parse --short "$BASE")" -- "$MANIFESTS")
  fi
  if [ "${EXPOSURE:-true}" = true ]; then options+=(--exposure); fi
  if [ "$code" -eq 0 ]; then weir diff "${options[@]}" -o json --fail-on any "${sides[@]}" >"$out/diff.json" || code=$?; fi
  if [ "$code" -le 1 ]; then
    {
      echo '<!-- weir -->'
      weir diff "${options[@]}" -o md --fail-on never --quiet "${sides[@]}"
    } >"$out/diff.md"
    cat "$out/diff.md" >>"$GITHUB_STEP_SUMMARY"
    output file "$out/diff.md"
    output json "$out/diff.json"
    if [ "$code" -eq 1 ] && [ "$FAIL_ON" != never ] && [ "$FAIL_ON" != none ]; then
      weir diff "${options[@]}" -o json --fail-on "$FAIL_ON" --quiet "${sides[@]}" >/dev/null || output fails true
    fi
  fi
  output result "$(result "$code" unchanged changed)"
}

test_assertions() {
  local -a files=()
  local line path code=0
  while IFS= read -r line; do
    if [ -n "$line" ]; then files+=("$line"); fi
  done <<<"$TESTS"
  if [ ${#files[@]} -eq 0 ]; then
    if [ -z "$(find "$MANIFESTS" -name '*.weir-test.y*ml' -not -path '*/node_modules/*' -print -quit)" ]; then
      output result skipped
      return
    fi
    files=("$MANIFESTS")
  fi
  if [ -n "$RENDER" ]; then
    if ! path=$(manifests . new); then
      output result broken
      return
    fi
    options+=(--manifests "$path")
  fi
  weir test "${files[@]}" "${options[@]}" --report "junit=$out/weir-junit.xml" || code=$?
  if [ "$code" -le 1 ]; then output file "$out/weir-junit.xml"; fi
  output result "$(result "$code" passed failed)"
}

# One comment for each pull request, written anew each time. Without it the difference is in the summary still.
comment() {
  local id ids comments="repos/$REPOSITORY/issues/$PULL_REQUEST/comments"
  if ids=$(gh api "$comments" --paginate --jq '.[] | select(.body | startswith("<!-- weir -->")) | .id'); then
    # One that begins like ours may be somebody else's, who may not be overwritten.
    for id in $ids; do
      gh api --method PATCH "repos/$REPOSITORY/issues/comments/$id" --field "body=@$FILE" >/dev/null && return
    done
    gh api --method POST "$comments" --field "body=@$FILE" >/dev/null && return
  fi
  echo "::warning::the difference could not be written as a comment: give the job the permission pull-requests: write, or set comment: 'false'"
}

conclude() {
  local failed=0
  case $LINT in
    failed) echo '::error::weir lint found what fails the job' && failed=1 ;;
    broken) echo '::error::weir lint could not read the manifests' && failed=1 ;;
  esac
  if [ "$DIFF" = broken ]; then echo '::error::weir diff could not compare the manifests' && failed=1; fi
  if [ "$DIFF_FAILS" = true ]; then echo "::error::connections changed ($FAIL_ON_DIFF)" && failed=1; fi
  case $TEST in
    failed) echo '::error::an assertion about connections does not hold' && failed=1 ;;
    broken) echo '::error::weir test could not read the assertions or the manifests' && failed=1 ;;
  esac
  exit "$failed"
}

case $1 in
  test) test_assertions ;;
  prepare | lint | diff | comment | conclude) "$1" ;;
  *) echo "there is no step $1" >&2 && exit 2 ;;
esac
