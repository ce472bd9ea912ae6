import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const tls = { cert: readFileSync('cert.pem'), key: readFileSync('key.pem') };
createServer(tls, (request, response) => {
  response.setHeader('Trailer', 'X-Sum');
  response.write('hello\n');
  response.addTrailers({ 'X-Sum': '1' });
  response.end();
}).listen(8443, '127.0.0.1');
