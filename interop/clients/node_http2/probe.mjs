// One exchange with Node's `http2`.
import { connect } from 'node:http2';
import { names, parse, pairs, tell } from '../table/exchange.mjs';

const { url, te, trailer } = parse();
const chunks = [];
let trailers = [];
let status = null;
let error = null;
let stream;

const session = connect(url.origin);
await new Promise((end) => {
  const fail = (failure) => { error = failure.code; end(); };
  session.on('error', fail);
  const head = { ':path': url.pathname + url.search, ':method': trailer ? 'POST' : 'GET' };
  if (te) head.te = 'trailers';
  if (trailer) head.trailer = 'x-sum';
  try {
    stream = session.request(head, { waitForTrailers: trailer });
  } catch (failure) {
    fail(failure);
    return;
  }
  stream.on('response', (head) => { status = head[':status']; });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '1' }));
  stream.on('trailers', (_, __, raw) => { trailers = pairs(raw); });
  stream.on('data', (chunk) => chunks.push(chunk));
  stream.on('error', fail);
  stream.on('end', end);
  stream.end(trailer ? 'hello' : undefined);
});
session.destroy();
tell({ status, chunks, trailers, error, names: stream ? names({ stream }) : [] });
