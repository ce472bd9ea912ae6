//! The exit codes of the client's verbs.

use axum_trailers_client::Verdict;

/// As it should be.
pub(super) const SUCCESS: u8 = 0;
/// The command line is wrong.
pub(super) const USAGE: u8 = 2;
/// A local file or standard output.
pub(super) const LOCAL_TROUBLE: u8 = 11;

/// The exit code of a transfer.
pub(super) fn of(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Verified { .. } | Verdict::Unverified => SUCCESS,
        Verdict::NotConnected(_) => 3,
        Verdict::Tls(_) => 4,
        Verdict::Refused { .. } => 5,
        Verdict::Cut(_) => 6,
        Verdict::DigestDiffers { .. } => 7,
        Verdict::NoDigest(_) => 8,
        Verdict::TrailerMissing(_) => 9,
        Verdict::SenderFailed(_) => 10,
        _ => LOCAL_TROUBLE,
    }
}
