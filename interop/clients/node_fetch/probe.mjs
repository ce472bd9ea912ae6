// One exchange with Node's `fetch`.
import { subscribe } from 'node:diagnostics_channel';
import { names, pairs, parse, tell } from '../table/exchange.mjs';

const { url, te, trailer } = parse();
const options = { headers: {} };
if (te) options.headers.TE = 'trailers';
if (trailer) {
  // The closest it gets to a trailer: an announcement, and a body of unknown length.
  options.method = 'POST';
  options.headers.Trailer = 'x-sum';
  options.body = new Blob(['hello']).stream();
  options.duplex = 'half';
}
const chunks = [];
let trailers = [];
let status = null;
let error = null;
subscribe('undici:request:trailers', (message) => { trailers = pairs(message.trailers.map(String)); });
try {
  const response = await fetch(url, options);
  status = response.status;
  for await (const chunk of response.body) chunks.push(chunk);
} catch (failure) {
  error = [failure.message, failure.cause?.code].filter(Boolean).join(': ');
}
const owners = { response: Response.prototype, request: Request.prototype, headers: Headers.prototype };
tell({ status, chunks, trailers, error, names: names(owners) });
