//! As much of bpf(2) as leads the packets of an interface to a socket: a map, a program of five instructions, and a
//! link that attaches it and takes it off again when its descriptor is closed, however the process ends.

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::libc::{self, c_int, c_long};

/// <linux/bpf.h>, where the numbers of all of these come from.
const MAP_CREATE: c_long = 0;
const MAP_UPDATE_ELEM: c_long = 2;
const PROG_LOAD: c_long = 5;
const LINK_CREATE: c_long = 28;
const MAP_TYPE_XSKMAP: u32 = 17;
const PROG_TYPE_XDP: u32 = 6;
const ATTACH_TYPE_XDP: u32 = 37;

/// <linux/if_link.h>: where the kernel runs the program.
pub(crate) const XDP_FLAGS_SKB_MODE: u32 = 1 << 1;
pub(crate) const XDP_FLAGS_DRV_MODE: u32 = 1 << 2;

/// One instruction (`struct bpf_insn`): the registers are in one octet, the destination in its low half.
#[repr(C)]
struct Instruction {
    code: u8,
    registers: u8,
    offset: i16,
    immediate: i32,
}

#[repr(C)]
struct MapCreate {
    map_type: u32,
    key_size: u32,
    value_size: u32,
    max_entries: u32,
    map_flags: u32,
}

#[repr(C)]
struct MapUpdate {
    map: u32,
    padding: u32,
    key: u64,
    value: u64,
    flags: u64,
}

#[repr(C)]
struct ProgramLoad {
    program_type: u32,
    instruction_count: u32,
    instructions: u64,
    license: u64,
}

#[repr(C)]
struct LinkCreate {
    program: u32,
    interface: u32,
    attach_type: u32,
    flags: u32,
}

/// What leads packets to the socket of their queue, as long as this is held.
#[derive(Debug)]
pub(crate) struct Redirect {
    _link: OwnedFd,
}

impl Redirect {
    /// Attaches a program to the interface of that index which gives what comes in on `queue` to `socket`, and
    /// everything else to the kernel. `mode` is one of the `XDP_FLAGS_` above.
    pub(crate) fn attach(interface: u32, mode: u32, queue: u32, socket: &impl AsFd) -> nix::Result<Self> {
        let map = create_map(queue + 1)?;
        insert(&map, queue, socket)?;
        let program = load(&map)?;
        let attributes =
            LinkCreate { program: number(&program), interface, attach_type: ATTACH_TYPE_XDP, flags: mode };
        // SAFETY: the call reads these attributes, which hold no pointer.
        Ok(Self { _link: unsafe { own(call(LINK_CREATE, &attributes)?) } })
    }
}

/// A map from the number of a queue to a socket.
fn create_map(max_entries: u32) -> nix::Result<OwnedFd> {
    let attributes =
        MapCreate { map_type: MAP_TYPE_XSKMAP, key_size: 4, value_size: 4, max_entries, map_flags: 0 };
    // SAFETY: the call reads these attributes, which hold no pointer.
    Ok(unsafe { own(call(MAP_CREATE, &attributes)?) })
}

fn insert(map: &OwnedFd, queue: u32, socket: &impl AsFd) -> nix::Result<()> {
    let value = number(socket);
    let attributes = MapUpdate {
        map: number(map),
        padding: 0,
        key: (&raw const queue).expose_provenance() as u64,
        value: (&raw const value).expose_provenance() as u64,
        flags: 0,
    };
    // SAFETY: key and value are four octets each, as the map was told, and live until the call has read them.
    unsafe { call(MAP_UPDATE_ELEM, &attributes)? };
    Ok(())
}

/// `return bpf_redirect_map(&map, context->rx_queue_index, XDP_PASS)`: a queue without a socket stays the kernel's.
fn load(map: &OwnedFd) -> nix::Result<OwnedFd> {
    const LOAD_WORD: u8 = 0x61;
    const LOAD_IMMEDIATE_64: u8 = 0x18;
    const MOVE_IMMEDIATE: u8 = 0xb7;
    const CALL: u8 = 0x85;
    const EXIT: u8 = 0x95;
    const PSEUDO_MAP_FD: u8 = 1;
    const RX_QUEUE_INDEX: i16 = 16;
    const XDP_PASS: i32 = 2;
    const REDIRECT_MAP: i32 = 51;
    let instruction = |code, registers, offset, immediate| Instruction { code, registers, offset, immediate };
    let instructions = [
        // r2 = r1->rx_queue_index
        instruction(LOAD_WORD, 0x12, RX_QUEUE_INDEX, 0),
        // r1 = map, an instruction of two slots
        instruction(LOAD_IMMEDIATE_64, PSEUDO_MAP_FD << 4 | 1, 0, map.as_raw_fd()),
        instruction(0, 0, 0, 0),
        // r3 = XDP_PASS
        instruction(MOVE_IMMEDIATE, 3, 0, XDP_PASS),
        instruction(CALL, 0, 0, REDIRECT_MAP),
        instruction(EXIT, 0, 0, 0),
    ];
    let license = c"Dual MIT/GPL";
    let attributes = ProgramLoad {
        program_type: PROG_TYPE_XDP,
        instruction_count: instructions.len() as u32,
        instructions: instructions.as_ptr().expose_provenance() as u64,
        license: license.as_ptr().expose_provenance() as u64,
    };
    // SAFETY: the instructions are as many as is said, the licence ends with a zero octet, and both live until the
    // call has read them.
    Ok(unsafe { own(call(PROG_LOAD, &attributes)?) })
}

fn number(fd: &impl AsFd) -> u32 {
    fd.as_fd().as_raw_fd().cast_unsigned()
}

/// # Safety
/// `attributes` are those of `command`; what they point to is what the command takes it for.
unsafe fn call<T>(command: c_long, attributes: &T) -> nix::Result<c_int> {
    let size = size_of::<T>() as libc::c_uint;
    // SAFETY: the kernel reads `size` octets of the attributes; for the rest the caller vouches.
    let result = unsafe { libc::syscall(libc::SYS_bpf, command, std::ptr::from_ref(attributes), size) };
    Errno::result(result).map(|fd| fd as c_int)
}

/// # Safety
/// The descriptor has just been made by the kernel for this process.
unsafe fn own(fd: c_int) -> OwnedFd {
    // SAFETY: it is open and nobody else's, says the caller.
    unsafe { OwnedFd::from_raw_fd(fd) }
}
