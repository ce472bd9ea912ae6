import { connect } from 'node:http2';

const url = new URL(process.argv[2]);
const session = connect(url.origin);
const stream = session.request({ ':path': url.pathname + url.search });
stream.on('trailers', (trailers) => console.log(trailers['x-row-count']));
stream.on('close', () => session.close());
stream.resume();
