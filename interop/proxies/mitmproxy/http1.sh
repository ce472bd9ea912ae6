mitmdump --mode reverse:http://127.0.0.1:8080@127.0.0.1:8443 --mode reverse:http://127.0.0.1:8080@127.0.0.1:8081 \
    --certs combined.pem
