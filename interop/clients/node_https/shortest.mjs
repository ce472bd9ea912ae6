import { get } from 'node:https';

get(process.argv[2], { headers: { TE: 'trailers' } }, (response) => {
  response.on('end', () => console.log(response.trailers['x-row-count']));
  response.resume();
});
