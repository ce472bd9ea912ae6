wget -q -O /dev/null --header 'TE: trailers' --no-warc-compression --warc-file=export "$1"
sed -n '/^0\r$/,/^\r$/ s/^x-row-count: //p' export.warc
