// One exchange with Node's `https`.
import { ClientRequest, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { names, pairs, parse, tell } from '../table/exchange.mjs';

const { url, te, trailer } = parse();
const headers = {};
if (te) headers.TE = 'trailers';
if (trailer) headers.Trailer = 'x-sum';
const chunks = [];
let trailers = [];
let status = null;
let error = null;

await new Promise((end) => {
  const fail = (failure) => { error = failure.code; end(); };
  const sent = request(url, { method: trailer ? 'POST' : 'GET', headers, agent: false }, (response) => {
    status = response.statusCode;
    response.on('data', (chunk) => chunks.push(chunk));
    response.on('error', fail);
    response.on('end', () => { trailers = pairs(response.rawTrailers); end(); });
  });
  sent.on('error', fail);
  if (trailer) {
    sent.write('hello');
    sent.addTrailers({ 'x-sum': '1' });
  }
  sent.end();
});
const owners = { response: new IncomingMessage(), request: ClientRequest.prototype };
tell({ status, chunks, trailers, error, names: names(owners) });
