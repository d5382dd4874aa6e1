#!/bin/sh
# Starts the agent server in place of this script, under the engine's init. The server itself takes up, before it listens,
# the credential that it was handed in an earlier run of this container (/var/lib/trinity): nothing of it passes through here.
set -eu

# No program can be run from /tmp, and some clients unpack libraries there: scratch space is in the home directory, where it can be.
if [ -w "$HOME" ]; then
  TMPDIR=$HOME/.cache/tmp
  mkdir -p -- "$TMPDIR"
  export TMPDIR
fi

exec /opt/dotnet/dotnet /opt/trinity/Trinity.AgentServer.dll "$@"
