//! HTML pages.

/// A page with this heading, which must be escaped. `head` are further elements of its head.
pub(super) fn page(heading: &str, head: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n\
         <html lang=\"en\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{heading}</title>\n\
         {head}\
         </head>\n\
         <body>\n\
         <header>\n\
         <h1>{heading}</h1>\n\
         </header>\n\
         {body}\
         </body>\n\
         </html>\n"
    )
}

/// Escapes text for HTML content and attribute values
/// ([HTML §13.3](https://html.spec.whatwg.org/multipage/parsing.html#escapingString)).
pub(super) fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}
