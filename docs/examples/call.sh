#!/bin/sh
# A phone command for [monitor.phone]: hands the call to an Asterisk server on this machine by a call file, which rings the number and
# reads the text aloud. Whoever presses 1 acknowledges: the dialplan context `sesshu-alert` posts to ANSWER_URL.
# Needs: jq, and write access to Asterisk's outgoing folder.
set -eu

call=$(cat)
field() { printf '%s' "$call" | jq -r ".$1 // empty" | tr -d '\r\n'; }

number=$(field number | tr -cd '0-9+')
seconds=$(field answer_seconds)
[ -n "$number" ] || { echo "no number"; exit 1; }

# Written aside and then moved: Asterisk reads whatever lies in the folder.
file=$(mktemp /var/spool/asterisk/tmp/sesshu-XXXXXX)
cat >"$file" <<CALL
Channel: PJSIP/$number@trunk
WaitTime: $seconds
Context: sesshu-alert
Extension: s
Setvar: ALERT_TEXT=$(field text)
Setvar: ANSWER_URL=$(field answer_url)
CALL
mv "$file" /var/spool/asterisk/outgoing/

# Placed; how the call goes is called back, so the last line says nothing of it.
echo placed
