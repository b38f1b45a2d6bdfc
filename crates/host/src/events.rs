//! What the owner is to be told, in order. Whoever has something to tell is in the queue at most once.

use std::collections::VecDeque;

use crate::event::{HostEvent, ListenerHandle, RequestId, TcpHandle, UdpHandle};
use crate::listener::Listener;
use crate::table::{ConnectionTable, Entry, Owner};
use crate::udp::UdpSocket;

/// What an event is about; what happened is read when it is polled.
#[derive(Clone, Copy, Debug)]
enum Subject {
    Tcp(TcpHandle),
    Listener(ListenerHandle),
    Udp(UdpHandle),
    Requests,
    Withdrawn(RequestId),
    Echoes,
}

/// The queue.
#[derive(Debug, Default)]
pub(crate) struct EventQueue {
    queue: VecDeque<Subject>,
    requests: bool,
    echoes: bool,
}

impl EventQueue {
    /// Something happened to a connection; told when the owner knows it.
    pub(crate) fn tcp(&mut self, handle: TcpHandle, entry: &mut Entry) {
        if entry.owner == Owner::User && !entry.reported && !entry.events.is_empty() {
            entry.reported = true;
            self.queue.push_back(Subject::Tcp(handle));
        }
    }

    pub(crate) fn accept(&mut self, handle: ListenerHandle, listener: &mut Listener) {
        if !std::mem::replace(&mut listener.reported, true) {
            self.queue.push_back(Subject::Listener(handle));
        }
    }

    pub(crate) fn udp(&mut self, handle: UdpHandle, socket: &mut UdpSocket) {
        if !std::mem::replace(&mut socket.reported, true) {
            self.queue.push_back(Subject::Udp(handle));
        }
    }

    pub(crate) fn request(&mut self) {
        if !std::mem::replace(&mut self.requests, true) {
            self.queue.push_back(Subject::Requests);
        }
    }

    pub(crate) fn withdrawn(&mut self, id: RequestId) {
        self.queue.push_back(Subject::Withdrawn(id));
    }

    pub(crate) fn echo(&mut self) {
        if !std::mem::replace(&mut self.echoes, true) {
            self.queue.push_back(Subject::Echoes);
        }
    }

    /// The next event about something that is still there.
    pub(crate) fn pop(
        &mut self,
        table: &mut ConnectionTable,
        listeners: &mut crate::listener::Listeners,
        udp: &mut crate::udp::UdpTable,
    ) -> Option<HostEvent> {
        while let Some(subject) = self.queue.pop_front() {
            match subject {
                Subject::Tcp(handle) => {
                    let Some(entry) = table.get_mut_of(handle, Owner::User) else { continue };
                    entry.reported = false;
                    return Some(HostEvent::Tcp { handle, events: std::mem::take(&mut entry.events) });
                }
                Subject::Listener(listener) => {
                    let Some(found) = listeners.get_mut(listener) else { continue };
                    found.reported = false;
                    return Some(HostEvent::Accept { listener });
                }
                Subject::Udp(handle) => {
                    let Some(socket) = udp.get_mut(handle) else { continue };
                    socket.reported = false;
                    return Some(HostEvent::Udp { handle });
                }
                Subject::Requests => {
                    self.requests = false;
                    return Some(HostEvent::Request);
                }
                Subject::Withdrawn(id) => return Some(HostEvent::RequestWithdrawn { id }),
                Subject::Echoes => {
                    self.echoes = false;
                    return Some(HostEvent::Echo);
                }
            }
        }
        None
    }
}
