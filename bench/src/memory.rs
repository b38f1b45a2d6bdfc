//! What of this process is in memory.

/// Resident octets.
pub(crate) fn resident() -> anyhow::Result<u64> {
    use anyhow::Context as _;
    let text = std::fs::read_to_string("/proc/self/statm").context("/proc/self/statm")?;
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    Ok(pages.context("/proc/self/statm has no second number")? * 4096)
}
