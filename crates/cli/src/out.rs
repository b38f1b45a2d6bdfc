//! What is written for whoever called: to standard output, or into a file that was named.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::failure::Failure;

/// Writes to standard output. A reader that has gone, as in `synfin explain FILE | head -1`, is no failure.
pub(crate) fn print(bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes.as_ref()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(cannot_print(&error)),
        _ => Ok(()),
    }
}

/// Why no more is written to standard output.
pub(crate) fn cannot_print(error: &io::Error) -> Failure {
    // serde_json hands an error of the writer on with its kind.
    if error.kind() == ErrorKind::BrokenPipe {
        return Failure::reader_left();
    }
    Failure::fault(format_args!("standard output cannot be written: {error}"))
}

/// Refuses a file to write that is one of those to read, under whatever name: what it holds would be lost.
pub(crate) fn must_not_be_read<'a>(
    out: &Path,
    read: impl IntoIterator<Item = &'a Path>,
) -> Result<(), Failure> {
    let identity = |metadata: Metadata| metadata.is_file().then(|| (metadata.dev(), metadata.ino()));
    let identity_of = |path: &Path| match path.as_os_str() == "-" {
        true => standard_input().and_then(|file| file.metadata()).ok().and_then(identity),
        false => fs::metadata(path).ok().and_then(identity),
    };
    // Standard output was opened by the caller, and its file is lost already.
    let Some(written) = identity_of(out).filter(|_| out.as_os_str() != "-") else { return Ok(()) };
    if read.into_iter().any(|path| identity_of(path) == Some(written)) {
        let out = out.display();
        return Err(Failure::call(format_args!(
            "{out} is read, and would be written over: name another file to write"
        )));
    }
    Ok(())
}

fn standard_input() -> io::Result<File> {
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}

/// Writes a file; `-` is standard output.
pub(crate) fn write(out: &Path, bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
    if out.as_os_str() == "-" {
        return print(bytes);
    }
    fs::write(out, bytes)
        .map_err(|error| Failure::fault(format_args!("{} cannot be written: {error}", out.display())))
}
