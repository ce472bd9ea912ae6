//! HTML pages in the style of `/ui`.

use http_02::HeaderValue;

/// A page needs only its style sheet and icon. It can contain parts of the request.
pub(super) const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// A page with this heading, which must be escaped.
pub(super) fn page(heading: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n\
         <html lang=\"en\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{heading}</title>\n\
         <link rel=\"icon\" type=\"image/svg+xml\" href=\"/ui/icon.svg\">\n\
         <link rel=\"stylesheet\" href=\"/ui/style.css\">\n\
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

/// Text in which pairs of backquotes mark code.
pub(super) fn marked_up(text: &str) -> String {
    if text.matches('`').count() % 2 == 1 {
        return escaped(text);
    }
    let parts = text.split('`').map(escaped).enumerate();
    parts.map(|(n, part)| if n % 2 == 1 { format!("<code>{part}</code>") } else { part }).collect()
}
