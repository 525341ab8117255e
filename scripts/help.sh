#!/bin/sh
# Prints the targets and the variables of the Makefile $1 from its own comments.
echo "Quicklime. Targets:"
sed -n 's/^\([a-z-]*\): .*## \(.*\)/\1\t\2/p' "$1" | awk -F '\t' '{ printf "  make %-11s %s\n", $1, $2 }'
echo
sed -n '/^# Variables/,$ s/^# \{0,1\}//p' "$1"
