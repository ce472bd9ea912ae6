//! `GET /ui`: a page that tries each use in a browser and shows what that browser lets a page see of the trailers.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/ui'
//! curl -v -k --no-buffer 'https://localhost:3000/ui/'
//! ```
//!
//! Its files are built in, and it asks no other server for anything:
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/ui/style.css'
//! curl -v -k --no-buffer 'https://localhost:3000/favicon.ico'
//! ```
//!
//! | File | |
//! |---|---|
//! | `page.html`, `style.css`, `icon.svg` | what is there without JavaScript |
//! | `main.js` | starts the sections |
//! | `attempt.js` | the first section: any route, with controls made from `GET /help` |
//! | `ways.js` | an export with its trailers and by the three alternatives |
//! | `cuts.js` | what a failure in the middle looks like |
//! | `browsers.js`, `measured.json` | which browser does what: how it is measured, and what `interop/browsers` measured |
//! | `card.js` | one exchange among several that are compared |
//! | `exports.js` | an export as each of the ways gives it |
//! | `stream.js` | a request whose response is read as it comes |
//! | `timeline.js` | the drawing of it |
//! | `dom.js`, `words.js` | elements, and numbers as people read them |

mod handler;

pub(super) use handler::{favicon, file, page};
