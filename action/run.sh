#!/usr/bin/env bash
# The steps of the GitHub action: `run.sh scan` (which installs first), `run.sh comment`, `run.sh verdict`.
#
# Everything that a user or a pull request can influence arrives in environment variables and is only ever used quoted.
# State between the steps lies in RUNNER_TEMP; GITHUB_ENV and GITHUB_PATH are left alone. Runs in Bash 3.2 (macOS) and in
# Git for Windows: no associative arrays, no GNU options, and ${list[@]+…} since an empty list once counted as unset.
set -euo pipefail

readonly USAGE_ERROR=2 INCOMPLETE=3 # as riskscan itself exits

home="$RUNNER_TEMP/riskscan"
environment="$home/environment"
case "${BASH_SOURCE[0]}" in
  /* | [A-Za-z]:*) action="${BASH_SOURCE[0]%/*/*}" ;;
  *) action="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)" ;;
esac

# The scanned repository must not decide which Python code runs: no PYTHONPATH, and -I wherever a module is started,
# since that leaves the working directory out of the search path.
unset PYTHONPATH PYTHONHOME
# Git for Windows rewrites arguments that look like paths; ours are already what Windows understands.
export MSYS_NO_PATHCONV=1 MSYS2_ARG_CONV_EXCL='*'

# shellcheck source=SCRIPTDIR/base.sh
source "$action/action/base.sh"

# -- what the runner is told --------------------------------------------------------------------------

# annotate LEVEL TEXT: an annotation without a place. Workflow commands end at a line break and decode %XX.
annotate() {
  local text="$2" return=$'\r' newline=$'\n'
  text="${text//[%]/%25}"
  text="${text//$return/%0D}"
  text="${text//$newline/%0A}"
  echo "::$1 title=riskscan::$text"
}

