//! What befalls machines and cables.

use bytes::Bytes;
use synfin_host::Host;

use super::agenda::Booking;
use super::id::{CableId, HostId, Way};
use super::{Network, secret};
use crate::link::LinkConfig;

/// Something that befalls a machine or a cable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A host loses power: all it knew is gone, and nobody is told.
    Crash(HostId),
    /// A host starts anew, having lost power before or just now. Its secret is another one, it knows nothing
    /// of its old connections, and resets whoever speaks of them. Its programs are started again.
    Reboot(HostId),
    /// A cable is cut; what was under way in it is lost.
    Cut(CableId),
    /// A cable is mended.
    Mend(CableId),
    /// A direction of a cable behaves differently towards packets from now on.
    Reconfigure(CableId, Way, LinkConfig),
    /// A packet comes to a host that nobody has sent now: an old duplicate, or a stranger's.
    Inject(HostId, Bytes),
}

impl Network {
    /// Lets a fault happen now.
    pub fn inflict(&mut self, fault: Fault) {
        match fault {
            Fault::Crash(host) => self.restart(host, false),
            Fault::Reboot(host) => {
                self.restart(host, true);
                self.call_programs(host, |program, cx| program.start(cx));
                self.mark_called(host);
            }
            Fault::Cut(cable) => self.set_up(cable, false),
            Fault::Mend(cable) => self.set_up(cable, true),
            Fault::Reconfigure(cable, way, config) => {
                self.cables[cable.0].links[way.side()].set_config(config);
            }
            Fault::Inject(host, packet) => self.hand_over(host, packet, None),
        }
    }

    fn restart(&mut self, id: HostId, up: bool) {
        let machine = &mut self.machines[id.0];
        machine.boots += 1;
        machine.host = Host::new(machine.config.clone(), secret(self.seed, id, machine.boots));
        machine.up = up;
        machine.timer.cancel();
        let alarms = self.programs.iter_mut().filter(|running| running.host == id);
        alarms.for_each(|running| running.alarm.cancel());
    }

    fn set_up(&mut self, cable: CableId, up: bool) {
        let cable = &mut self.cables[cable.0];
        cable.links.iter_mut().for_each(|link| link.set_up(up));
        if !up {
            cable.arrivals.iter_mut().for_each(Booking::cancel);
        }
    }
}
