#!/usr/bin/env bash
# The two commands side by side on one core, as a user runs them: CPU time of the whole process net of loading the rules, for
# 122,880 real Windows events and SigmaHQ's rules/windows. rsigma at its best: events tagged with their log source, rules routed.
#
#   cargo install rsigma --version 0.23.0 --locked
#   mkdir /tmp/tagged; CORDON_TAGGED=/tmp/tagged cargo bench --workspace --bench sigma -- windows   # writes what rsigma is given
#   host/benches/rsigma.sh /tmp/tagged
set -euo pipefail
export LC_ALL=C
command -v rsigma >/dev/null || { echo "needs rsigma in PATH: cargo install rsigma --version 0.23.0 --locked" >&2; exit 1; }
tagged=${1:?the folder that CORDON_TAGGED named}
here=$(cd "$(dirname "$0")/../.." && pwd)
data=$here/../shared/data
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cordon=${CORDON:-$here/target/release/cordon}
zstd -dcq "$data/windows-otrf.jsonl.zst" >"$work/plain"
tar --zstd -xf "$data/sigmahq-rules.tar.zst" -C "$work" rules
# A member more makes each block's events others: what comes twice is read once.
for block in 1 2 3 4 5; do
  sed "s/^{/{\"Block\":$block,/" "$work/plain" >>"$work/ours.jsonl"
  sed "s/^{/{\"Block\":$block,/" "$tagged/windows-rules-windows.jsonl" >>"$work/theirs.jsonl"
done
head -1 "$work/ours.jsonl" >"$work/ours.one"
head -1 "$work/theirs.jsonl" >"$work/theirs.one"
"$cordon" sigma build "$work/rules/windows" -o "$work/pack.wasm" >/dev/null
ours() { "$cordon" run --workers 1 --grant-whole-events --format ndjson -p "$work/pack.wasm" "$1"; }
theirs() {
  rsigma engine eval --quiet --rules "$work/rules/windows" --input-format json --logsource-routing --event "@$1"
}
seconds() { # CPU seconds of a command on one core
  local TIMEFORMAT='%U %S'
  { time taskset -c 0 bash -c "$(declare -f ours theirs); cordon='$cordon' work='$work'; $1 '$2' >'$work/out' 2>'$work/err'" || { echo "$1 failed:" >&3; cat "$work/err" >&3; exit 1; }; } 2>&1 |
    awk '{ print $1 + $2 }'
}
exec 3>&2
seconds ours "$work/ours.one" >/dev/null # prepares the plugin
for round in 1 2 3; do
  for who in theirs ours; do
    load=$(seconds $who "$work/$who.one")
    all=$(seconds $who "$work/$who.jsonl")
    awk -v who=$who -v all="$all" -v load="$load" -v found="$(wc -l <"$work/out")" -v round=$round \
      'BEGIN { printf "round %d, %-6s %7.0f events/s (%.2f s, loading %.2f s, %d lines)\n", round, who, 122880 / (all - load), all, load, found }'
  done
done