# Writes one output. Values come from this script or were checked to be one line.
output() {
  printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

# stop CODE TEXT: ends the scan step with a recorded exit code; the verdict step fails the job.
stop() {
  annotate error "$2"
  no_report "$1"
  output exit-code "$1"
  exit 0
}

# no_report CODE: a summary that says nothing must not look like one that found nothing.
no_report() {
  if [[ "$INPUT_SUMMARY" != false ]]; then
    printf '## riskscan: no report\n\nIt did not scan (exit code %s). The log says why.\n' "$1" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
  fi
}

usage_error() {
  stop "$USAGE_ERROR" "$1"
}

# inert FILE: shows a file in the log without any of its lines being taken for a command.
# https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#stopping-and-starting-workflow-commands
inert() {
  local token="riskscan-$RANDOM-$RANDOM-$RANDOM"
  printf '::stop-commands::%s\n' "$token"
  cat -- "$1"
  printf '\n::%s::\n' "$token"
}

# -- installation -------------------------------------------------------------------------------------

programs() {
  if [[ -d "$environment/Scripts" ]]; then echo "$environment/Scripts"; else echo "$environment/bin"; fi
}

new_enough() {
  "$1" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# Sets `python` to the one that is asked for, or to the first that is new enough.
find_python() {
  local -a candidates=(python3 python python3.13 python3.12 python3.11)
  if [[ -n "$INPUT_PYTHON" ]]; then candidates=("$INPUT_PYTHON"); fi
  for python in "${candidates[@]}"; do
    if new_enough "$python"; then return; fi
  done
  usage_error "riskscan needs Python 3.11 or newer, and '${candidates[0]}' is not. Add actions/setup-python, or set the input python."
}

# A private environment from the hash-pinned lock and this very checkout: pinning the action's commit pins all of it.
# A second use in the same job finds the first one's work.
install() {
  local python="$1" stamp="$environment/installed" wanted
  wanted="$("$python" -I "$action/action/digest.py" "$action")"
  if [[ -f "$stamp" && "$(<"$stamp")" == "$wanted" ]]; then return; fi
  echo "::group::Install riskscan"
  "$python" -I -m venv --clear "$environment"
  pip() { "$(programs)/python" -I -m pip --disable-pip-version-check --quiet "$@"; }
  pip install --no-compile --require-hashes --only-binary :all: --requirement "$action/requirements.lock"
  pip install --no-compile --no-deps --no-build-isolation --no-index "$action"
  printf '%s' "$wanted" >"$stamp"
  echo "::endgroup::"
}

# -- inputs -------------------------------------------------------------------------------------------

# one_of NAME VALUE WORD…
one_of() {
  local name="$1" value="$2" word words
  shift 2
  for word in "$@"; do
    if [[ "$value" == "$word" ]]; then return; fi
  done
  words="$*"
  usage_error "the input $name is '$value'; it can be one of: ${words// /, }"
}

# optional NAME VALUE WORD…: the same, or nothing.
optional() {
  if [[ -n "$2" ]]; then one_of "$@"; fi
}

# one_line NAME VALUE
one_line() {
  if [[ "$2" == *[[:cntrl:]]* ]]; then usage_error "the input $1 is '$2'; it must be one line"; fi
}

check_inputs() {
  optional fail-on "$INPUT_FAIL_ON" critical high medium low info never
  optional min-severity "$INPUT_MIN_SEVERITY" critical high medium low info
  optional unknown "$INPUT_UNKNOWN" report ignore fail
  one_of fail-on-new "$INPUT_FAIL_ON_NEW" auto true false
  one_of config-from "$INPUT_CONFIG_FROM" head base
  one_of sarif "$INPUT_SARIF" all new
  one_of upload-sarif "$INPUT_UPLOAD_SARIF" auto true false
  one_of comment "$INPUT_COMMENT" never update
  one_of suggestions "$INPUT_SUGGESTIONS" true false
  one_of summary "$INPUT_SUMMARY" true false
  one_of annotations "$INPUT_ANNOTATIONS" true false
  one_line working-directory "$INPUT_WORKING_DIRECTORY"
  one_line config "$INPUT_CONFIG"
  one_line baseline "$INPUT_BASELINE"
  one_line base "$INPUT_BASE"
  one_line category "$INPUT_CATEGORY"
  one_line cache "$INPUT_CACHE"
  one_line sarif-file "$INPUT_SARIF_FILE"
}

enter_working_directory() {
  if ! cd -- "${INPUT_WORKING_DIRECTORY:-.}" 2>/dev/null; then
    usage_error "the input working-directory is '$INPUT_WORKING_DIRECTORY', and the workspace has no such folder"
  fi
  if [[ -z "$INPUT_SARIF_FILE" || -d "$INPUT_SARIF_FILE" ]]; then
    usage_error "the input sarif-file is '$INPUT_SARIF_FILE'; it must be the name of a file"
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
  done <<<"$INPUT_PATHS"
  if [[ ${#paths[@]} -eq 0 ]]; then usage_error "the input paths is empty"; fi
}

# -- the scan -----------------------------------------------------------------------------------------

# The token of a fork's pull request can only read.
from_fork() {
  [[ "${GITHUB_EVENT_NAME:-}" == pull_request && "${EVENT_HEAD_REPOSITORY:-}" != "${GITHUB_REPOSITORY:-}" ]]
}

wants_upload() {
  case "$INPUT_UPLOAD_SARIF" in
    true) ;;
    # There the ref is the base branch, and the findings would be taken for its own.
    auto) if from_fork || [[ "${GITHUB_EVENT_NAME:-}" == pull_request_target ]]; then return 1; fi ;;
    *) return 1 ;;
  esac
}

# Whether there is a pull request to write into.
can_write() {
  case "${GITHUB_EVENT_NAME:-}" in
    pull_request | pull_request_target) if from_fork; then return 1; fi ;;
    *) return 1 ;;
  esac
}

