import { subscribe } from 'node:diagnostics_channel';

subscribe('undici:request:trailers', ({ trailers }) => {
  const texts = trailers.map(String);
  console.log(texts[texts.indexOf('x-row-count') + 1]);
});
const response = await fetch(process.argv[2], { headers: { TE: 'trailers' } });
await response.arrayBuffer();
