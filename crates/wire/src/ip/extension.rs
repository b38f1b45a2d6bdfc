//! IPv6 extension headers (RFC 8200 section 4), passed over.

use super::{Fragment, IpError, IpProtocol};

/// No sender has a reason for more; without a bound a packet of 64 KiB could hold eight thousand.
const MOST: usize = 8;

const HOP_BY_HOP: IpProtocol = IpProtocol(0);
const ROUTING: IpProtocol = IpProtocol(43);
const FRAGMENT: IpProtocol = IpProtocol(44);
const DESTINATION_OPTIONS: IpProtocol = IpProtocol(60);

/// What a run of extension headers came to.
#[derive(Debug, PartialEq, Eq)]
pub struct Extensions {
    /// What follows them.
    pub protocol: IpProtocol,
    /// Their length, octets.
    pub len: usize,
    /// Where among them `protocol` is named; `None` when the header before them names it.
    pub named_at: Option<usize>,
    /// The last of them is a fragment header: what follows cannot be read before reassembly.
    pub fragment: Option<Fragment>,
}

/// Passes over the extension headers that `bytes` begins with; `first` is the kind of the first one.
///
/// # Errors
/// [`IpError::ExtensionHeader`].
pub fn pass_over(first: IpProtocol, bytes: &[u8]) -> Result<Extensions, IpError> {
    let mut extensions = Extensions { protocol: first, len: 0, named_at: None, fragment: None };
    for count in 0.. {
        let rest = &bytes[extensions.len..];
        match extensions.protocol {
            // Hop-by-hop options stand first or nowhere (RFC 8200 section 4.1).
            HOP_BY_HOP if count > 0 => return Err(IpError::ExtensionHeader),
            HOP_BY_HOP | DESTINATION_OPTIONS | ROUTING | FRAGMENT if count == MOST => {
                return Err(IpError::ExtensionHeader);
            }
            HOP_BY_HOP | DESTINATION_OPTIONS => {
                let header = variable_header(rest)?;
                check_options(&header[2..])?;
                extensions.step(header);
            }
            ROUTING => {
                let header = variable_header(rest)?;
                // A route that is not at its end would have to be followed (section 4.4).
                let segments_left = header[3];
                if segments_left != 0 {
                    return Err(IpError::ExtensionHeader);
                }
                extensions.step(header);
            }
            FRAGMENT => {
                let header: &[u8; 8] = rest.first_chunk().ok_or(IpError::ExtensionHeader)?;
                extensions.step(header);
                extensions.fragment = fragment(header);
                if extensions.fragment.is_some() {
                    break;
                }
            }
            _ => break,
        }
    }
    Ok(extensions)
}

impl Extensions {
    fn step(&mut self, header: &[u8]) {
        self.protocol = IpProtocol(header[0]);
        self.named_at = Some(self.len);
        self.len += header.len();
    }
}

/// A header that states its own length, in units of eight octets beyond the first eight.
fn variable_header(bytes: &[u8]) -> Result<&[u8], IpError> {
    let len = (usize::from(*bytes.get(1).ok_or(IpError::ExtensionHeader)?) + 1) * 8;
    bytes.get(..len).ok_or(IpError::ExtensionHeader)
}

/// The options of a hop-by-hop or destination options header. One that is unknown is skipped only if the
/// two high bits of its kind allow that (RFC 8200 section 4.2).
fn check_options(mut rest: &[u8]) -> Result<(), IpError> {
    const PAD_ONE: u8 = 0;
    const JUMBO_PAYLOAD: u8 = 0xc2;
    const DO_NOT_SKIP: u8 = 0xc0;
    while let [kind, behind @ ..] = rest {
        rest = match *kind {
            PAD_ONE => behind,
            kind if kind & DO_NOT_SKIP != 0 && kind != JUMBO_PAYLOAD => return Err(IpError::ExtensionHeader),
            _ => {
                let (len, body) = behind.split_first().ok_or(IpError::ExtensionHeader)?;
                body.get(usize::from(*len)..).ok_or(IpError::ExtensionHeader)?
            }
        };
    }
    Ok(())
}

/// `None` when the fragment is the whole datagram, which is then like any other (RFC 8200 section 4.5,
/// RFC 6946).
fn fragment(header: &[u8; 8]) -> Option<Fragment> {
    let [_, _, offset_high, offset_low, identification @ ..] = *header;
    let field = u16::from_be_bytes([offset_high, offset_low]);
    let offset = field & !0b111;
    let more = field & 1 != 0;
    let identification = u32::from_be_bytes(identification);
    (more || offset != 0).then_some(Fragment { identification, offset, more })
}
