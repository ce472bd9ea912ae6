import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { Readable, pipeline } from 'node:stream';

function hello(response) {
  const content = 'hello\n';
  response.write(content);
  const digest = createHash('sha256').update(content).digest('base64');
  response.addTrailers({ 'Content-Digest': `sha-256=:${digest}:`, 'X-Sum': '1' });
  response.end();
}

// The first 2 KiB of a response that announces a trailer.
function begin(response) {
  response.setHeader('Trailer', 'X-Sum');
  response.write('hello, hello, hello, hello, he\n\n'.repeat(64));
}

// A source that fails in the middle.
function failing() {
  return Readable.from((async function* () {
    yield 'hello, hello, hello, hello, he\n\n'.repeat(64);
    await new Promise((resolve) => setTimeout(resolve, 100));
    throw new Error('the source failed');
  })());
}

const routes = {
  '/trailers': (request, response) => hello(response),
  '/announced': (request, response) => {
    response.setHeader('Trailer', 'Content-Digest, X-Sum');
    hello(response);
  },
  '/inspect': (request, response) => {
    request.resume().on('end', () => {
      response.end(Object.entries(request.trailers).map(([name, value]) => `${name}: ${value}\n`).join(''));
    });
  },
  '/throws': (request, response) => {
    begin(response);
    setTimeout(() => { throw new Error('the handler died'); }, 100);
  },
  '/destroys': (request, response) => {
    begin(response);
    setTimeout(() => response.destroy(), 100);
  },
  '/pipeline': (request, response) => {
    response.setHeader('Trailer', 'X-Sum');
    pipeline(failing(), response, () => {});
  },
  '/pipe': (request, response) => {
    response.setHeader('Trailer', 'X-Sum');
    failing().on('error', () => {}).pipe(response);
  },
};

const tls = { cert: readFileSync('cert.pem'), key: readFileSync('key.pem') };
createServer(tls, (request, response) => routes[request.url](request, response)).listen(8443, '127.0.0.1');
