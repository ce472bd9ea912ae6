use super::{
    config::{Tls, TlsError},
    pem_files::{Fingerprint, PemFiles},
};
use crate::shutdown::Hangup;
use std::{convert::Infallible, error::Error, future::pending, time::Duration};
use tokio::time::{MissedTickBehavior, interval};

/// The interval at which the files are polled, and for which new contents must be stable before they are tried.
///
/// The files are replaced one after the other. The state in between is not worth an error.
const LOOK: Duration = Duration::from_secs(1);

/// Reloads a server's certificate and key on each SIGHUP, and when their files change.
pub(crate) async fn reload(tls: Option<Tls>, mut hangup: Hangup) -> Infallible {
    let Some(mut watcher) = tls.and_then(Watcher::new) else {
        return ignore(hangup).await;
    };
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let why = tokio::select! {
            () = hangup.next() => Why::Signal,
            _ = looks.tick() => Why::Time,
        };
        // A file system may hang, and checking a key takes milliseconds.
        let looked = tokio::task::spawn_blocking(move || {
            let seen = watcher.look(why);
            (watcher, seen)
        });
        let seen;
        (watcher, seen) = match looked.await {
            Ok(looked) => looked,
            Err(error) => {
                tracing::error!(%error, "certificate and key are no longer reloaded");
                return pending().await;
            }
        };
        log(&watcher.files, why, &seen);
    }
}

async fn ignore(mut hangup: Hangup) -> Infallible {
    loop {
        hangup.next().await;
        tracing::info!("SIGHUP ignored: there are no certificate and key files to reload");
    }
}

fn log(PemFiles { certificate, key }: &PemFiles, why: Why, seen: &Seen) {
    let (certificate, key) = (certificate.display(), key.display());
    let trigger = match why {
        Why::Signal => "SIGHUP",
        Why::Time => "change",
    };
    match seen {
        Seen::Nothing => {}
        Seen::Change => {
            tracing::debug!(%certificate, %key, "certificate or key changed: waiting until both files are stable");
        }
        Seen::Taken => tracing::info!(%certificate, %key, trigger, "certificate and key reloaded"),
        Seen::Refused(error) => {
            let source = error.source().map(tracing::field::display);
            tracing::error!(
                %certificate, %key, trigger, %error, source,
                "can't use the new certificate and key: keeping the old ones"
            );
        }
    }
}

/// Why the files are checked.
#[derive(Clone, Copy, Debug)]
enum Why {
    Signal,
    Time,
}

/// The result of a check.
#[derive(Debug)]
enum Seen {
    /// Contents that were tried before, whether they are in use or were rejected.
    Nothing,
    /// New contents, which may be incomplete.
    Change,
    Taken,
    Refused(TlsError),
}

struct Watcher {
    tls: Tls,
    files: PemFiles,
    tried: Fingerprint,
    last: Fingerprint,
}

impl Watcher {
    fn new(tls: Tls) -> Option<Self> {
        let (files, fingerprint) = tls.files()?.clone();
        Some(Self { tls, files, tried: fingerprint.clone(), last: fingerprint })
    }

