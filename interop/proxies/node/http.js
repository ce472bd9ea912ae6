const fs = require("node:fs");
const httpProxy = require("http-proxy");

const target = "http://127.0.0.1:8080";
const ssl = { cert: fs.readFileSync("cert.pem"), key: fs.readFileSync("key.pem") };

for (const [port, options] of [[8081, { target }], [8443, { target, ssl }]]) {
  const proxy = httpProxy.createProxyServer(options).listen(port, "127.0.0.1");
  // Without a listener, an error of an origin ends the process.
  proxy.on("error", (error, request, response) => response.destroy());
}
