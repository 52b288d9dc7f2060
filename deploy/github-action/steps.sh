#!/usr/bin/env bash
# The steps of the action: `steps.sh STEP`. Everything comes in by the environment, so that no text of a pull request
# becomes part of a script. Every step but the last ends well: `conclude` fails the job, after all has been reported.
set -euo pipefail

output() { printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"; }

# Runs weir with arguments of this script; WEIR is a command line, as its author wrote it.
weir() {
  local words
  read -ra words <<<"$WEIR"
  "${words[@]}" "$@"
}

# Options that all commands take.
options=(--profile "${PROFILE:-kubernetes}")
if [ "${STRICT:-false}" = true ]; then options+=(--strict); fi

# The manifests of a checkout at $1 as a path: what is there, or what the render command prints there.
manifests() {
  if [ -z "$RENDER" ]; then
    printf '%s\n' "$1/$MANIFESTS"
  else
    (cd "$1" && bash -euo pipefail -c "$RENDER") >"$OUT/$2.yaml"
    printf '%s\n' "$OUT/$2.yaml"
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
  local root
  mkdir -p "$OUT"
  if [ -n "$WEIR_COMMAND" ]; then
    output weir "$WEIR_COMMAND"
    return
  fi
  root=$(cd "$ACTION/../.." && pwd)
  (cd "$root" && npm ci --ignore-scripts --omit=optional --no-audit --no-fund && npm run build) >&2
  output weir "node $root/packages/cli/bin/weir.js"
}

lint() {
  local path code=0
  path=$(manifests . new)
  # Once for the annotations, which tell whether it fails, and once for the report.
  weir lint "${path#./}" "${options[@]}" -o github --fail-on "$FAIL_ON" || code=$?
  if [ "$code" -le 1 ] && weir lint "${path#./}" "${options[@]}" -o sarif --fail-on never --quiet >"$OUT/weir.sarif"; then
    output file "$OUT/weir.sarif"
  fi
  output result "$(result "$code" passed failed)"
}

diff() {
  local old new base="$OUT/base" code=0
  if [ -z "$BASE" ]; then
    output result skipped
    return
  fi
  rm -rf "$base"
  if ! git worktree add --quiet --detach --force "$base" "$BASE" >&2; then
    echo "::error::the revision $BASE is not here: let actions/checkout fetch it (fetch-depth: 0)"
    output result broken
    return
  fi
  old=$(manifests "$base" old) || code=2
  new=$(manifests . new) || code=2
  if [ "$code" -eq 0 ]; then
    # A folder that is new with the pull request has an old side without anything.
    if [ ! -e "$old" ]; then mkdir -p "$OUT/nothing" && old="$OUT/nothing"; fi
    if [ ! -e "$new" ]; then mkdir -p "$OUT/nothing" && new="$OUT/nothing"; fi
    weir diff "$old" "$new" "${options[@]}" -o json --fail-on any >"$OUT/diff.json" || code=$?
  fi
  if [ "$code" -le 1 ]; then
    {
      echo '<!-- weir -->'
      weir diff "$old" "$new" "${options[@]}" -o md --fail-on none --quiet
    } >"$OUT/diff.md"
    cat "$OUT/diff.md" >>"$GITHUB_STEP_SUMMARY"
    output file "$OUT/diff.md"
    output json "$OUT/diff.json"
    if [ "$code" -eq 1 ] && [ "$FAIL_ON" != none ]; then
      weir diff "$old" "$new" "${options[@]}" -o json --fail-on "$FAIL_ON" --quiet >/dev/null || output fails true
    fi
  fi
  output result "$(result "$code" unchanged changed)"
  git worktree remove --force "$base" >&2
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
    path=$(manifests . new)
    options+=(--manifests "$path")
  fi
  weir test "${files[@]}" "${options[@]}" --report "junit=$OUT/weir-junit.xml" || code=$?
  if [ "$code" -le 1 ]; then output file "$OUT/weir-junit.xml"; fi
  output result "$(result "$code" passed failed)"
}

# One comment for each pull request, written anew each time.
comment() {
  local id
  id=$(gh api "repos/$REPOSITORY/issues/$PULL_REQUEST/comments" --paginate --jq '.[] | select(.body | startswith("<!-- weir -->")) | .id' | head -n 1)
  if [ -n "$id" ]; then
    gh api --method PATCH "repos/$REPOSITORY/issues/comments/$id" --field "body=@$FILE" >/dev/null
  else
    gh api --method POST "repos/$REPOSITORY/issues/$PULL_REQUEST/comments" --field "body=@$FILE" >/dev/null
  fi
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
