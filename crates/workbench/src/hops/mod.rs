//! The proxies that a request has passed, as they report themselves: `Via`
//! ([RFC 9110 §7.6.3](https://www.rfc-editor.org/rfc/rfc9110#section-7.6.3)), `Forwarded`
//! ([RFC 7239](https://www.rfc-editor.org/rfc/rfc7239)) and `X-Forwarded-*`, which no standard defines. Clients can forge all
//! of them.

mod elements;

use self::elements::{Kind, comment, elements, pairs, quoted_string};
use axum_trailers::syntax::is_tchar;
use http_02::HeaderMap;
use serde_json::{Map, Value, json};

/// How many hops of a field are listed.
const MAX_HOPS: usize = 64;

/// All hops, as JSON. An element that is not as its specification has it is listed as `malformed`.
pub(super) fn hops(headers: &HeaderMap) -> Value {
    json!({
        "via": listed(headers, "via", Kind::WithComments, via),
        "forwarded": listed(headers, "forwarded", Kind::Quoted, forwarded),
        "xForwardedFor": listed(headers, "x-forwarded-for", Kind::Plain, |element| Some(element.into())),
        "xForwardedProto": joined(headers, "x-forwarded-proto"),
        "xForwardedHost": joined(headers, "x-forwarded-host"),
    })
}

fn listed(headers: &HeaderMap, name: &str, kind: Kind, parse: fn(&str) -> Option<Value>) -> Value {
    let lines: Vec<_> = lines(headers, name).collect();
    let elements = lines.iter().flat_map(|line| elements(line, kind)).filter(|element| !element.is_empty());
    elements
        .take(MAX_HOPS)
        .map(|element| parse(element).unwrap_or_else(|| json!({ "malformed": element })))
        .collect()
}

/// The lines of a field, with invalid UTF-8 replaced.
fn lines<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = String> + use<'h> {
    headers.get_all(name).iter().map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned())
}

fn joined(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines: Vec<_> = lines(headers, name).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

/// An element of `Via`: a protocol, who received the message over it, and an optional comment.
fn via(element: &str) -> Option<Value> {
    let (protocol, rest) = element.split_once([' ', '\t'])?;
    let rest = rest.trim_start_matches([' ', '\t']);
    let (by, after) = rest.split_at(rest.find([' ', '\t', '(']).unwrap_or(rest.len()));
    if !protocol.split('/').all(is_token) || !is_node(by) {
        return None;
    }
    let mut hop = json!({ "protocol": protocol, "by": by });
    if !after.is_empty() {
        hop["comment"] = comment(after.trim_start_matches([' ', '\t']))?.into();
    }
    Some(hop)
}

/// An element of `Forwarded`: parameters such as `for` and `proto`. Their names are case-insensitive.
fn forwarded(element: &str) -> Option<Value> {
    let mut parameters = Map::new();
    for pair in pairs(element).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').filter(|(name, _)| is_token(name))?;
        let value = if is_token(value) { value.to_owned() } else { quoted_string(value)? };
        if parameters.insert(name.to_ascii_lowercase(), value.into()).is_some() {
            return None;
        }
    }
    (!parameters.is_empty()).then(|| parameters.into())
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_tchar)
}

