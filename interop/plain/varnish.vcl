# Varnish in front of
#
#     axum-trailers --trust-proxy 127.0.0.1 --plain 127.0.0.1:8080 \
#         --trust-proxy unix --plain unix:/run/axum-trailers/http.sock
#     axum-trailers --trust-proxy 127.0.0.1 --plain 127.0.0.1:8090 --proxy-protocol
#
# Its addresses are options: `varnishd -a pass=127.0.0.1:8401 -p feature=+http2 …`

vcl 4.1;

backend app {
    .host = "127.0.0.1";
    .port = "8080";
}

# A Unix socket
backend unix {
    .path = "/run/axum-trailers/http.sock";
}

# The PROXY protocol
backend proxy {
    .host = "127.0.0.1";
    .port = "8090";
    .proxy_header = 2;
}

sub vcl_recv {
    if (local.socket == "unix") {
        set req.backend_hint = unix;
    } elsif (local.socket == "proxy") {
        set req.backend_hint = proxy;
    } else {
        set req.backend_hint = app;
    }
    # Varnish forwards the bytes of the rest of the connection, trailers among them.
    if (local.socket == "pipe") {
        return (pipe);
    }
    # Nothing is cached here.
    return (pass);
}
