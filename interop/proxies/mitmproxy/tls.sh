mitmdump --mode reverse:https://localhost:3000@127.0.0.1:8443 --mode reverse:https://localhost:3000@127.0.0.1:8081 \
    --certs combined.pem \
    --set ssl_verify_upstream_trusted_ca=cert.pem
