#!/usr/bin/env bash
# The steps of the GitHub action: `run.sh install`, `run.sh scan`, `run.sh verdict`.
#
# Everything that a user or a pull request can influence arrives in environment variables and is only ever used quoted.
# State between the steps lies in RUNNER_TEMP; GITHUB_ENV and GITHUB_PATH are left alone.
set -euo pipefail

readonly SEVERITIES="critical high medium low info"
readonly USAGE_ERROR=2 # as riskscan itself exits

home="$RUNNER_TEMP/riskscan"
action="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

# The scanned repository must not decide which Python code runs: no PYTHONPATH, and -I wherever a module is started,
# since that leaves the working directory out of the search path.
unset PYTHONPATH PYTHONHOME

# Prints an error annotation. Workflow commands end at a line break and decode %XX.
error() {
  local text="$1" return=$'\r' newline=$'\n'
  text="${text//[%]/%25}"
  text="${text//$return/%0D}"
  text="${text//$newline/%0A}"
  echo "::error title=riskscan::$text"
}

# Ends the scan step with a recorded usage error; the verdict step fails the job.
usage_error() {
  error "$1"
  output exit-code "$USAGE_ERROR"
  exit 0
}

# Writes one output. Values come from this script or were checked to be one line.
output() {
  printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

programs() {
  if [[ -d "$home/Scripts" ]]; then echo "$home/Scripts"; else echo "$home/bin"; fi
}

# A private environment from the hash-pinned lock and this very checkout: pinning the action's commit pins all of it.
install() {
  local python="${INPUT_PYTHON:-python3}" stamp="$home/installed" wanted
  if ! "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    error "riskscan needs Python 3.11 or newer, and '$python' is not. Add actions/setup-python, or set the input python."
    exit "$USAGE_ERROR"
  fi
  # A second use in the same job finds the first one's work.
  wanted="$(cd "$action" && pwd) $("$python" -I -c 'import sys; print(sys.version)')"
  if [[ -f "$stamp" && "$(<"$stamp")" == "$wanted" ]]; then
    return
  fi
  "$python" -I -m venv --clear "$home"
  pip() { "$(programs)/python" -I -m pip --disable-pip-version-check --quiet "$@"; }
  pip install --require-hashes --only-binary :all: --requirement "$action/requirements.lock"
  pip install --no-deps --no-build-isolation --no-index "$action"
  printf '%s' "$wanted" >"$stamp"
}

# check_severity NAME VALUE [FURTHER WORD]: empty is always right.
check_severity() {
  local allowed="$SEVERITIES${3:+ $3}"
  if [[ -n "$2" && ( "$2" == *[[:space:]]* || " $allowed " != *" $2 "* ) ]]; then
    usage_error "the input $1 is '$2'; it can be one of: ${allowed// /, }"
  fi
}

# Sets `paths` to the lines of the input paths, without blank ones and surrounding blanks.
read_paths() {
  local line
  paths=()
  while IFS= read -r line || [[ -n "$line" ]]; do
    line="${line#"${line%%[![:space:]]*}"}"
    line="${line%"${line##*[![:space:]]}"}"
    if [[ -n "$line" ]]; then paths+=("$line"); fi
  done <<<"${INPUT_PATHS:-}"
  if [[ ${#paths[@]} -eq 0 ]]; then usage_error "the input paths is empty"; fi
}

scan() {
  local work="$home/report" sarif="${INPUT_SARIF_FILE:-}" code=0
  local -a paths flags=()
  check_severity fail-on "${INPUT_FAIL_ON:-}" never
  check_severity min-severity "${INPUT_MIN_SEVERITY:-}"
  if [[ -z "$sarif" || -d "$sarif" || "$sarif" == *[[:cntrl:]]* ]]; then
    usage_error "the input sarif-file is '$sarif'; it must be the name of a file"
  fi
  read_paths
  if [[ -n "${INPUT_CONFIG:-}" ]]; then flags+=("--config=$INPUT_CONFIG"); fi
  if [[ -n "${INPUT_FAIL_ON:-}" ]]; then flags+=("--fail-on=$INPUT_FAIL_ON"); fi
  if [[ -n "${INPUT_MIN_SEVERITY:-}" ]]; then flags+=("--min-severity=$INPUT_MIN_SEVERITY"); fi
  rm -rf -- "$work" "$sarif"
  mkdir -p "$work"

  # ${flags[@]+…}: before Bash 4.4, as on macOS, an empty array counts as unset.
  "$(programs)/riskscan" scan ${flags[@]+"${flags[@]}"} \
    --output "sarif=$sarif" --output "json=$work/report.json" --output "markdown=$work/summary.md" --output github=- \
    -- "${paths[@]}" || code=$?

  output exit-code "$code"
  if [[ -f "$work/report.json" ]]; then output findings "$(count_failures "$work/report.json")"; fi
  if [[ -f "$sarif" ]]; then output sarif-file "$sarif"; fi
  if [[ -f "$work/summary.md" ]]; then cat "$work/summary.md" >>"$GITHUB_STEP_SUMMARY"; fi
}

count_failures() {
  "$(programs)/python" -I -c '
import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    print(sum(finding["outcome"] == "fail" for finding in json.load(file)["findings"]))
' "$1"
}

verdict() {
  case "${EXIT_CODE:-}" in
    0) ;;
    1) error "riskscan found risks at or above the threshold; the job summary lists them." ;;
    2) error "riskscan could not start: wrong input or configuration." ;;
    3) error "The scan is incomplete: riskscan could not read everything, or there was nothing to scan." ;;
    *) error "riskscan ended unexpectedly (exit code ${EXIT_CODE:-none})." ;;
  esac
  exit "${EXIT_CODE:-1}"
}

case "${1:-}" in
  install | scan | verdict) "$1" ;;
  *)
    echo "usage: run.sh install|scan|verdict" >&2
    exit "$USAGE_ERROR"
    ;;
esac
