#!/bin/sh
# A harness that ignores TERM, forks a child and a grandchild that do too, and says `up` when all are there.
# $1: a marker that all of them carry among their arguments.
trap '' TERM INT HUP
sh -c 'trap "" TERM INT HUP
sh -c "while :; do sleep 0.1; done" "$0-grandchild" &
echo up
while :; do sleep 0.1; done' "$1-child" &
while :; do sleep 0.1; done
