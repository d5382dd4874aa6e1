# shellcheck shell=bash
# Reading test results: the counters in a TRX file, which is what `dotnet test` is asked to write.

PASSED=0 FAILED=0 SKIPPED=0

# trx_counter FILE NAME
trx_counter() { sed -nE 's/.*<Counters [^>]*\<'"$2"'="([0-9]+)".*/\1/p' "$1" | head -n 1; }

# read_trx FILE: sets PASSED FAILED SKIPPED. Skipped tests are counted only in the total; what is neither passed nor skipped failed.
read_trx() {
  local total executed
  total=$(trx_counter "$1" total) executed=$(trx_counter "$1" executed) PASSED=$(trx_counter "$1" passed)
  [[ -n $total && -n $executed && -n $PASSED ]] || return 1
  FAILED=$((executed - PASSED))
  SKIPPED=$((total - executed))
}
