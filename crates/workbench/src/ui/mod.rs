//! `GET /ui`: a page that tries each use in a browser and shows what the browser exposes of the trailers.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/ui'
//! curl -v -k --no-buffer 'https://localhost:3000/ui/'
//! ```
//!
//! Its files are built in, and it requests nothing from other servers:
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/ui/style.css'
//! curl -v -k --no-buffer 'https://localhost:3000/favicon.ico'
//! ```
//!
//! | File | |
//! |---|---|
//! | `page.html`, `style.css`, `icon.svg` | the page without JavaScript |
//! | `main.js` | starts the sections |
//! | `attempt.js` | the first section: any route, with controls generated from `GET /help` |
//! | `ways.js` | an export with its trailers and by the three alternatives |
//! | `cuts.js` | how a failure in the middle appears |
//! | `browsers.js`, `measured.json` | what each browser does: how it is measured, and the results of `interop/browsers` |
//! | `card.js` | one of several exchanges that are compared |
//! | `exports.js` | an export in each of the ways |
//! | `stream.js` | a request whose response is read while it arrives |
//! | `timeline.js` | the drawing of an exchange |
//! | `dom.js`, `words.js` | elements, and numbers for people |

mod handler;

pub(super) use handler::{favicon, file, page};
