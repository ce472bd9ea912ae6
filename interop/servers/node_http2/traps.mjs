import { readFileSync } from 'node:fs';
import { constants, createSecureServer } from 'node:http2';

const tls = { cert: readFileSync('cert.pem'), key: readFileSync('key.pem') };
createSecureServer(tls).on('stream', (stream, headers) => {
  stream.respond({ trailer: 'x-sum' }, { waitForTrailers: true });
  stream.write('hello\n');
  const end = {
    '/destroy': () => stream.destroy(),
    '/close': () => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
    '/early': () => stream.sendTrailers({ 'x-sum': '1' }),
    '/forgotten': () => stream.end(),
  };
  setTimeout(end[headers[':path']], 100);
}).listen(8443, '127.0.0.1');