/// Whether this can be a host with an optional port, or a pseudonym.
fn is_node(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| is_tchar(byte) || matches!(byte, b':' | b'[' | b']'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_02::{HeaderName, HeaderValue};

    fn of(name: &'static str, lines: &[&[u8]]) -> Value {
        let name = HeaderName::from_static(name);
        let value = |line: &&[u8]| HeaderValue::from_bytes(line).expect("a field value");
        hops(&lines.iter().map(|line| (name.clone(), value(line))).collect())
    }

    fn via_of(line: &str) -> Value {
        of("via", &[line.as_bytes()])["via"].take()
    }

    fn forwarded_of(line: &str) -> Value {
        of("forwarded", &[line.as_bytes()])["forwarded"].take()
    }

    #[test]
    fn request_without_these_fields_has_no_hops() {
        let none = json!({
            "via": [], "forwarded": [], "xForwardedFor": [], "xForwardedProto": null, "xForwardedHost": null,
        });
        assert_eq!(hops(&HeaderMap::new()), none);
        assert_eq!(of("via", &[b"", b" , ,"]), none);
    }

    #[test]
    fn via_has_protocol_receiver_and_comment() {
        for (line, expected) in [
            ("1.1 a", json!([{ "protocol": "1.1", "by": "a" }])),
            ("HTTP/2 a.example:8080", json!([{ "protocol": "HTTP/2", "by": "a.example:8080" }])),
            ("1.0 [::1]:80", json!([{ "protocol": "1.0", "by": "[::1]:80" }])),
            (
                "1.0 fred, \t1.1\tp.example.net  (Apache/1.1)",
                json!([
                    { "protocol": "1.0", "by": "fred" },
                    { "protocol": "1.1", "by": "p.example.net", "comment": "Apache/1.1" },
                ]),
            ),
            (
                "1.1 a (one, (two, 2.0 b)), 2 c",
                json!([{ "protocol": "1.1", "by": "a", "comment": "one, (two, 2.0 b)" }, { "protocol": "2", "by": "c" }]),
            ),
            (
                r"1.1 a (\), \( \\), 2 b",
                json!([{ "protocol": "1.1", "by": "a", "comment": r"), ( \" }, { "protocol": "2", "by": "b" }]),
            ),
            ("1.1 a(b)", json!([{ "protocol": "1.1", "by": "a", "comment": "b" }])),
            ("1.1 a ()", json!([{ "protocol": "1.1", "by": "a", "comment": "" }])),
        ] {
            assert_eq!(via_of(line), expected, "{line}");
        }
    }

    #[test]
    fn via_that_is_none_is_malformed() {
        for line in [
            "1.1",
            "a",
            "/ a",
            "1/ a",
            "1.1 a b",
            "1.1 a (b",
            "1.1 a b)",
            "1.1 a\"b",
            "1.1 a (b) c",
            "1.1 a (b)(c)",
            "1.1 a (b\\)",
            "1.1 (",
            "1.1 )",
        ] {
            assert_eq!(via_of(line), json!([{ "malformed": line }]), "{line}");
        }
        assert_eq!(via_of("x, 1.1 a"), json!([{ "malformed": "x" }, { "protocol": "1.1", "by": "a" }]));
        let unclosed = of("via", &[b"1.1 a (b, 1.1 c", b"1.1 d"])["via"].take();
        assert_eq!(unclosed, json!([{ "malformed": "1.1 a (b, 1.1 c" }, { "protocol": "1.1", "by": "d" }]));
    }

    #[test]
    fn forwarded_has_parameters_with_quoted_values() {
        for (line, expected) in [
            (
                "for=192.0.2.60;proto=http;by=203.0.113.43",
                json!([{ "for": "192.0.2.60", "proto": "http", "by": "203.0.113.43" }]),
            ),
            (
                r#"For="[2001:db8:cafe::17]:4711" ; HOST=a.example , for=_hidden"#,
                json!([{ "for": "[2001:db8:cafe::17]:4711", "host": "a.example" }, { "for": "_hidden" }]),
            ),
            (r#"for="a,b;c\"d\\";x="""#, json!([{ "for": r#"a,b;c"d\"#, "x": "" }])),
            (";for=a;;", json!([{ "for": "a" }])),
        ] {
            assert_eq!(forwarded_of(line), expected, "{line}");
        }
        for line in [
            ";",
            "for",
            "for=",
            "=a",
            "for=[::1]",
            "for=a;for=b",
            "for=a;FOR=b",
            "for =a",
            "for=\"a",
            "for=\"a\"b",
            "for=\"a\"b\"",
            "for=\"a\\\"",
            "a b=c",
        ] {
            assert_eq!(forwarded_of(line), json!([{ "malformed": line }]), "{line}");
        }
    }

    #[test]
    fn other_fields_are_as_they_came() {
        let hops = of("x-forwarded-for", &[b"192.0.2.1, unknown", b"\"a,b\" , \xff"]);
        assert_eq!(hops["xForwardedFor"], json!(["192.0.2.1", "unknown", "\"a", "b\"", "\u{fffd}"]));
        assert_eq!(of("x-forwarded-proto", &[b"https", b"http"])["xForwardedProto"], "https, http");
        assert_eq!(of("x-forwarded-host", &[b"a.example:1"])["xForwardedHost"], "a.example:1");
    }

    #[test]
    fn list_of_hops_is_bounded() {
        let many = "1.1 a,".repeat(1000);
        assert_eq!(via_of(&many).as_array().expect("a list").len(), MAX_HOPS);
    }
}
