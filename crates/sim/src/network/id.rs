//! What the parts of a network are called.

use std::fmt;
use std::marker::PhantomData;

/// A host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(pub(super) usize);

/// A router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouterId(pub(super) usize);

/// A cable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CableId(pub(super) usize);

/// A capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaptureId(pub(super) usize);

/// A program, by its type.
pub struct ProgramId<P> {
    pub(super) index: usize,
    pub(super) program: PhantomData<fn() -> P>,
}

// Derived, these would ask the same of the program.
impl<P> Clone for ProgramId<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for ProgramId<P> {}

impl<P> fmt::Debug for ProgramId<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProgramId").field(&self.index).finish()
    }
}

/// What cables join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeId {
    /// A host.
    Host(HostId),
    /// A router.
    Router(RouterId),
}

impl From<HostId> for NodeId {
    fn from(host: HostId) -> Self {
        Self::Host(host)
    }
}

impl From<RouterId> for NodeId {
    fn from(router: RouterId) -> Self {
        Self::Router(router)
    }
}

/// A direction of a cable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// From the node that was named first when they were joined.
    There,
    /// From the one that was named second.
    Back,
}

impl Way {
    /// Both of them.
    pub const BOTH: [Self; 2] = [Self::There, Self::Back];

    /// Which of a cable's two ends this way begins at.
    pub(super) const fn side(self) -> usize {
        match self {
            Self::There => 0,
            Self::Back => 1,
        }
    }

    pub(super) const fn from_side(side: usize) -> Self {
        if side == 0 { Self::There } else { Self::Back }
    }
}

/// Where a capture is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CapturePoint {
    /// At a host or a router: what it sends and what it receives.
    Node(NodeId),
    /// Where packets enter a cable, from either side, with what the cable is going to do to each. The way
    /// there is outbound, the way back inbound.
    Cable(CableId),
}

impl<N: Into<NodeId>> From<N> for CapturePoint {
    fn from(node: N) -> Self {
        Self::Node(node.into())
    }
}

impl From<CableId> for CapturePoint {
    fn from(cable: CableId) -> Self {
        Self::Cable(cable)
    }
}

/// A node's end of a cable: where what it sends goes in.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) cable: CableId,
    pub(super) way: Way,
}