say_what_a_fork_cannot() {
  if from_fork && [[ "$INPUT_COMMENT" == update || "$INPUT_SUGGESTIONS" == true ]]; then
    annotate notice "no comment: the token of a fork's pull request can only read. The job's summary has the report."
  fi
}

# Sets `flags` to what riskscan is told besides the reports and the paths: nothing that the user did not say.
read_flags() {
  flags=()
  if [[ -n "$INPUT_CONFIG" ]]; then flags+=("--config=$INPUT_CONFIG"); fi
  if [[ -n "$INPUT_FAIL_ON" ]]; then flags+=("--fail-on=$INPUT_FAIL_ON"); fi
  if [[ -n "$INPUT_MIN_SEVERITY" ]]; then flags+=("--min-severity=$INPUT_MIN_SEVERITY"); fi
  if [[ -n "$INPUT_UNKNOWN" ]]; then flags+=("--unknown=$INPUT_UNKNOWN"); fi
  if [[ -n "$INPUT_BASELINE" ]]; then flags+=("--baseline=$INPUT_BASELINE"); fi
  if [[ -n "$INPUT_CATEGORY" ]]; then flags+=("--category=$INPUT_CATEGORY"); fi
  if [[ -n "$INPUT_CACHE" ]]; then flags+=("--cache=$INPUT_CACHE"); fi
  if [[ -n "$base" ]]; then
    flags+=("--base=$base")
    if [[ "$INPUT_FAIL_ON_NEW" != false ]]; then flags+=("--fail-on-new"); fi
    if [[ "$INPUT_CONFIG_FROM" == base ]]; then flags+=("--config-from=base"); fi
    if [[ "$INPUT_SARIF" == new ]]; then flags+=("--sarif=new"); fi
  fi
}

# Sets `reports` to the reports that are wanted, in the folder `work`.
read_reports() {
  reports=("--output=sarif=$INPUT_SARIF_FILE" "--output=json=$work/report.json")
  if [[ "$INPUT_SUMMARY" == true ]]; then reports+=("--output=markdown=$work/summary.md"); fi
  if [[ "$INPUT_COMMENT" == update ]] && can_write; then reports+=("--output=comment=$work/comment.md"); fi
  if [[ "$INPUT_ANNOTATIONS" == true ]]; then
    reports+=("--output=github=$work/annotations")
  else
    reports+=("--output=text=$work/log")
  fi
}

# Whatever breaks, the outputs exist and the verdict step fails.
ended() {
  if [[ "$1" -ne 0 ]]; then stop "$INCOMPLETE" "the action itself broke; the log says where."; fi
}

scan() {
  local base why_no_base python work code=0
  local -a paths flags reports
  trap 'ended $?' EXIT
  check_inputs
  enter_working_directory
  read_paths
  configure_git
  find_base
  say_what_a_fork_cannot
  find_python
  # In a process of its own: `set -e` does not hold in what stands before `||`.
  bash "$action/action/run.sh" install "$python" || stop "$INCOMPLETE" "riskscan could not be installed; the log says why."
  mkdir -p "$home/reports"
  work="$(mktemp -d "$home/reports/XXXXXX")"
  read_flags
  read_reports
  rm -f -- "$INPUT_SARIF_FILE"

  "$(programs)/riskscan" scan ${flags[@]+"${flags[@]}"} "${reports[@]}" -- "${paths[@]}" \
    >"$work/stdout" 2>"$work/stderr" || code=$?

  show
  record "$code"
}

# What people see: the log, annotations and the summary.
show() {
  local file
  for file in "$work/stdout" "$work/stderr" "$work/log"; do
    if [[ -s "$file" ]]; then inert "$file"; fi
  done
  if [[ -f "$work/annotations" ]]; then cat -- "$work/annotations"; fi
  if [[ -f "$work/summary.md" ]]; then cat -- "$work/summary.md" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"; fi
}

