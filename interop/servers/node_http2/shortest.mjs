import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';

const tls = { cert: readFileSync('cert.pem'), key: readFileSync('key.pem') };
createSecureServer(tls).on('stream', (stream) => {
  stream.respond({ trailer: 'x-sum' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '1' }));
  stream.end('hello\n');
}).listen(8443, '127.0.0.1');
