//! `GET /ui`: a page that shows what the server sends and what JavaScript can read of it, trailers above all.
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
//! | `main.js` | runs a first export and starts the sections |
//! | `attempt.js` | the first section: sends a request and shows both sides of the response |
//! | `form.js`, `form_labels.js` | its controls, generated from `GET /help`, and their names |
//! | `curl.js` | the request as a curl command |
//! | `record.js`, `wire.js` | what the server sent, from `GET /seen/{id}` |
//! | `script.js`, `shown.js` | what a script can read of it, and which trailers that includes |
//! | `between.js` | whether a proxy is between this browser and the server |
//! | `listing.js` | the form of both: header section, data, trailer section |
//! | `verdict.js`, `agent.js` | the sentence above them, and the name of this browser |
//! | `body.js` | chunks as a table, content as text |
//! | `ways.js` | an export with its trailers and by the three alternatives |
//! | `cuts.js` | how a failure in the middle appears |
//! | `browsers.js`, `measured.json` | what each browser does: how it is measured, and the results of the tests |
//! | `card.js` | one of several exchanges that are compared |
//! | `exports.js` | an export in each of the ways |
//! | `stream.js` | a request whose response is read while it arrives |
//! | `timeline.js`, `drawn_labels.js` | the drawing of an exchange, and labels that do not overlap |
//! | `folds.js` | what is folded on a narrow screen |
//! | `dom.js`, `words.js` | elements, and numbers for people |

mod handler;

pub(super) use handler::{favicon, file, page};
