# What `weir shell` adds to an interactive bash: its own settings after those of the user, a prompt
# that says so, and a word (or the right command) where the article's text cannot work as it is
# printed. Nothing here runs in `weir shell -- COMMAND`.

# A start file of the user may point elsewhere; in this shell the lab is meant.
__weir_settings=$(declare -p PATH KUBECONFIG KUBECACHEDIR ${!AZURE_@} ${!REQUESTS_CA_@} 2>/dev/null)
if [ -f ~/.bashrc ]; then . ~/.bashrc; fi
eval "$__weir_settings"
unset __weir_settings
PS1="(weir) ${PS1-\\$ }"

__weir_say() { printf 'weir shell: %s\n' "$*" >&2; }

# `$NAME=value` sets nothing in bash: the name is set, and the line, which is no command, skipped.
__weir_before_command() {
  # Another `=~` must not lose what the command before has matched: it may be about to read BASH_REMATCH.
  [[ $BASH_COMMAND == \$* ]] || return 0
  [[ $BASH_COMMAND =~ ^\$([A-Za-z_][A-Za-z_0-9]*)=([A-Za-z0-9._/-]*)$ ]] || return 0
  printf -v "${BASH_REMATCH[1]}" %s "${BASH_REMATCH[2]}"
  __weir_say "bash sets a variable without the \$; done: ${BASH_REMATCH[1]}=${BASH_REMATCH[2]}"
  return 1
}
shopt -s extdebug
trap __weir_before_command DEBUG

# The arguments in __weir_arguments, with dashes of typesetters as those of options.
__weir_dashes() {
  local __weir_argument __weir_plain
  __weir_arguments=()
  for __weir_argument in "$@"; do
    case $__weir_argument in
      $'\xe2\x80\x93'*) __weir_plain=-${__weir_argument#$'\xe2\x80\x93'} ;;
      $'\xe2\x80\x94'*) __weir_plain=--${__weir_argument#$'\xe2\x80\x94'} ;;
      *) __weir_plain=$__weir_argument ;;
    esac
    [ "$__weir_plain" = "$__weir_argument" ] || __weir_say "$__weir_argument has a long dash; taken as $__weir_plain"
    __weir_arguments+=("$__weir_plain")
  done
}

kubectl() {
  __weir_dashes "$@"
  command kubectl "${__weir_arguments[@]}"
}

az() {
  __weir_dashes "$@"
  local __weir_words=" ${__weir_arguments[*]} " __weir_code
  if [[ $__weir_words == ' aks create '* && ! $__weir_words =~ ' '(--generate-ssh-keys|--no-ssh-key|--ssh-key-value)[' =']|' -h '|' --help ' && ! -f ~/.ssh/id_rsa.pub ]]; then
    __weir_say 'there is no ~/.ssh/id_rsa.pub, and nodes of the lab have no SSH; added: --no-ssh-key'
    __weir_arguments+=(--no-ssh-key)
  fi
  command az "${__weir_arguments[@]}"
  __weir_code=$?
  __weir_unfinished=()
  if [[ $__weir_code == 2 && $__weir_words == ' aks '* && $__weir_words =~ ' --network-'(policy|dataplane|plugin-mode)[' ='] ]]; then
    __weir_say "an az before 2.63 does not take this option there, and weir az does: weir az ${__weir_arguments[*]}"
    weir az "${__weir_arguments[@]}"
    return
  fi
  if [[ $__weir_code == 2 && ! $__weir_words == *' -'* ]]; then __weir_unfinished=("$@"); fi
  if [[ $__weir_code == 3 && $__weir_words == ' aks create '* && $__weir_words =~ ' '(-g|--resource-group)' '([^ ]+) ]]; then
    __weir_say "the article leaves this out: az group create --resource-group ${BASH_REMATCH[2]} --location canadaeast"
  fi
  return $__weir_code
}

# A line of options after an az that lacked them: the \ between the two is missing.
command_not_found_handle() {
  if [[ $1 == --* && ${#__weir_unfinished[@]} -gt 0 ]]; then
    __weir_say "the line before lacks its \\ at the end; both together: az ${__weir_unfinished[*]} $*"
    az "${__weir_unfinished[@]}" "$@"
    return
  fi
  printf 'bash: %s: command not found\n' "$1" >&2
  return 127
}
