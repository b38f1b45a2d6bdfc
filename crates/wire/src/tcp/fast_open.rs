//! The Fast Open option and its cookie (RFC 7413 section 4.1.1).

use core::fmt;

/// The shortest cookie, octets.
const SHORTEST: usize = 4;
/// The longest cookie, octets.
const LONGEST: usize = 16;

/// A Fast Open cookie: 4 to 16 octets, an even number of them; none at all ask for one.
///
/// ```
/// use synfin_wire::Cookie;
/// assert!(Cookie::new(&[0; 8]).is_some());
/// assert!(Cookie::new(&[0; 5]).is_none(), "an odd length");
/// assert!(Cookie::REQUEST.is_request());
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Cookie {
    /// Zero behind the cookie's end.
    octets: [u8; LONGEST],
    len: u8,
}

impl Cookie {
    /// Asks for a cookie.
    pub const REQUEST: Self = Self { octets: [0; LONGEST], len: 0 };

    /// `None` when a cookie cannot have that length.
    #[must_use]
    pub fn new(octets: &[u8]) -> Option<Self> {
        let len = octets.len();
        if len != 0 && !(SHORTEST..=LONGEST).contains(&len) || !len.is_multiple_of(2) {
            return None;
        }
        let mut cookie = Self { len: len as u8, ..Self::REQUEST };
        cookie.octets[..len].copy_from_slice(octets);
        Some(cookie)
    }

    /// Whether it asks for a cookie rather than being one.
    #[must_use]
    pub const fn is_request(&self) -> bool {
        self.len == 0
    }
}

impl AsRef<[u8]> for Cookie {
    fn as_ref(&self) -> &[u8] {
        &self.octets[..self.len.into()]
    }
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cookie(")?;
        self.as_ref().iter().try_for_each(|octet| write!(f, "{octet:02x}"))?;
        f.write_str(")")
    }
}

/// The Fast Open option of a SYN or SYN-ACK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FastOpenOption {
    /// The cookie, or the request for one.
    pub cookie: Cookie,
    /// It has the shared kind 254, as before Fast Open had its own.
    pub experimental: bool,
}
