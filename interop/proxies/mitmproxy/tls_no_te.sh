mitmdump --mode reverse:https://localhost:3000@127.0.0.1:8443 \
    --certs combined.pem \
    --set ssl_verify_upstream_trusted_ca=cert.pem \
    --set stream_large_bodies=1 \
    --modify-headers '/~q/TE/'
