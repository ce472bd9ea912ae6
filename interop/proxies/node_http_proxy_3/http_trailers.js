const fs = require("node:fs");
const { createProxyServer } = require("http-proxy-3");

const target = "http://127.0.0.1:8080";
const ssl = { cert: fs.readFileSync("cert.pem"), key: fs.readFileSync("key.pem") };

for (const [port, options] of [[8081, { target }], [8443, { target, ssl }]]) {
  const proxy = createProxyServer(options).listen(port, "127.0.0.1");
  // Without a listener, an error of an origin ends the process.
  proxy.on("error", (error, request, response) => response.destroy());
  proxy.on("proxyReq", (toOrigin, request) => {
    // HTTP/2 clients accept trailers without saying so.
    if (request.httpVersionMajor === 2) toOrigin.setHeader("TE", "trailers");
    request.on("aborted", () => toOrigin.destroy());
    request.prependListener("end", () => toOrigin.addTrailers(pairs(request.rawTrailers)));
  });
  proxy.on("proxyRes", (fromOrigin, request, response) => {
    fromOrigin.on("aborted", () => response.destroy());
    fromOrigin.on("end", () => response.addTrailers(fromOrigin.trailersDistinct));
  });
}

function pairs(raw) {
  return raw.flatMap((name, index) => (index % 2 ? [] : [[name, raw[index + 1]]]));
}
