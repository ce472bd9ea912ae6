#!/bin/sh
# Creates a new demo certificate and key. Needs openssl 1.1.1 or newer. Rebuild the binary afterwards: it contains both
# files.
#
# The certificate is self-signed, no certificate authority, valid for ten years, for localhost, 127.0.0.1 and ::1.
set -eu
cd "$(dirname "$0")"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -keyout key.pem -out cert.pem -days 3653 \
    -subj '/O=axum-trailers/CN=localhost' \
    -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1' \
    -addext 'basicConstraints=critical,CA:FALSE' \
    -addext 'keyUsage=critical,digitalSignature' \
    -addext 'extendedKeyUsage=serverAuth'
openssl x509 -in cert.pem -noout -subject -dates -ext subjectAltName
