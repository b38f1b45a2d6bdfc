use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::net::UnixStream;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};

use super::*;

#[test]
fn a_descriptor_arrives_with_its_message() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut file = std::fs::File::from(memfd_create("sent", MFdFlags::MFD_CLOEXEC).unwrap());
    file.write_all(b"through the socket").unwrap();
    send_fd(&theirs, file.as_fd(), b"tun0").unwrap();
    drop(file);

    let mut buffer = [0; 16];
    let (fd, length) = receive_fd(&ours, &mut buffer).unwrap();
    assert_eq!(&buffer[..length], b"tun0");
    let flags = FdFlag::from_bits_retain(fcntl(&fd, FcntlArg::F_GETFD).unwrap());
    assert!(flags.contains(FdFlag::FD_CLOEXEC));
    let mut received = std::fs::File::from(fd);
    let mut text = String::new();
    received.rewind().unwrap();
    received.read_to_string(&mut text).unwrap();
    assert_eq!(text, "through the socket");
}

#[test]
fn a_message_alone_and_an_end_are_errors() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    theirs.write_all(b"nothing with it").unwrap();
    assert_eq!(receive_fd(&ours, &mut [0; 32]).unwrap_err().kind(), ErrorKind::InvalidData);
    drop(theirs);
    assert_eq!(receive_fd(&ours, &mut [0; 32]).unwrap_err().kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn two_descriptors_are_refused() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let fds = [ours.as_raw_fd(), theirs.as_raw_fd()];
    let rights = [ControlMessage::ScmRights(&fds)];
    let message = [IoSlice::new(b"two")];
    sendmsg::<()>(theirs.as_raw_fd(), &message, &rights, MsgFlags::empty(), None).unwrap();
    assert_eq!(receive_fd(&ours, &mut [0; 32]).unwrap_err().kind(), ErrorKind::InvalidData);
}

#[test]
fn an_empty_message_is_refused() {
    let (_ours, theirs) = UnixStream::pair().unwrap();
    assert_eq!(send_fd(&theirs, theirs.as_fd(), b"").unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn an_inherited_descriptor_is_taken_once() {
    // Without the close-on-exec mark a descriptor looks as if it had come through an exec.
    let file = memfd_create("inherited", MFdFlags::empty()).unwrap();
    let number = std::os::fd::IntoRawFd::into_raw_fd(file);
    let taken = inherited_fd(number).unwrap();
    assert_eq!(inherited_fd(number).unwrap_err().kind(), ErrorKind::InvalidInput);
    drop(taken);
}

#[test]
fn what_was_not_inherited_is_refused() {
    let ours = std::fs::File::open("/dev/null").unwrap();
    assert_eq!(inherited_fd(ours.as_raw_fd()).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(inherited_fd(1).unwrap_err().kind(), ErrorKind::InvalidInput);
    let error = inherited_fd(RawFd::MAX).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(Errno::EBADF as i32));
    assert!(inherited_fd(-1).is_err());
}
