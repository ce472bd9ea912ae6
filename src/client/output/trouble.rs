/// Why content can't be written.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::client) enum Trouble {
    Local(String),
    /// Nobody reads standard output any more.
    Closed,
}
