import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';

const tls = { allowHTTP1: true, cert: readFileSync('cert.pem'), key: readFileSync('key.pem') };
createSecureServer(tls, (request, response) => {
  response.setHeader('Trailer', 'X-Sum');
  response.write('hello\n');
  response.addTrailers({ 'X-Sum': '1' });
  response.end();
}).listen(8443, '127.0.0.1');
