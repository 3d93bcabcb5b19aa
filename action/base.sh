# shellcheck shell=bash
# What a change is compared with. A part of run.sh, which reports, and sets `paths`.

# The folder of the first path.
first_folder() {
  local folder="${paths[0]}"
  if [[ ! -d "$folder" ]]; then folder="$(dirname -- "$folder")"; fi
  # A folder whose name begins with a dash is no option.
  if [[ "$folder" == -* ]]; then folder="./$folder"; fi
  printf '%s' "$folder"
}

# Git in the repository of the first path. It fetches nothing.
in_repository() {
  GIT_NO_LAZY_FETCH=1 git -C "$(first_folder)" "$@" 2>/dev/null
}

# In containers the workspace belongs to somebody else, and git refuses to read it: trust it, as actions/checkout does.
# No bare repository that lies among the scanned files is taken for one. Holds for the git that riskscan starts, too.
configure_git() {
  local count="${GIT_CONFIG_COUNT:-0}" folder
  folder="$(cd "$(first_folder)" 2>/dev/null && pwd -P)" || folder="$PWD"
  while [[ "$folder" == */* && ! -e "$folder/.git" ]]; do folder="${folder%/*}"; done
  export "GIT_CONFIG_KEY_$count=safe.bareRepository" "GIT_CONFIG_VALUE_$count=explicit"
  export "GIT_CONFIG_KEY_$((count + 1))=safe.directory" "GIT_CONFIG_VALUE_$((count + 1))=${folder:-$PWD}"
  export GIT_CONFIG_COUNT="$((count + 2))"
}

# Whether the event says from which commit the change starts.
has_base() {
  case "${GITHUB_EVENT_NAME:-}" in pull_request | pull_request_target | merge_group) ;; *) return 1 ;; esac
}

# Whether the commit is the change, merged by GitHub into its base. For pull_request_target it is the base itself.
is_merge_of_event() {
  [[ "${GITHUB_EVENT_NAME:-}" != pull_request_target && "$1" == "${GITHUB_SHA:-}" ]] &&
    in_repository rev-parse --quiet --verify 'HEAD^2^{commit}' >/dev/null
}

# Sets `base` to the commit that the change starts from, or to nothing and `why_no_base` to the reason.
base_of_event() {
  local head
  base=""
  if ! command -v git >/dev/null; then
    why_no_base="git is not installed"
  elif ! head="$(in_repository rev-parse --quiet --verify 'HEAD^{commit}')"; then
    why_no_base="the files are not in a git repository"
  elif is_merge_of_event "$head"; then
    base="$(in_repository rev-parse --verify 'HEAD^1^{commit}')"
  elif [[ "${EVENT_BASE:-}" =~ ^[0-9a-f]{40,64}$ ]] && in_repository cat-file -e "$EVENT_BASE^{commit}"; then
    base="$(in_repository merge-base HEAD "$EVENT_BASE" || echo "$EVENT_BASE")"
  else
    why_no_base="the clone does not hold the commit that the change starts from; give actions/checkout 'fetch-depth: 2'"
  fi
}

# Sets `base`, and says so when there should be one and is none.
find_base() {
  base="" why_no_base="the event names no commit to compare with"
  case "$INPUT_BASE" in
    none) why_no_base="the input base is none" ;;
    auto | "")
      if has_base; then
        base_of_event
        if [[ -z "$base" ]]; then annotate notice "no base: full report ($why_no_base)."; fi
      fi
      ;;
    *) base="$INPUT_BASE" ;;
  esac
  if [[ -z "$base" && "$INPUT_FAIL_ON_NEW" == true ]]; then
    usage_error "the input fail-on-new is true, but nothing says which findings are new: $why_no_base"
  fi
  # Silently believing the change's own configuration is what the input is there to prevent.
  if [[ -z "$base" && "$INPUT_CONFIG_FROM" == base ]] && has_base; then
    usage_error "the input config-from is base, but there is none: $why_no_base"
  fi
}
