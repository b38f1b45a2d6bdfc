//! Two endpoints of one stack on one core, in memory: synfin beside its peers.

fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1);
    if words.next().as_deref() == Some("task") {
        let task = serde_json::from_str(&words.next().unwrap_or_default())?;
        println!("{}", serde_json::to_string(&synfin_bench::measure(&task)?)?);
    }
    Ok(())
}
