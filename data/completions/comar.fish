# SPDX-License-Identifier: MIT
# fish completion for comar(1). Commands, their operands and options are read from `comar help`, and
# services from `comar list`, so there is nothing here to keep up to date.

# The words before the cursor that are no options: the command and its operands.
function __comar_words
    set -l skip 0
    for word in (commandline -opc)[2..]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case --root --socket --type --model --lines -n --since --grep --boot
                set skip 1
            case '-*'
            case '*'
                echo $word
        end
    end
end

# Runs comar as the command line so far would: with its --root or --socket, and never for long.
function __comar_ask
    set -l line (commandline -opc)
    set -l where
    for at in (seq 2 (count $line))
        contains -- $line[$at] --root --socket; and set where $where $line[$at] $line[(math $at + 1)]
    end
    LC_ALL=C timeout 1 $line[1] $where $argv 2>/dev/null
end

function __comar_commands
    LC_ALL=C comar help | awk -F '  +' '
        /^Commands:/ { on = 1; next } !NF { on = 0 }
        on { split($2, part, " "); print part[1] "\t" $3 }'
end

# What a command takes, as `comar help` shows it: "NAME...".
function __comar_operands
    LC_ALL=C comar help | awk -F '  +' -v name="$argv[1]" '
        { split($2, part, " ") } part[1] == name { print substr($2, length(name) + 2) }'
end

# Services that the verb $argv[1] can change; for other verbs, all.
function __comar_services
    __comar_ask list | awk -v verb="$argv[1]" '
        NR == 1 { next }
        { runs = $3 ~ /^(on|started|conditional_started)$/
          idle = $3 ~ /^(off|stopped|conditional_stopped)$/ }
        verb == "start" && runs { next }
        (verb == "stop" || verb == "reload") && idle { next }
        (verb == "on" || verb == "off" || verb == "conditional") && verb == $4 { next }
        { name = $1; state = $3; $1 = $2 = $3 = $4 = ""; sub(/^ +/, "")
          print name "\t" state ($0 == "" ? "" : ", " $0) }'
end

# What a command can be asked for: the end of its summary, "…: one, other".
function __comar_views
    LC_ALL=C comar help $argv[1] | sed -n '3s/.*: //; 3s/,//gp' | string split ' '
end

function __comar_boots
    __comar_ask analyze list | awk 'NR > 1 { print $2 }'
end

function __comar_candidates
    set -l words (__comar_words)
    if test (count $words) = 0
        __comar_commands
        return
    end
    set -l operands (__comar_operands $words[1])
    set -l before (math (count $words) - 1)
    if string match -q '*FILE*' -- $operands; and begin
            not string match -q '*NAME*' -- $operands
            or test $before -gt 0
        end
        __fish_complete_path (commandline -ct)
    else if string match -q '*COMMAND*' -- $operands; and test $before = 0
        __comar_commands
    else if string match -q '*WHAT*' -- $operands; and test $before = 0
        __comar_views $words[1]
    else if string match -q '*WHAT*' -- $operands; and contains -- critical-chain $words
        __comar_services $words[1]
    else if string match -q '*WHAT*' -- $operands; and contains -- diff $words
        __comar_boots
    else if string match -q '*NAME*' -- $operands; and begin
            test $before = 0
            or string match -q '*...*' -- $operands
        end
        __comar_services $words[1]
    end
end

function __comar_options
    LC_ALL=C comar help (__comar_words)[1] 2>/dev/null | awk '
        match($0, /--[a-z]+/) && /^ / { name = substr($0, RSTART, RLENGTH)
          text = substr($0, RSTART + RLENGTH); sub(/^( [A-Z]+)? +/, "", text); print name "\t" text }'
end

function __comar_previous
    contains -- (commandline -opc)[-1] $argv
end

complete -c comar -f
complete -c comar -n '__comar_previous --root' -a '(__fish_complete_directories (commandline -ct))'
complete -c comar -n '__comar_previous --socket' -a '(__fish_complete_path (commandline -ct))'
complete -c comar -n '__comar_previous --type' -a 'local server script'
complete -c comar -n '__comar_previous --boot' -a '(__comar_boots)'
complete -c comar -n '__comar_previous --since' -a '10m 2h today yesterday'
complete -c comar -n 'not __comar_previous --root --socket --type --model --lines -n --since --grep --boot' -a '(__comar_candidates)'
complete -c comar -n 'string match -q -- "-*" (commandline -ct)' -a '(__comar_options)'
