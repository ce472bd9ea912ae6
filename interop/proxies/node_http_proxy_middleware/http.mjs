import fs from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import { createProxyMiddleware } from "http-proxy-middleware";

const proxy = createProxyMiddleware({ target: "http://127.0.0.1:8080" });
const answer = (request, response) => proxy(request, response, () => response.destroy());
const tls = { allowHTTP1: true, cert: fs.readFileSync("cert.pem"), key: fs.readFileSync("key.pem") };

http.createServer(answer).listen(8081, "127.0.0.1");
http2.createSecureServer(tls, answer).listen(8443, "127.0.0.1");
