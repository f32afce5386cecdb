# SPDX-License-Identifier: MIT
# bash completion for comar(1). Commands, their operands and options are read from `comar help`, and
# services from `comar list`, so there is nothing here to keep up to date.

# Runs comar as the command line so far would: with its --root or --socket, and never for long.
_comar_ask() {
    local where=() word
    for ((word = 1; word < COMP_CWORD; word++)); do
        case ${COMP_WORDS[word]} in
            --root | --socket) where+=("${COMP_WORDS[word]}" "${COMP_WORDS[word + 1]}") ;;
        esac
    done
    LC_ALL=C timeout 1 "${COMP_WORDS[0]}" "${where[@]}" "$@" 2>/dev/null
}

# Services that the verb $1 can change; for other verbs, all.
_comar_services() {
    _comar_ask list | awk -v verb="$1" '
        NR == 1 { next }
        { runs = $3 ~ /^(on|started|conditional_started)$/
          idle = $3 ~ /^(off|stopped|conditional_stopped)$/ }
        verb == "start" && runs { next }
        (verb == "stop" || verb == "reload") && idle { next }
        (verb == "on" || verb == "off" || verb == "conditional") && verb == $4 { next }
        { print $1 }'
}

# Lines "command operands" of `comar help`.
_comar_commands() {
    LC_ALL=C "${COMP_WORDS[0]}" help | awk -F '  +' '/^Commands:/ { on = 1; next } !NF { on = 0 } on { print $2 }'
}

# What the command $1 can be asked for: the end of its summary, "…: one, other".
_comar_views() {
    LC_ALL=C "${COMP_WORDS[0]}" help "$1" | sed -n '3s/.*: //; 3s/,//gp'
}

_comar_boots() {
    _comar_ask analyze list | awk 'NR > 1 { print $2 }'
}

# Options of all commands, and of the command $1 if there is one.
_comar_options() {
    LC_ALL=C "${COMP_WORDS[0]}" help "$@" 2>/dev/null | grep -oE '^ +(-., )?--[a-z]+' | grep -oE -- '--[a-z]+'
}

# Finds the first word that is a command, after options and their values: sets `command` and `operand`,
# the number of words between it and the cursor.
_comar_find_command() {
    local word skip=0
    command='' operand=0
    for ((word = 1; word < COMP_CWORD; word++)); do
        if ((skip)); then
            skip=0
            continue
        fi
        case ${COMP_WORDS[word]} in
            --root | --socket | --type | --model | --lines | -n | --since | --grep | --boot) skip=1 ;;
            -*) ;;
            *) if [[ -z $command ]]; then command=${COMP_WORDS[word]}; else ((operand++)); fi ;;
        esac
    done
}

_comar() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command operand operands candidates
    COMPREPLY=()
    case $previous in
        --root) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
        --socket) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        --type) mapfile -t COMPREPLY < <(compgen -W 'local server script' -- "$current"); return ;;
        --since) mapfile -t COMPREPLY < <(compgen -W '10m 2h today yesterday' -- "$current"); return ;;
        --boot) mapfile -t COMPREPLY < <(compgen -W "$(_comar_boots)" -- "$current"); return ;;
        --model | --lines | -n | --grep) return ;;
    esac
    _comar_find_command
    operands=$(_comar_commands | awk -v name="$command" '$1 == name { $1 = ""; print }')
    if [[ $current == -* ]]; then
        candidates=$(_comar_options ${command:+"$command"})
    elif [[ -z $command ]]; then
        candidates=$(_comar_commands | awk '{ print $1 }')
    elif [[ $operands == *FILE* && ($operands != *NAME* || $operand -gt 0) ]]; then
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
    elif [[ $operands == *COMMAND* && $operand -eq 0 ]]; then
        candidates=$(_comar_commands | awk '{ print $1 }')
    elif [[ $operands == *WHAT* && $operand -eq 0 ]]; then
        candidates=$(_comar_views "$command")
    elif [[ $operands == *WHAT* && $previous == critical-chain ]]; then
        candidates=$(_comar_services "$command")
    elif [[ $operands == *WHAT* && " ${COMP_WORDS[*]} " == *' diff '* ]]; then
        candidates=$(_comar_boots)
    elif [[ $operands == *NAME* && ($operand -eq 0 || $operands == *...*) ]]; then
        candidates=$(_comar_services "$command")
    fi
    mapfile -t COMPREPLY < <(compgen -W "$candidates" -- "$current")
}

complete -F _comar comar
