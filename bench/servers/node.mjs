// The benchmark's peer in Node: the compatibility interface of `http2`, HTTP/2 and HTTP/1.1 in one process.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { listen: { type: 'string' }, cert: { type: 'string' }, key: { type: 'string' } },
});
const CHUNK = Buffer.alloc(64 * 1024, 'x');

function begin(response, type) {
  response.setHeader('content-type', type);
  response.setHeader('trailer', 'chunky-trailer');
}

function finish(response) {
  response.addTrailers({ 'chunky-trailer': 'foo' });
  response.end();
}

function small(response) {
  begin(response, 'text/plain');
  response.write('hello...');
  response.write('world\n');
  finish(response);
}

function plain(response) {
  response.setHeader('content-type', 'text/plain');
  response.write('hello...');
  response.write('world\n');
  response.end();
}

async function big(response, bytes) {
  begin(response, 'application/octet-stream');
  let left = bytes;
  while (left > 0 && !response.destroyed) {
    const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
    left -= chunk.length;
    if (!response.write(chunk)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
  }
  finish(response);
}

async function paced(response, chunks) {
  begin(response, 'application/octet-stream');
  for (let sent = 0; sent < chunks && !response.destroyed; sent += 1) {
    await pause(10);
    const now = Buffer.alloc(8);
    now.writeBigUInt64BE(process.hrtime.bigint()); // CLOCK_MONOTONIC, which the client reads as well
    response.write(now);
  }
  finish(response);
}

async function handle(request, response) {
  const [, route, number] = request.url.split('/');
  if (route === 'small') small(response);
  else if (route === 'plain') plain(response);
  else if (route === 'big') await big(response, Number(number));
  else if (route === 'paced') await paced(response, Number(number));
  else response.writeHead(404).end();
}

const server = createSecureServer(
  {
    allowHTTP1: true,
    cert: readFileSync(values.cert),
    key: readFileSync(values.key),
    minVersion: 'TLSv1.3',
    ecdhCurve: 'X25519',
    keepAliveTimeout: 60_000, // the default closes idle connections while their memory is measured
  },
  handle,
);
const [host, port] = values.listen.split(':');
server.listen(Number(port), host);
