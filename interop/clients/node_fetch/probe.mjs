// One exchange with Node's `fetch`.
import { names, parse, tell } from '../driver/exchange.mjs';

const { url, te, trailer } = parse();
const options = { headers: {} };
if (te) options.headers.TE = 'trailers';
if (trailer) {
  // The nearest to a trailer that it has: an announcement, and a body whose length is not known.
  options.method = 'POST';
  options.headers.Trailer = 'x-sum';
  options.body = new Blob(['hello']).stream();
  options.duplex = 'half';
}
const chunks = [];
let trailers = [];
let error = null;
try {
  const response = await fetch(url, options);
  const before = new Set(response.headers.keys());
  for await (const chunk of response.body) chunks.push(chunk);
  // Trailers would be where the header fields are, or in a member that drafts of Fetch once had.
  const late = [...response.headers].filter(([name]) => !before.has(name));
  trailers = [...late, ...((await (response.trailers ?? response.trailer)) ?? [])];
} catch (failure) {
  error = [failure.message, failure.cause?.code].filter(Boolean).join(': ');
}
const owners = { response: Response.prototype, request: Request.prototype, headers: Headers.prototype };
tell({ chunks, trailers, error, names: names(owners) });
