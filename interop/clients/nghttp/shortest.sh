nghttp -nv "$1" | sed -n '/recv DATA/,$ s/.* recv (stream_id=[0-9]*) //p'
