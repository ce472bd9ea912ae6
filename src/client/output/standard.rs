use std::io::{self, Write};

/// Standard output, without the buffer of `io::Stdout`, which ends at each line.
#[cfg(unix)]
pub(in crate::client) fn standard_output() -> io::Result<Box<dyn Write>> {
    use std::os::fd::AsFd;
    Ok(Box::new(std::fs::File::from(io::stdout().as_fd().try_clone_to_owned()?)))
}

#[cfg(not(unix))]
pub(in crate::client) fn standard_output() -> io::Result<Box<dyn Write>> {
    Ok(Box::new(io::stdout()))
}