    fn look(&mut self, why: Why) -> Seen {
        let contents = self.files.reread();
        let now = contents.fingerprint();
        let before = std::mem::replace(&mut self.last, now.clone());
        if let Why::Time = why {
            if now == self.tried {
                return Seen::Nothing;
            }
            if now != before {
                return Seen::Change;
            }
        }
        self.tried = now;
        match self.tls.replace(&self.files, contents) {
            Ok(()) => Seen::Taken,
            Err(error) => Seen::Refused(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
    use std::fs;
    use tempfile::TempDir;

    type Pair = CertifiedKey<KeyPair>;

    fn pair() -> Pair {
        generate_simple_self_signed(["localhost".to_owned()]).expect("a pair")
    }

    fn watched(pair: &Pair) -> (TempDir, Watcher) {
        let folder = tempfile::tempdir().expect("a folder");
        write(&folder, "cert.pem", &pair.cert.pem());
        write(&folder, "key.pem", &pair.signing_key.serialize_pem());
        let path = |name| folder.path().join(name);
        let tls = Tls::from_pem_files(path("cert.pem"), path("key.pem")).expect("a pair");
        let watcher = Watcher::new(tls).expect("files");
        (folder, watcher)
    }

    fn write(folder: &TempDir, name: &str, content: &str) {
        fs::write(folder.path().join(name), content).expect("written");
    }

    #[test]
    fn unchanged_files_are_reloaded_only_on_a_signal() {
        let (_folder, mut watcher) = watched(&pair());
        for _ in 0..3 {
            assert!(matches!(watcher.look(Why::Time), Seen::Nothing));
        }
        assert!(matches!(watcher.look(Why::Signal), Seen::Taken));
        assert!(matches!(watcher.look(Why::Time), Seen::Nothing));
    }

    #[test]
    fn files_replaced_one_by_one_are_tried_once_both_are_stable() {
        let (folder, mut watcher) = watched(&pair());
        let new = pair();
        write(&folder, "cert.pem", &new.cert.pem());
        assert!(matches!(watcher.look(Why::Time), Seen::Change));
        write(&folder, "key.pem", &new.signing_key.serialize_pem());
        assert!(matches!(watcher.look(Why::Time), Seen::Change));
        assert!(matches!(watcher.look(Why::Time), Seen::Taken));
        assert!(matches!(watcher.look(Why::Time), Seen::Nothing));
    }

    #[test]
    fn briefly_missing_files_are_no_error() {
        let (folder, mut watcher) = watched(&pair());
        let (there, aside) = (folder.path().join("key.pem"), folder.path().join("aside"));
        fs::rename(&there, &aside).expect("gone");
        assert!(matches!(watcher.look(Why::Time), Seen::Change));
        fs::rename(&aside, &there).expect("back");
        assert!(matches!(watcher.look(Why::Time), Seen::Nothing));
    }

    #[test]
    fn half_of_a_new_pair_is_rejected_once_and_the_whole_pair_is_used() {
        let (folder, mut watcher) = watched(&pair());
        let new = pair();
        write(&folder, "cert.pem", &new.cert.pem());
        assert!(matches!(watcher.look(Why::Time), Seen::Change));
        assert!(matches!(watcher.look(Why::Time), Seen::Refused(TlsError::Mismatch { .. })));
        for _ in 0..3 {
            assert!(matches!(watcher.look(Why::Time), Seen::Nothing));
        }
        write(&folder, "key.pem", &new.signing_key.serialize_pem());
        assert!(matches!(watcher.look(Why::Time), Seen::Change));
        assert!(matches!(watcher.look(Why::Time), Seen::Taken));
    }

    #[test]
    fn signal_tries_at_once_and_reports_each_time() {
        let (folder, mut watcher) = watched(&pair());
        write(&folder, "key.pem", "no key");
        for _ in 0..2 {
            assert!(matches!(watcher.look(Why::Signal), Seen::Refused(TlsError::NoKey { .. })));
        }
        assert!(matches!(watcher.look(Why::Time), Seen::Nothing));
    }

    #[test]
    fn change_before_the_first_check_is_detected() {
        let (folder, mut watcher) = watched(&pair());
        fs::remove_file(folder.path().join("cert.pem")).expect("removed");
        assert!(matches!(watcher.look(Why::Time), Seen::Change));
        assert!(matches!(watcher.look(Why::Time), Seen::Refused(TlsError::Read { .. })));
    }

    #[test]
    fn pair_from_text_has_no_files() {
        let pair = pair();
        let (certificate, key) = (pair.cert.pem(), pair.signing_key.serialize_pem());
        let tls = Tls::from_pem(certificate.as_bytes(), key.as_bytes()).expect("a pair");
        assert!(Watcher::new(tls).is_none());
    }
}