# record CODE: writes the outputs.
record() {
  local code="$1" report="$work/report.json" prefix=""
  # An interpreter that dies before it is ours exits with 1, which would look like findings.
  if [[ ! -f "$report" && ("$code" -eq 0 || "$code" -eq 1) ]]; then code="$INCOMPLETE"; fi
  output exit-code "$code"
  if [[ "$code" -eq "$USAGE_ERROR" ]]; then
    annotate error "riskscan could not start: $(sed -n 's/^error: //p' "$work/stderr" | head -n 5)"
  fi
  if [[ -f "$report" ]]; then
    output report-file "$report"
    "$(programs)/python" -I "$action/action/report.py" "$report" >>"$GITHUB_OUTPUT"
  else
    no_report "$code"
  fi
  if [[ -f "$work/comment.md" ]]; then output comment-file "$work/comment.md"; fi
  if [[ -f "$INPUT_SARIF_FILE" ]]; then
    # Later steps run in the workspace.
    case "$INPUT_SARIF_FILE" in
      /* | [A-Za-z]:*) ;;
      *) if [[ "${INPUT_WORKING_DIRECTORY:-.}" != . ]]; then prefix="${INPUT_WORKING_DIRECTORY%/}/"; fi ;;
    esac
    output sarif-file "$prefix$INPUT_SARIF_FILE"
    if wants_upload; then output upload true; fi
    if [[ "$INPUT_SUGGESTIONS" == true ]] && can_write; then output review-file "$prefix$INPUT_SARIF_FILE"; fi
  fi
}

# -- after the scan -----------------------------------------------------------------------------------

# Keeps the pull request's comment up to date and suggests fixes. That they cannot be written is no verdict on the change.
comment() {
  local log="$home/comment.log" said
  local -a flags=("--number=$EVENT_NUMBER")
  if [[ -n "$INPUT_CATEGORY" ]]; then flags+=("--category=$INPUT_CATEGORY"); fi
  if [[ -n "$COMMENT_FILE" ]]; then flags+=("--file=$COMMENT_FILE"); fi
  if [[ -n "$REVIEW_FILE" ]]; then flags+=("--review=$REVIEW_FILE"); fi
  if ! said="$("$(programs)/riskscan" comment "${flags[@]}" 2>"$log")"; then
    inert "$log"
    annotate warning "the pull request could not be written to; the log says why. It needs the permission 'pull-requests: write'."
    return
  fi
  # It says what it did, and in notices what it could not do.
  printf '%s\n' "$said"
  output comment "$(sed -n 's/^comment [a-z]* [0-9]* \(https*:[^ ]*\).*/\1/p' <<<"$said" | head -n 1)"
}

# Ends as the scan did; else as the upload did, where that was asked for.
verdict() {
  local failed_upload="the SARIF report could not be uploaded: the log of that step says why. It needs the permission 'security-events: write' and code scanning for the repository."
  local code="${EXIT_CODE:-}"
  case "$code" in
    0) ;;
    1) annotate error "riskscan found risks at or above the threshold; the report lists them." ;;
    2) annotate error "riskscan did not scan: wrong input or configuration." ;;
    3)
      if [[ -n "${REPORT_FILE:-}" ]]; then
        annotate error "The scan is incomplete: riskscan could not read everything, or there was nothing to scan."
      else
        annotate error "riskscan did not finish; the log of the scan says why."
      fi
      ;;
    *) annotate error "riskscan ended unexpectedly (exit code ${code:-none})." ;;
  esac
  if [[ "${UPLOAD_OUTCOME:-}" == failure ]]; then
    if [[ "$INPUT_UPLOAD_SARIF" == true ]]; then
      annotate error "$failed_upload"
      if [[ "$code" == 0 ]]; then code=1; fi
    else
      annotate warning "$failed_upload"
    fi
  fi
  exit "${code:-1}"
}

case "${1:-}" in
  install | scan | comment | verdict) "$@" ;;
  *)
    echo "usage: run.sh scan|comment|verdict" >&2
    exit "$USAGE_ERROR"
    ;;
esac
