//! Draws a scenario file: `cargo run -p synfin-lab --example show FILE [WORLD]`.
fn main() {
    let mut words = std::env::args().skip(1);
    let text = std::fs::read_to_string(words.next().unwrap()).unwrap();
    let lab = match synfin_lab::Lab::new(&text) {
        Ok(l) => l,
        Err(e) => {
            println!("{e}");
            return;
        }
    };
    let world = words.next();
    let run = lab.run(&synfin_lab::Setting { world, ..Default::default() }).unwrap();
    let t = &run.trace;
    println!(
        "conns {} segs {} events {} end {:?} tallies {:?}",
        t.connections.len(),
        t.segments.len(),
        t.events.len(),
        t.end,
        t.tallies
    );
    for c in &t.connections {
        println!("{:?} closed {:?}", c.ends, c.closed);
    }
    for (i, _) in t.connections.iter().enumerate() {
        for h in 0..2 {
            println!("  {i}/{h} {:?}", t.states(i, h));
        }
    }
    for s in t.segments.iter().take(80) {
        println!(
            "{:>14?} {:?} {:?} seq {} ack {} len {} win {} {:?} lost {:?} {:?} -> {:?}",
            s.at,
            s.source,
            s.header.flags,
            s.header.seq.value(),
            s.header.ack.value(),
            s.len,
            s.header.window,
            s.reason.map(|r| r.code()),
            s.lost,
            s.befell,
            s.arrivals.iter().map(|a| (a.at, a.dropped)).collect::<Vec<_>>()
        );
    }
    if std::env::var("LADDER").is_ok() {
        for c in synfin_lab::picture::connections(t) {
            println!(
                "{}",
                synfin_ladder::text::ladder(
                    &c,
                    &synfin_ladder::Catalogue::new(Default::default()),
                    &synfin_ladder::text::Options { width: 110, absolute: true, ..Default::default() }
                )
            );
        }
    }
}
