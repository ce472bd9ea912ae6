import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { constants, createSecureServer } from 'node:http2';
import { Readable, pipeline } from 'node:stream';

const FIRST = 'hello, hello, hello, hello, he\n\n'.repeat(64);

function respond(stream, header, trailers) {
  stream.respond(header, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
}

function hello(stream, header) {
  const content = 'hello\n';
  const digest = createHash('sha256').update(content).digest('base64');
  respond(stream, header, { 'content-digest': `sha-256=:${digest}:`, 'x-sum': '1' });
  stream.end(content);
}

// The first 2 KiB of a response that announces a trailer.
function begin(stream) {
  respond(stream, { trailer: 'x-sum' }, { 'x-sum': '1' });
  stream.write(FIRST);
}

// A source that fails in the middle.
function failing() {
  return Readable.from((async function* () {
    yield FIRST;
    await new Promise((resolve) => setTimeout(resolve, 100));
    throw new Error('the source failed');
  })());
}

const routes = {
  '/trailers': (stream) => hello(stream, {}),
  '/announced': (stream) => hello(stream, { trailer: 'content-digest, x-sum' }),
  '/inspect': (stream) => {
    let trailers = {};
    stream.on('trailers', (fields) => { trailers = fields; });
    stream.resume().on('end', () => {
      stream.respond();
      stream.end(Object.entries(trailers).map(([name, value]) => `${name}: ${value}\n`).join(''));
    });
  },
  '/throws': (stream) => {
    begin(stream);
    setTimeout(() => { throw new Error('the handler died'); }, 100);
  },
  '/destroys': (stream) => {
    begin(stream);
    setTimeout(() => stream.destroy(), 100);
  },
  '/destroys-with-error': (stream) => {
    begin(stream);
    stream.on('error', () => {});
    setTimeout(() => stream.destroy(new Error('the handler died')), 100);
  },
  '/closes': (stream) => {
    begin(stream);
    stream.on('error', () => {});
    setTimeout(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR), 100);
  },
  '/pipeline': (stream) => {
    respond(stream, { trailer: 'x-sum' }, { 'x-sum': '1' });
    pipeline(failing(), stream, () => {});
  },
  '/pipe': (stream) => {
    respond(stream, { trailer: 'x-sum' }, { 'x-sum': '1' });
    failing().on('error', () => {}).pipe(stream);
  },
};

const tls = { cert: readFileSync('cert.pem'), key: readFileSync('key.pem') };
createSecureServer(tls)
  .on('stream', (stream, headers) => routes[headers[':path']](stream))
  .listen(8443, '127.0.0.1');
