axum-trailers get -s -o /dev/null -D - "$@" | tr -d '\r' | sed '1,/^# trailer section$/ d'
