//! When a crowd of connections has gone, and what it took is worth giving back.

/// Fewer were no crowd.
const CROWD: usize = 256;
/// So few that are left of a crowd are not asked about until the last has gone.
const REST: usize = 16;

/// How many connections there were at most, since it was last said that many have gone.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    most: usize,
    /// There was a crowd, and some of it are left.
    leaving: bool,
}

impl Crowd {
    /// There are so many now: true when three quarters have gone, once for each time, until a rest is left, and once
    /// more when all have.
    pub(super) fn has_gone(&mut self, connections: usize) -> bool {
        self.most = self.most.max(connections);
        self.leaving |= self.most >= CROWD;
        let gone = self.leaving && connections <= self.most / 4 && (self.most > REST || connections == 0);
        if gone {
            self.most = connections;
            self.leaving = connections > 0;
        }
        gone
    }
}

#[cfg(test)]
mod tests;
