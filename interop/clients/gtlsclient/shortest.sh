authority=${1#https://} && authority=${authority%%/*}
gtlsclient --exit-on-all-streams-close --no-quic-dump --no-http-dump "${authority%:*}" "${authority##*:}" "$1" 2>&1 |
    sed -n '/trailers started/,/trailers ended/ s/^http: stream 0x0 \[\(.*\)\]$/\1/p'
