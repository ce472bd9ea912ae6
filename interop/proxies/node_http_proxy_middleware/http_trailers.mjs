import fs from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import { createProxyMiddleware } from "http-proxy-middleware";

const proxy = createProxyMiddleware({
  target: "http://127.0.0.1:8080",
  on: {
    proxyReq: (toOrigin, request, response) => {
      // Otherwise a cut response ends cleanly, with the text of an error appended.
      toOrigin.prependListener("error", () => response.headersSent && response.destroy());
      // HTTP/2 clients accept trailers without saying so.
      if (request.httpVersionMajor === 2) toOrigin.setHeader("TE", "trailers");
      request.on("aborted", () => toOrigin.destroy());
      request.prependListener("end", () => toOrigin.addTrailers(pairs(request.rawTrailers)));
    },
    proxyRes: (fromOrigin, request, response) => {
      fromOrigin.on("end", () => response.addTrailers(fromOrigin.trailersDistinct));
    },
  },
});
const answer = (request, response) => proxy(request, response, () => response.destroy());
const tls = { allowHTTP1: true, cert: fs.readFileSync("cert.pem"), key: fs.readFileSync("key.pem") };

http.createServer(answer).listen(8081, "127.0.0.1");
http2.createSecureServer(tls, answer).listen(8443, "127.0.0.1");

function pairs(raw) {
  return raw.flatMap((name, index) => (index % 2 ? [] : [[name, raw[index + 1]]]));
}
