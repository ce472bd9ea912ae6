use http_02::{HeaderMap, header};

/// The media type that a request prefers, by its `Accept` fields
/// ([RFC 9110 §12.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1)): the one with the largest weight, the
/// first one if weights are equal. `None` if the client accepts none of them. Without `Accept`, all are acceptable.
pub(super) fn preferred<T: Copy>(headers: &HeaderMap, offered: &[(&str, T)]) -> Option<T> {
    let ranges = ranges(headers);
    if ranges.is_empty() {
        return offered.first().map(|(_, meaning)| *meaning);
    }
    let mut best = None;
    for (media_type, meaning) in offered {
        let weight = weight(&ranges, media_type);
        if weight > best.map_or(0, |(_, weight)| weight) {
            best = Some((*meaning, weight));
        }
    }
    best.map(|(meaning, _)| meaning)
}

struct MediaRange {
    name: String,
    /// In thousandths.
    weight: u16,
}

/// Parses the media ranges of a request. Ignores parameters other than the weight.
fn ranges(headers: &HeaderMap) -> Vec<MediaRange> {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges = values.flat_map(|value| value.split(',')).map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(key, _)| key.eq_ignore_ascii_case("q"))
            .map_or(1000, |(_, weight)| thousandths(weight));
        MediaRange { name, weight }
    });
    ranges.filter(|range| !range.name.is_empty()).collect()
}

/// Parses a weight such as `0.5` (RFC 9110 §12.4.2). A malformed one counts as 0.
fn thousandths(weight: &str) -> u16 {
    let weight: f32 = weight.trim().parse().unwrap_or(0.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1000")]
    let thousandths = (weight.clamp(0.0, 1.0) * 1000.0) as u16;
    thousandths
}

/// The weight that the most specific matching range gives to a media type.
fn weight(ranges: &[MediaRange], media_type: &str) -> u16 {
    let of_type = media_type.split('/').next().unwrap_or_default();
    let any_of_type = format!("{of_type}/*");
    [media_type, &any_of_type, "*/*"]
        .iter()
        .find_map(|name| ranges.iter().filter(|range| range.name == **name).map(|range| range.weight).max())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_02::HeaderValue;

    #[test]
    fn largest_weight_of_the_most_specific_range_decides() {
        let offered = [("text/csv", 'c'), ("application/json", 'j'), ("application/x-ndjson", 'n')];
        let cases: [(&[&str], Option<char>); 12] = [
            (&[], Some('c')),
            (&["*/*"], Some('c')),
            (&["application/json"], Some('j')),
            (&["Application/JSON; charset=utf-8"], Some('j')),
            (&["text/csv;q=0.5, application/x-ndjson"], Some('n')),
            (&["text/csv;q=0.5", "application/json;q=0.4, */*;q=0.6"], Some('n')),
            (&["application/*"], Some('j')),
            (&["*/*, text/csv;q=0"], Some('j')),
            (&["text/html, */*;q=0.1"], Some('c')),
            (&["text/html"], None),
            (&["text/csv;q=0"], None),
            (&["text/csv;q=much"], None),
        ];
        for (accept, expected) in cases {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(header::ACCEPT, HeaderValue::from_static(value));
            }
            assert_eq!(preferred(&headers, &offered), expected, "{accept:?}");
        }
    }
}
