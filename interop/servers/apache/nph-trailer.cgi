#!/bin/sh
printf 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n'
printf '6\r\nhello\n\r\n0\r\nX-Sum: 1\r\n\r\n'
