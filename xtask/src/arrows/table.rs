//! Who may depend on whom: `wire <- tcp <- host <- {sim, synfin}`, with `device` beside them on `wire` alone.

/// What one crate may depend on.
#[derive(Debug)]
pub(super) struct Rule {
    /// The crate's package name.
    pub(super) package: &'static str,
    /// Which crates of this workspace it may name in its manifest.
    pub(super) house: House,
    /// Which published crates it may name.
    pub(super) outside: Outside,
    /// What it must not reach even through other crates of this workspace.
    pub(super) never: &'static [&'static str],
}

/// The workspace crates a rule allows.
#[derive(Debug)]
pub(super) enum House {
    /// All of them: commands, tests and measurements sit above everything.
    All,
    /// These and no others.
    Only(&'static [&'static str]),
}

/// The published crates a rule allows.
#[derive(Debug)]
pub(super) enum Outside {
    /// Whatever serves.
    Any,
    /// These and no others.
    Only(&'static [&'static str]),
}

/// The feature of tcp, host and sim that has worlds in it which no TCP may live in.
pub(super) const COUNTERFACTUAL: &str = "counterfactual";
/// Who may ask for it.
pub(super) const LESSONS: &[&str] = &[LAB, "synfin-web"];

const WIRE: &str = "synfin-wire";
const TCP: &str = "synfin-tcp";
const HOST: &str = "synfin-host";
const DEVICE: &str = "synfin-device";
const SIM: &str = "synfin-sim";
const LIBRARY: &str = "synfin";
const DRILL: &str = "synfin-drill";
const WITNESS: &str = "synfin-witness";
const LADDER: &str = "synfin-ladder";
const EXPLAIN: &str = "synfin-explain";
const LAB: &str = "synfin-lab";

/// Data structures, parsers and vector code only. Whatever reads a clock, a file, a socket or a source of randomness, or
/// that logs, stays out of the crates that must run the same in a simulator and in a web page.
const SANS_IO: Outside = Outside::Only(&[
    "bytes",
    "etherparse",
    "fearless_simd",
    "hashbrown",
    "md-5",
    "rand_xoshiro",
    "siphasher",
    "slotmap",
    "smallvec",
    "zerocopy",
]);

const fn rule(package: &'static str, house: House, outside: Outside) -> Rule {
    Rule { package, house, outside, never: &[] }
}

impl Rule {
    const fn never(mut self, never: &'static [&'static str]) -> Rule {
        self.never = never;
        self
    }
}

/// One row a crate, from the bottom of the house to the top. `wire` holds the vocabulary all others speak, so naming it
/// is allowed wherever it is reached anyway.
pub(super) const TABLE: &[Rule] = &[
    rule(WIRE, House::Only(&[]), SANS_IO),
    rule(TCP, House::Only(&[WIRE]), SANS_IO),
    rule(HOST, House::Only(&[WIRE, TCP]), SANS_IO),
    rule(DEVICE, House::Only(&[WIRE]), Outside::Any).never(&[TCP]),
    rule(SIM, House::Only(&[WIRE, HOST]), SANS_IO).never(&[DEVICE]),
    rule(LIBRARY, House::Only(&[WIRE, HOST, DEVICE]), Outside::Any),
    rule(DRILL, House::Only(&[WIRE, HOST, SIM]), Outside::Any).never(&[DEVICE]),
    rule(WITNESS, House::Only(&[WIRE, DRILL]), Outside::Only(&["bytes", "nix"])).never(&[DEVICE]),
    rule(LADDER, House::Only(&[WIRE]), Outside::Any).never(&[TCP]),
    rule(EXPLAIN, House::Only(&[WIRE, LADDER]), Outside::Any).never(&[TCP]),
    rule(LAB, House::Only(&[WIRE, SIM, LADDER]), Outside::Any).never(&[DEVICE]),
    rule("synfin-web", House::Only(&[WIRE, LADDER, LAB, DRILL, EXPLAIN]), Outside::Any)
        .never(&[DEVICE, "tokio"]),
    rule("synfin-cli", House::All, Outside::Any),
    rule("synfin-conformance", House::All, Outside::Any),
    rule("synfin-bench", House::All, Outside::Any),
    rule("synfin-xtask", House::Only(&[]), Outside::Any),
];
