// The result of one exchange, for probes in JavaScript. exchange.py defines it.
import { createHash } from 'node:crypto';

export function parse() {
  const [url, protocol, ...options] = process.argv.slice(2);
  return { url: new URL(url), protocol, te: options.includes('--te'), trailer: options.includes('--trailer') };
}

// Pairs from Node's list of alternating names and values.
export function pairs(raw) {
  return raw.flatMap((name, at) => (at % 2 ? [] : [[name.toLowerCase(), raw[at + 1]]]));
}

// Members of objects and their prototypes with `trail` in their names.
export function names(owners) {
  const found = new Set();
  for (const [label, owner] of Object.entries(owners)) {
    for (let at = owner; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
      for (const name of Object.getOwnPropertyNames(at)) {
        if (/trail/i.test(name) && !name.startsWith('_')) found.add(`${label}.${name}`);
      }
    }
  }
  return [...found].sort();
}

export function tell({ status, chunks, trailers, error, names }) {
  const content = Buffer.concat(chunks);
  const sha256 = createHash('sha256').update(content).digest('base64');
  const text = content.subarray(0, 4096).toString();
  const told = { status, length: content.length, sha256, text, trailers, error, names };
  process.stdout.write(JSON.stringify(told) + '\n');
}
